"""What pages say of a score: how fresh it is, whom it covers, how its values spread, who moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Max, Min, Q

from rapport.workspace.scores.definitions import live_definitions, readable
from rapport.workspace.scores.models import CurrentScore, ScoreDefinition, ScoreRun, State

STALE_AFTER = timedelta(hours=36)  # a nightly pass was missed


@dataclass(frozen=True, kw_only=True)
class Freshness:
    """When a score was last computed, as of when, on which data.

    Attributes: run, the newest completed one or None; failed, the error of a newer failed run, else ""; stale.
    """

    run: ScoreRun | None
    failed: str
    stale: bool


@dataclass(frozen=True, kw_only=True)
class Band:
    """A band's lower bound and how many are in it. share: of all with a value, 0..1; null where none has."""

    label: str
    lower: Decimal
    count: int
    share: float | None


@dataclass(frozen=True, kw_only=True)
class Overview:
    """A live score in short. covered: of all in the audience those with a value, 0..1; null before the first run."""

    version: ScoreDefinition
    freshness: Freshness
    bands: Sequence[Band]
    scored_count: int
    null_count: int
    rising_count: int
    falling_count: int
    ready_count: int

    @property
    def covered(self) -> float | None:
        total = self.scored_count + self.null_count
        return self.scored_count / total if total else None


@dataclass(frozen=True, kw_only=True)
class Bin:
    """A tenth or so of the range: from `lower` to below `upper` (the last one included), with its count."""

    lower: Decimal
    upper: Decimal
    count: int


def overviews(*, now: datetime) -> list[Overview]:
    """Every live score, by name."""
    return [overview(version, now=now) for version in live_definitions()]


def overview(version: ScoreDefinition, *, now: datetime) -> Overview:
    """One score in short; counts are those of its current values."""
    name = version.name or ""
    rows = CurrentScore.objects.filter(score=name)
    counts = rows.aggregate(
        scored=Count("id", filter=Q(value__isnull=False)),
        nulls=Count("id", filter=Q(value__isnull=True)),
        rising=Count("id", filter=Q(trend="rising")),
        falling=Count("id", filter=Q(trend="falling")),
        ready=Count("id", filter=Q(ready_since__isnull=False)),
    )
    return Overview(
        version=version,
        freshness=freshness(name, now=now),
        bands=bands(version),
        scored_count=counts["scored"],
        null_count=counts["nulls"],
        rising_count=counts["rising"],
        falling_count=counts["falling"],
        ready_count=counts["ready"],
    )


def freshness(name: str, *, now: datetime) -> Freshness:
    runs = ScoreRun.objects.filter(score=name).defer("population")
    newest = runs.filter(state="done").order_by("-as_of", "-finished_at").first()
    failed = runs.filter(state="failed").order_by("-started_at").first()
    newer = failed is not None and (newest is None or failed.started_at > newest.started_at)
    return Freshness(
        run=newest,
        failed=failed.error if newer and failed else "",
        stale=newest is None or now - newest.as_of > STALE_AFTER,
    )


def bands(version: ScoreDefinition) -> list[Band]:
    """The bands of a version, highest first, with those who are in each now."""
    counts = dict(
        CurrentScore.objects.filter(score=version.name, value__isnull=False)
        .values_list("band")
        .annotate(n=Count("id"))
        .order_by()
    )
    total = sum(counts.values())
    definition = readable(version)
    declared = definition.bands if definition else ()
    return [
        Band(
            label=band.label,
            lower=band.from_,
            count=counts.get(band.label, 0),
            share=counts.get(band.label, 0) / total if total else None,
        )
        for band in declared
    ]


def distribution(version: ScoreDefinition, *, count: int = 20) -> list[Bin]:
    """How the current values spread over the range, in bins of equal width; an open-ended one ends at the highest."""
    definition = readable(version)
    if definition is None:
        return []
    rows = CurrentScore.objects.filter(score=version.name, value__isnull=False)
    low, span = definition.range.min, definition.range.span
    if definition.open_ended:
        span = max(rows.aggregate(highest=Max("value"))["highest"] or Decimal(1), low + 1) - low
    width = span / count
    edges = [low + width * i for i in range(count + 1)]
    within = {
        str(i): Count("id", filter=Q(value__gte=edges[i]) & (Q(value__lt=edges[i + 1]) if i < count - 1 else Q()))
        for i in range(count)
    }
    counted = rows.aggregate(**{f"bin_{i}": expression for i, expression in within.items()})
    return [Bin(lower=edges[i], upper=edges[i + 1], count=counted[f"bin_{i}"]) for i in range(count)]


def movers(name: str, *, direction: str, count: int = 8) -> list[CurrentScore]:
    """Who rose or fell most in 7 days; `direction` is rising or falling."""
    rows = CurrentScore.objects.filter(score=name, trend=direction)
    return list(rows.order_by("-change_7d" if direction == "rising" else "change_7d", "subject_id")[:count])


def versions(name: str) -> list[ScoreDefinition]:
    """Every version, newest first, without the long reports."""
    return list(ScoreDefinition.objects.filter(name=name).defer("backtest_html").order_by("-version"))


def drafts() -> list[ScoreDefinition]:
    return list(ScoreDefinition.objects.filter(state=State.DRAFT).defer("backtest_html").order_by("name", "-version"))


def spread(name: str) -> tuple[Decimal | None, Decimal | None]:
    """The lowest and the highest current value."""
    found = CurrentScore.objects.filter(score=name).aggregate(low=Min("value"), high=Max("value"))
    return found["low"], found["high"]
