"""Who is worth contacting now, judged by current scores alone.

ready    reached the readiness bound of the score and has not left it
falling  was in the upper half of the bands a week ago and has been falling since
risen    has been rising and is above the lowest band
high     is in the top band

A value that somebody set by hand goes before the computed one: in the top band it is `high`, else nobody is suggested.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import zip_longest

from rapport.workspace.scores.models import CurrentScore, ScoreOverride
from rapport.workspace.scores.overrides import overrides

CAUSES = ("ready", "falling", "risen", "high")
_PER_CAUSE = 2000  # more of one cause than anybody works off before the next run


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Lower bounds of a score's bands, highest first."""

    labels: tuple[str, ...]
    bounds: tuple[Decimal, ...]

    @property
    def top(self) -> str:
        return self.labels[0]

    @property
    def upper_half(self) -> Decimal:
        """The lower bound of the bands' upper half: of A..D that of B."""
        return self.bounds[(len(self.bounds) - 1) // 2]

    @property
    def above_lowest(self) -> Decimal:
        return self.bounds[-2] if len(self.bounds) > 1 else self.bounds[0]


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A current score and the strongest reason to act on it; override, where somebody set it by hand."""

    cause: str
    current: CurrentScore
    override: ScoreOverride | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.current.score, self.current.subject_id


def candidates(score: str, bounds: Bounds, *, now: datetime) -> list[Candidate]:
    """Those of one score, the strongest of each cause first; nobody twice."""
    by_hand = overrides(score, at=now)
    found = {c.current.subject_id: c for c in _by_hand(score, bounds, by_hand)}
    for cause, rows in _by_cause(score, bounds).items():
        for current in rows[:_PER_CAUSE]:
            if current.subject_id not in by_hand:
                found.setdefault(current.subject_id, Candidate(cause=cause, current=current))
    return list(found.values())


def _by_hand(score: str, bounds: Bounds, by_hand: Mapping[str, ScoreOverride]) -> Iterator[Candidate]:
    """Those whom somebody set into the top band."""
    rows = CurrentScore.objects.filter(score=score, subject_id__in=list(by_hand)).order_by("subject_id")
    for current in rows:
        if (by_hand[current.subject_id].value or Decimal(0)) >= bounds.bounds[0]:
            yield Candidate(cause="high", current=current, override=by_hand[current.subject_id])


def _by_cause(score: str, bounds: Bounds) -> Mapping[str, Sequence[CurrentScore]]:
    rows = CurrentScore.objects.filter(score=score, value__isnull=False)
    falling = rows.filter(trend="falling").order_by("change_7d", "subject_id")
    return {
        "ready": rows.filter(ready_since__isnull=False).order_by("-ready_since", "-value", "subject_id"),  # type: ignore[dict-item]
        "falling": [c for c in falling[: 2 * _PER_CAUSE] if _a_week_ago(c) >= bounds.upper_half],
        "risen": rows.filter(trend="rising", value__gte=bounds.above_lowest).order_by("-change_7d", "subject_id"),  # type: ignore[dict-item]
        "high": rows.filter(band=bounds.top).order_by("-value", "subject_id"),  # type: ignore[dict-item]
    }


def _a_week_ago(current: CurrentScore) -> Decimal:
    return (current.value or Decimal(0)) - (current.change_7d or Decimal(0))


def interleaved(rows: Iterable[Candidate], *, capacity: int) -> list[Candidate]:
    """The first `capacity`, taken in turn from each cause, so that no cause crowds out the others."""
    by_cause: dict[str, list[Candidate]] = {cause: [] for cause in CAUSES}
    for row in rows:
        by_cause[row.cause].append(row)
    return list(_first(capacity, (c for turn in zip_longest(*by_cause.values()) for c in turn if c is not None)))


def _first(count: int, rows: Iterator[Candidate]) -> Iterator[Candidate]:
    for _, row in zip(range(count), rows, strict=False):
        yield row
