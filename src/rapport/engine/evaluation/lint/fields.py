"""Fields that criteria read: not mapped, empty, or filled only after the outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.as_of import as_restated
from rapport.engine.crm.conditions.fields import FieldRef, read_column, subject_field
from rapport.engine.crm.conditions.frame import LINKS, subject_frame
from rapport.engine.crm.conditions.subject_conditions import paths_of
from rapport.engine.crm.conditions.words import field_words
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.evaluation.lint.finding import Finding
from rapport.engine.evaluation.lint.fired import Fired
from rapport.engine.evaluation.lint.redundancy import FEW
from rapport.engine.runner import Runner
from rapport.engine.scores.points.spec import Criterion, PointsDefinition, ValuePoints

_AFTER = 0.95


def fields_of(criterion: Criterion) -> list[str]:
    """The fields of records that a criterion reads."""
    fields = paths_of([criterion.when]) if criterion.when is not None else []
    return fields + ([criterion.points.value] if isinstance(criterion.points, ValuePoints) else [])


def unknown_fields(definition: PointsDefinition, snapshot: Snapshot, now: Fired) -> list[Finding]:
    """Criteria of fields that are unknown for everybody."""
    return [
        _unknown(criterion.name, subject_field(path, subject=definition.subject), snapshot, now)
        for _, criterion in definition.criteria
        for path in dict.fromkeys(fields_of(criterion))
        if now.count and now.known.get(path, 1.0) == 0.0
    ]


def _unknown(name: str, ref: FieldRef, snapshot: Snapshot, now: Fired) -> Finding:
    table = snapshot.tables.get(ref.table)
    column = "properties" if ref.column.startswith("properties.") else read_column(ref)
    evidence = {"field": ref.path, "subjects": now.count}
    if table is None or column not in table.columns:
        sentence = f"No source maps {ref.path}, so it is never true."
        return Finding(code="not_mapped", criterion=name, sentence=sentence, evidence=evidence)
    sentence = f"{field_words(ref.path).capitalize()} is unknown for all {now.count:,}."
    return Finding(code="always_unknown", criterion=name, sentence=sentence, evidence=evidence)


def filled_after(
    definition: PointsDefinition,
    snapshot: Snapshot,
    first: Mapping[str, datetime],
    *,
    now: datetime,
    runner: Runner,
) -> Iterator[Finding]:
    """Criteria of fields that nearly always got their first value at the outcome or after it.

    Parameters: first, when each subject first had the outcome. Without `attribute_history` nothing can be told.
    """
    paths = list(dict.fromkeys(path for _, c in definition.criteria for path in fields_of(c)))
    if "attribute_history" not in snapshot.tables or not first or not paths:
        return
    refs = {path: subject_field(path, subject=definition.subject) for path in paths}
    counts = _counts(definition, snapshot, refs, first, now=now, runner=runner)
    for _, criterion in definition.criteria:
        for path in dict.fromkeys(fields_of(criterion)):
            filled, after = counts.get(path, (0, 0))
            if filled >= FEW and after >= _AFTER * filled:
                sentence = (
                    f"{field_words(path).capitalize()} is filled only once it is over: "
                    f"for {after:,} of {filled:,} with the outcome it became known with it or after it."
                )
                evidence = {"field": path, "filled": filled, "after": after}
                yield Finding(code="leak", criterion=criterion.name, sentence=sentence, evidence=evidence)


def _counts(
    definition: PointsDefinition,
    snapshot: Snapshot,
    refs: Mapping[str, FieldRef],
    first: Mapping[str, datetime],
    *,
    now: datetime,
    runner: Runner,
) -> dict[str, tuple[int, int]]:
    """By field: subjects with the outcome for whom it was filled, and those for whom not before the outcome."""
    had = ibis.memtable(
        pa.table(
            {
                "_subject": pa.array(list(first), pa.string()),
                "_had_at": pa.array(list(first.values()), pa.timestamp("us", "UTC")),
            }
        )
    )
    frame = subject_frame(as_restated(snapshot, now), definition.subject, [], needed_by="lint")
    rows = frame.rows.inner_join(had, [("subject_id", "_subject")]).mutate()
    history = snapshot.table("attribute_history", needed_by="lint")
    learnt = _first_learnt(history, refs)
    counts: dict[str, tuple[int, int]] = {}
    for entity in (definition.subject, *LINKS[definition.subject]):
        key = "subject_id" if entity == definition.subject else f"{entity}_id"
        mine = learnt.filter(learnt.entity == entity)
        joined = rows.inner_join(mine, [(key, "entity_id")]).mutate()
        after = (joined.learnt_at >= joined._had_at).cast("int64").sum()
        told = runner.to_arrow(joined.group_by("attribute").aggregate(filled=joined.count(), after=after)).to_pylist()
        found = {row["attribute"]: (row["filled"], row["after"]) for row in told}
        counts |= {p: found[read_column(r)] for p, r in refs.items() if r.entity == entity and read_column(r) in found}
    return counts


def _first_learnt(history: ir.Table, refs: Mapping[str, FieldRef]) -> ir.Table:
    """One row per record and attribute: when it first had a value and that was known."""
    named = sorted({read_column(ref) for ref in refs.values()})
    rows = history.filter(history.attribute.isin(named) & history.value.notnull())
    at = ibis.greatest(rows.valid_from, ibis.coalesce(rows.recorded_at, rows.valid_from))
    return rows.mutate(_at=at).group_by(["entity", "entity_id", "attribute"]).aggregate(learnt_at=lambda t: t._at.min())
