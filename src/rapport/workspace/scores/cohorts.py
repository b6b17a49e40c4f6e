"""What a live version really said at past instants, from the history of its values."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np

from rapport.engine.evaluation.matured import Cohort
from rapport.engine.scores.cut_offs import is_mature
from rapport.engine.scores.definition import ScoreDefinition as Definition
from rapport.engine.statistics.auc import Floats
from rapport.workspace.scores.models import ScoreDefinition, ScoreRun, ScoreValue

_MOST = 6
_APART = timedelta(days=7)
_RECONSTRUCTED = ("filled in", "looked back")  # made afterwards: no proof of what was said then
_PERCENT = 100.0


def cohort_instants(version: ScoreDefinition, *, within_days: int, now: datetime) -> list[datetime]:
    """Instants of runs at least a week apart, newest first taken: up to six whose windows are over, else the
    newest one, which waits."""
    runs = ScoreRun.objects.filter(score=version.name, version=version.version or 1, state="done", as_of__lte=now)
    if version.published_at is not None:
        runs = runs.filter(as_of__gte=version.published_at)
    instants = list(runs.order_by("-as_of").values_list("as_of", flat=True))
    picked: list[datetime] = []
    for at in instants:
        if is_mature(at, within_days, now) and (not picked or picked[-1] - at >= _APART):
            picked.append(at)
    return sorted(picked[:_MOST]) or instants[:1]


def cohorts_at(version: ScoreDefinition, definition: Definition, instants: Sequence[datetime]) -> list[Cohort]:
    """Everybody's value at each instant: the newest entry by then. `instants`, the earliest first."""
    if not instants:
        return []
    rows = ScoreValue.objects.filter(score=version.name, version=version.version, as_of__lte=instants[-1])
    rows = rows.exclude(cause__in=_RECONSTRUCTED).order_by("subject_id", "as_of", "computed_at")
    told: dict[str, list[tuple[datetime, Decimal | None, str | None]]] = defaultdict(list)
    for subject_id, at, value, band in rows.values_list("subject_id", "as_of", "value", "band").iterator(5000):
        told[subject_id].append((at, value, band))
    return [_cohort(at, told, definition) for at in instants]


def probabilities(definition: Definition, values: Floats) -> Floats | None:
    """The values as probabilities of the definition's outcome, 0..1; None where they are none.

    Conversion says it in percent; churn likewise, where what it foretells is the outcome that the definition claims.
    """
    if not getattr(definition, "tells_outcome", definition.kind == "conversion"):
        return None
    return np.asarray(np.clip(values / _PERCENT, 0, 1), dtype=float)


def _cohort(
    at: datetime, told: dict[str, list[tuple[datetime, Decimal | None, str | None]]], definition: Definition
) -> Cohort:
    ids, values, bands = [], [], []
    for subject_id, entries in told.items():
        place = bisect_right([e[0] for e in entries], at)
        if place and (value := entries[place - 1][1]) is not None:
            ids.append(subject_id)
            values.append(float(value))
            bands.append(entries[place - 1][2])
    array = np.array(values, dtype=float)
    return Cohort(
        as_of=at,
        subject_ids=tuple(ids),
        values=array,
        bands=tuple(bands),
        probabilities=probabilities(definition, array),
    )
