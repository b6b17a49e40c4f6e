"""The measures of each subject side by side: counts, days since, fields, answers, related records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from rapport.engine.crm.age import age_in_days
from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions.fields import Nature
from rapport.engine.crm.conditions.frame import subject_frame
from rapport.engine.crm.conditions.logic import expression, fires
from rapport.engine.crm.conditions.related import related_rows
from rapport.engine.crm.conditions.subject_conditions import conditioned, key_of, paths_of
from rapport.engine.crm.events import table_of
from rapport.engine.crm.tables import BY_ENTITY
from rapport.engine.runner import Runner
from rapport.engine.scores.bands import MICRO
from rapport.engine.scores.exact import Whole
from rapport.engine.scores.points.event_codes import coded_events
from rapport.engine.scores.points.plan import match_key, source_of
from rapport.engine.scores.population import micro_points
from rapport.engine.scores.satisfaction.answers import answers, counted_answers
from rapport.engine.scores.satisfaction.spec import Measure, SatisfactionDefinition
from rapport.engine.scores.satisfaction.survey import valued
from rapport.engine.scores.satisfaction.weighing import weighed
from rapport.engine.scores.subject_rows import LEFT_OUT, standing

NOTHING_KNOWN = "none of its measures is known"
_INT = pa.int64()


@dataclass(frozen=True)
class Measures:
    """A definition bound to a view. Attributes: subjects, subject_id; only these, None for all."""

    definition: SatisfactionDefinition
    view: AsOf
    runner: Runner
    subjects: ir.Table | None = None

    @property
    def needed_by(self) -> str:
        return f"the score {self.definition.name}"

    @property
    def time_zone(self) -> str:
        return self.definition.time_zone or self.view.snapshot.time_zone

    @cached_property
    def side_by_side(self) -> ir.Table:
        """One row per subject: subject_id, reason (why it is not scored), value_<i> (millionths, null where unknown)
        by position of the measures, holds_<i> of the exceptions."""
        rows = self._frame()
        rows = self._with_events(rows)
        for position, measure in enumerate(self.definition.measures):
            if measure.answer is not None:
                rows = self._with_answers(rows, position, measure)
            elif measure.related is not None:
                rows = self._with_related(rows, position, measure)
        holds = [c for c in rows.columns if c.startswith("holds_")]
        names = [f"value_{i}" for i in range(len(self.definition.measures))]
        return self.runner.cache(rows.select("subject_id", "reason", *names, *holds))

    def _frame(self) -> ir.Table:
        """subject_id, reason, holds_<i>, and value_<i> of the fields."""
        conditions = [one.when for one in self.definition.exceptions if one.when is not None]
        fields = {i: m.field for i, m in enumerate(self.definition.measures) if m.field and self._is_there(m)}
        frame = subject_frame(
            self.view,
            self.definition.subject,
            [*paths_of(conditions), *fields.values()],
            needed_by=self.needed_by,
            subjects=self.subjects,
        )
        told = conditioned(
            frame, conditions, self.view, runner=self.runner, needed_by=self.needed_by, time_zone=self.time_zone
        )
        rows = told.rows
        holds = {
            f"holds_{i}": fires(expression(one.when, lambda part: rows[told.names[key_of(part)]])).cast("int64")
            for i, one in enumerate(self.definition.exceptions)
            if one.when is not None
        }
        values = {
            f"value_{i}": _millionths(rows[frame.columns[path]], frame.refs[path].nature) for i, path in fields.items()
        }
        missing = [i for i, m in enumerate(self.definition.measures) if not self._is_there(m)]
        values |= {f"value_{i}": ibis.null("int64") for i in missing}
        rows = rows.select("subject_id", **holds, **values)
        left_out = standing(self.definition, self.view, self.subjects).select(_who="subject_id", reason=LEFT_OUT)
        return self.runner.cache(rows.left_join(left_out, [("subject_id", "_who")]).mutate().drop("_who"))

    def _is_there(self, measure: Measure) -> bool:
        """Whether the table behind a measure is mapped."""
        if measure.event is not None:
            return self.view.has(table_of(measure.event.event))
        if measure.field is not None:
            return self.view.has(BY_ENTITY[measure.field.partition(".")[0]].name)
        return self.view.has(measure.related.table if measure.related else "survey_answers")

    def _with_events(self, rows: ir.Table) -> ir.Table:
        sources: dict[str, list[int]] = {}
        for position, measure in enumerate(self.definition.measures):
            if measure.event is not None and self._is_there(measure):
                sources.setdefault(source_of(measure.event), []).append(position)
        for source, positions in sources.items():
            found = self._counted(source, positions)
            joined = rows.left_join(found.rename(_who="subject_id"), [("subject_id", "_who")]).mutate()
            counts = {
                f"value_{i}": ibis.coalesce(joined[f"value_{i}"], 0)
                for i in positions
                if self.definition.measures[i].count is not None
            }
            rows = joined.mutate(**counts).drop("_who")
        return rows

    def _counted(self, source: str, positions: list[int]) -> ir.Table:
        """One row per subject with an event of the source: value_<i> of the measures at `positions`."""
        matches = {i: event for i in positions if (event := self.definition.measures[i].event) is not None}
        coded = coded_events(
            self.view,
            source,
            list({match_key(m): m for m in matches.values()}.values()),
            subject=self.definition.subject,
            subjects=self.subjects,
            runner=self.runner,
            needed_by=self.needed_by,
            time_zone=self.time_zone,
        )
        age = age_in_days(coded.rows.occurred_at, as_of=self.view.at, time_zone=self.time_zone)
        rows = coded.rows.select("subject_id", "code", age=age.cast("int64"))
        found = {}
        for position, match in matches.items():
            codes = [code for code, keys in coded.matches.items() if match_key(match) in keys]
            hit = rows.code.isin(codes) if codes else ibis.literal(False)
            if match.within_days is not None:
                hit = hit & (rows.age < match.within_days)
            if self.definition.measures[position].count is not None:
                found[f"value_{position}"] = ibis.ifelse(hit, MICRO, 0).sum().cast("int64")
            else:
                found[f"value_{position}"] = ibis.ifelse(hit, rows.age * MICRO, ibis.null("int64")).min()
        return rows.group_by("subject_id").aggregate(**found)

    def _with_answers(self, rows: ir.Table, position: int, measure: Measure) -> ir.Table:
        if measure.answer is None or not self._is_there(measure):
            return rows
        told = answers(
            measure.answer,
            self.view,
            subject=self.definition.subject,
            time_zone=self.time_zone,
            needed_by=self.needed_by,
        )
        counts = counted_answers(told, measure.answer)
        counts = counts.filter(counts.answers >= measure.answer.fewest)
        found = valued(counts, measure.answer, runner=self.runner, with_interval=False)
        found = found.select(_who="subject_id", **{f"value_{position}": found.micro})
        return rows.left_join(found, [("subject_id", "_who")]).mutate().drop("_who")

    def _with_related(self, rows: ir.Table, position: int, measure: Measure) -> ir.Table:
        if measure.related is None or not self._is_there(measure):
            return rows
        part = measure.related.of_subject(self.definition.subject)
        found = related_rows(self.view, part, runner=self.runner, needed_by=self.needed_by, time_zone=self.time_zone)
        value = found._of.cast("decimal(38, 4)").sum() if measure.related.sum else found.count()
        sums = found.group_by(_who=found["_key"]).aggregate(_found=value)
        joined = rows.left_join(sums, [("subject_id", "_who")]).mutate()
        whole = (joined._found * ibis.literal(MICRO, type="int64")).cast("int64")
        return joined.mutate(**{f"value_{position}": ibis.coalesce(whole, 0)}).drop("_who", "_found")

    @cached_property
    def totals(self) -> ir.Table:
        """One row per subject: subject_id, micro (null where there is no value), reason_null."""
        definition, rows = self.definition, self.side_by_side
        schema = pa.schema([("subject_id", pa.string()), ("micro", _INT), ("reason_null", pa.string())])

        def apply(batch: pa.RecordBatch) -> pa.RecordBatch:
            found = weighed(definition, read(batch))
            known = found["known"].astype(bool) & batch["reason"].is_null().to_numpy(zero_copy_only=False)
            micro = pa.array(found["micro"].astype(np.int64), _INT, mask=~known)
            reasons = pa.array([one or NOTHING_KNOWN for one in batch["reason"].to_pylist()], pa.string())
            return pa.RecordBatch.from_arrays([batch["subject_id"], micro, reasons], schema=schema)

        return self.runner.map_batches(rows, apply, schema)


def read(batch: pa.RecordBatch | pa.Table) -> Mapping[str, Whole]:
    """The columns that `weighed` reads."""
    found: dict[str, Whole] = {}
    for name in batch.schema.names:
        if name.startswith("value_"):
            found[f"known_{name[6:]}"] = batch[name].is_valid().to_numpy(zero_copy_only=False)
        if name.startswith(("value_", "holds_")):
            found[name] = batch[name].fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    return found


def _millionths(column: ir.Value, nature: Nature) -> ir.IntegerValue:
    if nature is Nature.PROPERTY:
        column = column.try_cast("float64")
    if column.type().is_floating():
        return (column * MICRO).round().cast("int64")
    if column.type().is_integer():
        return column.cast("int64") * MICRO
    return micro_points(column)
