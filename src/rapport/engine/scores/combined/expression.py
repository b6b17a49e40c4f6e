"""A combined score: the parts side by side for each subject, and what they come to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from rapport.engine.crm.conditions.frame import subject_frame
from rapport.engine.crm.conditions.logic import expression, fires
from rapport.engine.crm.conditions.subject_conditions import conditioned, key_of, paths_of
from rapport.engine.scores.bands import MICRO, band_label
from rapport.engine.scores.combined.spec import CombinedDefinition
from rapport.engine.scores.combined.totals import labels, totals
from rapport.engine.scores.composed import ComposedRows
from rapport.engine.scores.exact import Whole
from rapport.engine.scores.parts import part_scores
from rapport.engine.scores.subject_rows import LEFT_OUT, standing

NOTHING_KNOWN = "none of its scores is known"
_INT = pa.int64()


@dataclass(frozen=True)
class Combined(ComposedRows[CombinedDefinition]):
    """A definition bound to a view."""

    @cached_property
    def side_by_side(self) -> ir.Table:
        """One row per subject, null where unknown: subject_id, reason (why it is not scored), holds_<i> of the
        exceptions, and by position of the scores used: micro_<i>, rank_<i> (percentile), why_<i>."""
        rows = self._frame()
        for position, name in enumerate(self.definition.used):
            part = self.definition.scores[name]
            key = "subject_id" if part.subject == self.definition.subject else f"{part.subject}_id"
            wanted = (
                None if self.subjects is None else rows.filter(rows[key].notnull()).select(subject_id=key).distinct()
            )
            found = part_scores(
                self.definition,
                name,
                self.view,
                runner=self.runner,
                kinds=self.kinds,
                parts=self.parts,
                subjects=wanted,
            )
            found = found.select(
                "part_id",
                **{
                    f"micro_{position}": found.part_micro,
                    f"rank_{position}": found.part_percentile,
                    f"why_{position}": found.part_reason,
                },
            )
            rows = rows.left_join(found, [(key, "part_id")]).mutate().drop("part_id")
        return self.runner.cache(rows)

    def _frame(self) -> ir.Table:
        """subject_id, account_id, contact_id, reason and holds_<i>."""
        conditions = [one.when for one in self.definition.exceptions if one.when is not None]
        frame = subject_frame(
            self.view,
            self.definition.subject,
            paths_of(conditions),
            needed_by=self.needed_by,
            subjects=self.subjects,
        )
        zone = self.definition.time_zone or self.view.snapshot.time_zone
        told = conditioned(frame, conditions, self.view, runner=self.runner, needed_by=self.needed_by, time_zone=zone)
        rows = told.rows
        holds = {
            f"holds_{i}": fires(expression(one.when, lambda part: rows[told.names[key_of(part)]])).cast("int64")
            for i, one in enumerate(self.definition.exceptions)
            if one.when is not None
        }
        rows = rows.select("subject_id", "account_id", "contact_id", **holds)
        left_out = standing(self.definition, self.view, self.subjects).select(_who="subject_id", reason=LEFT_OUT)
        rows = rows.left_join(left_out, [("subject_id", "_who")]).mutate().drop("_who")
        return self.runner.cache(rows)

    @cached_property
    def totals(self) -> ir.Table:
        """One row per subject: subject_id, the columns of `totals`; micro is null where there is no value."""
        definition, used = self.definition, range(len(self.definition.used))
        rows = self.side_by_side
        holds = [c for c in rows.columns if c.startswith("holds_")]
        ranks = {f"rank_{i}": rows[f"rank_{i}"] for i in used}
        rows = rows.select("subject_id", "reason", *(f"micro_{i}" for i in used), *holds, **ranks)
        made = list(totals(definition, read(pa.Table.from_pylist([], schema=_schema(used, holds)))))
        schema = pa.schema([("subject_id", pa.string()), *((name, _INT) for name in made)])

        def apply(batch: pa.RecordBatch) -> pa.RecordBatch:
            found = totals(definition, read(batch))
            known = found["known"].astype(bool) & batch["reason"].is_null().to_numpy(zero_copy_only=False)
            columns = [pa.array(found[n].astype(np.int64), _INT, mask=~known if n == "micro" else None) for n in made]
            return pa.RecordBatch.from_arrays([batch["subject_id"], *columns], schema=schema)

        return self.runner.map_batches(rows, apply, schema)

    def rows(self) -> ir.Table:
        """One row per subject: subject_id, micro, fit_micro, engagement_micro, matrix, reason_null."""
        side = self.side_by_side
        side = side.select(_who=side.subject_id, reason_null=self._reason(side))
        rows = self.totals.left_join(side, [("subject_id", "_who")]).mutate()
        extra = {"matrix": self._matrix(rows)}
        if self.definition.how == "sum" and any(part.type for part in self.definition.parts):
            extra |= {"fit_micro": rows.fit, "engagement_micro": rows.engagement}
        return rows.select("subject_id", "micro", "reason_null", **extra)

    def _reason(self, rows: ir.Table) -> ir.StringValue:
        """Why there is no value, where there is none: the audience, a part that must be known, or nothing known."""
        reasons = [rows.reason]
        needed = [part.score for part in self.definition.parts if part.missing == "null"]
        if self.definition.table is not None:
            needed = [self.definition.table.rows.score, self.definition.table.columns.score]
        for name in needed:
            position = self.definition.used.index(name)
            why = ibis.literal(f"{name}: ") + ibis.coalesce(rows[f"why_{position}"], ibis.literal("no value"))
            reasons.append(ibis.ifelse(rows[f"micro_{position}"].notnull(), ibis.null("string"), why))
        return ibis.coalesce(*reasons, ibis.literal(NOTHING_KNOWN))

    def _matrix(self, rows: ir.Table) -> ir.StringValue:
        if self.definition.how == "table":
            return ibis.cases(*((rows.cell == n, label) for n, label in enumerate(labels(self.definition))))
        matrix = self.definition.matrix
        if matrix is None:
            return ibis.null("string")
        return band_label(rows.fit, matrix.fit) + band_label(rows.engagement, matrix.engagement)


def read(batch: pa.RecordBatch | pa.Table) -> dict[str, Whole]:
    """The columns that `totals` reads."""
    found: dict[str, Whole] = {}
    for name in batch.schema.names:
        column = batch[name]
        column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        if name.startswith("micro_"):
            found[f"known_{name[6:]}"] = column.is_valid().to_numpy(zero_copy_only=False)
        if name.startswith("rank_"):
            ranks = column.fill_null(0.0).to_numpy(zero_copy_only=False).astype(float)
            found[name] = np.rint(ranks * MICRO).astype(np.int64)
        elif name.startswith(("micro_", "holds_")):
            found[name] = column.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    return found


def _schema(used: range, holds: list[str]) -> pa.Schema:
    whole = [(f"micro_{i}", _INT) for i in used] + [(name, _INT) for name in holds]
    return pa.schema([*whole, *((f"rank_{i}", pa.float64()) for i in used)])
