"""Goals as the engine asks them: from their rows, with the company's days and data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from rapport.engine.crm.local_day import start_of_local_day
from rapport.engine.metrics import goals as engine
from rapport.engine.metrics.measure import measure, measure_each
from rapport.engine.metrics.period import Period
from rapport.engine.metrics.query import Only
from rapport.engine.metrics.registry import METRICS
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.metrics.dashboards import reporting_zone
from rapport.workspace.metrics.data_version import measured_tables
from rapport.workspace.metrics.models import Goal

LAST_YEAR, BEFORE = "last_year", "before"


def today_of(now: datetime) -> date:
    """The company's local day."""
    return now.astimezone(reporting_zone()).date()


def span_of(goal: Goal) -> Period:
    """The days of a goal; its `due_at` is the first instant after them, or one of the last of them."""
    assert goal.starts_at is not None
    assert goal.due_at is not None
    zone = reporting_zone()
    due = goal.due_at.astimezone(zone)
    return Period(goal.starts_at.astimezone(zone).date(), due.date() + timedelta(days=due.time() != time.min))


def last_day(goal: Goal) -> date:
    """The due day, which still counts."""
    return span_of(goal).end - timedelta(days=1)


def instants_of(first: date, last: date) -> tuple[datetime, datetime]:
    """`starts_at` and `due_at` of a goal from the first day to the last one, which counts."""
    zone = str(reporting_zone())
    return start_of_local_day(first, zone), start_of_local_day(last + timedelta(days=1), zone)


def is_measurable(goal: Goal) -> bool:
    """Whether it says all that must be known: imported ones may not."""
    if goal.starts_at is None or goal.due_at is None or goal.target is None or goal.metric not in METRICS:
        return False
    return goal.starts_at + timedelta(hours=23) <= goal.due_at  # the shortest day


def asked(goal: Goal) -> engine.Goal:
    """The goal as the engine knows it."""
    assert goal.metric is not None
    direction = engine.Direction(goal.direction or engine.Direction.AT_LEAST)
    filters = only(goal.filters or {})
    return engine.Goal(metric=goal.metric, target=goal.target, direction=direction, span=span_of(goal), filters=filters)


def only(filters: dict[str, object]) -> tuple[Only, ...]:
    """`{"channel": ["web"]}`, or one value without brackets."""
    pairs = sorted(filters.items())
    return tuple(Only(name, tuple(v) if isinstance(v, list) else (str(v),)) for name, v in pairs)


def measured(
    goals: Sequence[engine.Goal], *, now: datetime, readings: Sequence[engine.Reading | None] = ()
) -> list[engine.Progress]:
    """How goals stand, all measured together."""
    with open_snapshot(tables=measured_tables()) as (snapshot, runner):
        return engine.progress(goals, snapshot, today=today_of(now), as_of=now, runner=runner, readings=readings)


def baseline(goal: engine.Goal, kind: str, *, now: datetime) -> tuple[float | None, str]:
    """The metric over the same days a year ago, or the days before, and why there is none."""
    period = goal.span.last_year() if kind == LAST_YEAR else goal.span.previous()
    with open_snapshot(tables=measured_tables()) as (snapshot, runner):
        (found,) = measure_each(
            [goal.metric], snapshot, periods=[period], as_of=now, runner=runner, filters=goal.filters
        )
    return (None, found.reason or "") if found.value is None else (float(found.value), "")


def parts_of(metric: str, dimension: str, *, now: datetime) -> list[str]:
    """The values of a dimension in the last year, the largest first."""
    today = today_of(now)
    with open_snapshot(tables=measured_tables()) as (snapshot, runner):
        found = measure(
            [metric], snapshot, period=Period.last_days(365, until=today), as_of=now, runner=runner, by=[dimension]
        )
    known = [v for v in found if v.dimensions.get(dimension) is not None and v.value is not None]
    return [str(v.dimensions[dimension]) for v in sorted(known, key=lambda v: (-v.n, str(v.dimensions[dimension])))][
        :50
    ]
