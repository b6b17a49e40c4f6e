"""Fields that criteria read: not mapped, empty, or filled only after the outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime

from rapport.engine.crm.as_of import as_restated
from rapport.engine.crm.conditions.fields import FieldRef, read_column, subject_field
from rapport.engine.crm.conditions.subject_conditions import paths_of
from rapport.engine.crm.conditions.words import field_words
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.evaluation.lint.finding import Finding
from rapport.engine.evaluation.lint.fired import Fired
from rapport.engine.runner import Runner
from rapport.engine.scores.features.after_outcome import field_timings
from rapport.engine.scores.points.spec import Criterion, PointsDefinition, ValuePoints


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
    """Criteria of fields that are mostly filled, or changed, only at the outcome or after it.

    Parameters: first, when each subject first had the outcome. Without `attribute_history` nothing can be told.
    """
    paths = list(dict.fromkeys(path for _, c in definition.criteria for path in fields_of(c)))
    timings = field_timings(as_restated(snapshot, now), definition.subject, paths, first, runner=runner)
    suspected = {one.path: one for one in timings if one.evidence is not None}
    for _, criterion in definition.criteria:
        for path in dict.fromkeys(fields_of(criterion)):
            if (timing := suspected.get(path)) is not None:
                sentence = f"{field_words(path).capitalize()} is told only once it is over: {timing.evidence}."
                evidence = {"field": path, **{k: v for k, v in asdict(timing).items() if k != "path"}}
                yield Finding(code="leak", criterion=criterion.name, sentence=sentence, evidence=evidence)
