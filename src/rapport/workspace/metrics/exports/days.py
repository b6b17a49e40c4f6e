"""Metrics of the whole company by day, kept for other tools: measured every night, anew where data may come late."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import islice
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Min

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.metrics.coverage import Coverage, coverage_of
from rapport.engine.metrics.measure import Told
from rapport.engine.metrics.period import Grain, Period
from rapport.engine.metrics.registry import METRICS
from rapport.engine.metrics.relation import Dating
from rapport.engine.metrics.spec import Kind, Metric, MetricSpec, Unit
from rapport.engine.metrics.value import MetricValue
from rapport.engine.runner import Runner
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.lib import bulk
from rapport.workspace.metrics.data_version import measured_tables
from rapport.workspace.metrics.exports.models import MetricDay
from rapport.workspace.queue.leases import held

DAYS = 400  # how far back, unless told otherwise
RECENT = 35  # days measured anew every night
NEWEST = 7  # the same for metrics whose rows are made anew for every day
_AT_ONCE = 100  # days; what a query costs whatever it is asked outweighs the days
_STALE = timedelta(days=30)  # older days are measured anew after this, one part a night
_PLACES = Decimal("0.0001")
_ROWS = 1_000
_LONGEST_WAIT = 1_800.0
_COLUMNS = (
    "day", "metric", "value", "amount", "numerator", "denominator", "n", "lower", "upper", "maturity", "coverage",
    "reason", "flags", "definition_version", "data_through", "as_of",
)  # fmt: skip
Progress = Callable[[int, "int | None", str], None]


def quiet(done: int, total: int | None, message: str) -> None:
    """Progress that nobody watches."""


def any_day_metrics() -> tuple[str, ...]:
    """Metrics that can be told of any day in the past at little cost: their rows are made once for all days."""
    return tuple(name for name, metric in METRICS.items() if not _is_model(metric) and not _is_per_period(metric))


def newest_day_metrics() -> tuple[str, ...]:
    """Metrics whose rows are made anew for every day (open cases, recurring revenue): kept from now on."""
    return tuple(name for name, metric in METRICS.items() if not _is_model(metric) and _is_per_period(metric))


def _is_model(metric: Metric) -> bool:
    return any(spec.kind is Kind.MODEL for spec in (metric, *metric.counted))


def _is_per_period(metric: Metric) -> bool:
    return any(spec.relation.dating is Dating.PER_PERIOD for spec in metric.counted)


def is_kept() -> bool:
    """Whether anybody has asked for metrics by day."""
    return MetricDay.objects.exists()


def keep_days(*, now: datetime, days: int, progress: Progress = quiet) -> int:
    """Measure the recent days anew, and older ones up to `days` back that are missing or stale; how many days.

    What is measured is kept part by part, so that a run that was broken off goes on. The day under way is left out.
    """
    with held("metrics by day", seconds=60, wait=_LONGEST_WAIT), open_snapshot(tables=measured_tables()) as opened:
        snapshot, runner = opened
        coverage = coverage_of(
            _counted([*any_day_metrics(), *newest_day_metrics()]), snapshot, as_of=now, runner=runner
        )
        today = _day(now)
        begun = min((_day(at) for at in coverage.first.values()), default=today)
        any_day, newest_day = (_told(names, coverage, snapshot) for names in (any_day_metrics(), newest_day_metrics()))
        parts = _parts(begun, today, now=now, days=days) if any_day else []
        newest = _runs(_days(max(begun, today - timedelta(days=NEWEST)), today)) if newest_day else []
        work = [*((part, newest_day) for part in newest), *((part, any_day) for part in parts)]
        for done, (part, names) in enumerate(work):
            progress(done, len(work), part.label)
            _keep(part, names, measured(part, names, snapshot, runner, now=now))
        return sum(part.days for part in parts)


def measured(
    part: Period, names: Sequence[str], snapshot: Snapshot, runner: Runner, *, now: datetime
) -> Iterator[MetricValue]:
    """Metrics on each day of a period."""
    periods = part.split(Grain.DAY)
    told = Told(names, snapshot, periods=periods, as_of=now, runner=runner)
    return (told.value(name, period) for name in names for period in periods)


def _counted(names: Sequence[str]) -> list[MetricSpec]:
    return list({spec.id: spec for name in names for spec in METRICS[name].counted}.values())


def _told(names: Sequence[str], coverage: Coverage, snapshot: Snapshot) -> tuple[str, ...]:
    """Those whose tables and columns some source fills; the others have nothing to tell on any day."""
    return tuple(n for n in names if all(coverage.missing(s, snapshot) is None for s in METRICS[n].counted))


def _parts(begun: date, today: date, *, now: datetime, days: int) -> list[Period]:
    """The recent days, then those missing before them, the newest first, then some that are stale."""
    first, recent = max(begun, today - timedelta(days=days)), max(begun, today - timedelta(days=RECENT))
    kept = dict(MetricDay.objects.values_list("day").annotate(at=Min("as_of")))
    older = _days(first, recent)
    missing = _runs([day for day in older if day not in kept])
    stale = _runs([day for day in older if day in kept and now - kept[day] > _STALE])[-1:]
    return [*reversed(_runs(_days(recent, today))), *reversed(missing), *stale]


def _days(first: date, end: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((end - first).days)]


def _runs(days: Sequence[date]) -> list[Period]:
    """Days that follow each other, at most a hundred of them at once."""
    found: list[Period] = []
    for day in days:
        if found and found[-1].end == day and found[-1].days < _AT_ONCE:
            found[-1] = Period(found[-1].start, day + timedelta(days=1))
        else:
            found.append(Period.day(day))
    return found


def _keep(part: Period, names: Sequence[str], values: Iterator[MetricValue]) -> None:
    """In place of what is kept of these metrics on these days."""
    rows = iter([_row(value) for value in values])  # measured before anybody is kept from writing
    with transaction.atomic():
        MetricDay.objects.filter(day__gte=part.start, day__lt=part.end, metric__in=names).delete()
        while some := list(islice(rows, _ROWS)):
            bulk.insert(MetricDay, _COLUMNS, some)


def _row(value: MetricValue) -> tuple[object, ...]:
    metric = METRICS[value.metric]
    return (
        value.period.start,
        value.metric,
        _number(value.value),
        _amount(value) if metric.unit is Unit.AMOUNT else None,
        _number(value.numerator),
        _number(value.denominator),
        value.n,
        value.lower,
        value.upper,
        value.maturity,
        value.coverage,
        value.reason,
        ", ".join(value.flags),
        metric.definition_version,
        value.data_through,
        value.as_of,
    )


def _number(value: object) -> float | None:
    return None if value is None else float(value)  # type: ignore[arg-type]


def _amount(value: MetricValue) -> Decimal | None:
    if value.value is None:
        return None
    return Decimal(str(value.value)).quantize(_PLACES, ROUND_HALF_EVEN)


def _day(at: datetime) -> date:
    return at.astimezone(ZoneInfo(settings.REPORTING_TIME_ZONE)).date()
