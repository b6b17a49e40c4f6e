"""What goals are judged from: the value now, three years of months before it, and the same span a year ago."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.metrics.goals.goal import Goal, Reading, is_level, is_total
from rapport.engine.metrics.goals.months import months_before, trailing
from rapport.engine.metrics.measure import measure_each
from rapport.engine.metrics.period import Period
from rapport.engine.metrics.query import Only
from rapport.engine.metrics.spec import Unit
from rapport.engine.metrics.value import MetricValue
from rapport.engine.runner import Runner

MONTHS = 36
_YEAR = 12
_SLACK = 0.02  # parts that miss the whole by less than this still add up
_COVERED, _MATURE = 0.9, 0.999


@dataclass(frozen=True, kw_only=True)
class History:
    """What is known of a goal's metric before `cut`, a day that does not count itself.

    Attributes:
        cut: today, or the day after the goal's last where that has passed.
        now: the value so far, as `reading` says; None where the goal has not begun.
        months: by month before `cut`, oldest first; of TRAILING the windows that end with them.
        last_year: over the same span a year before; of a LEVEL at its end.
    """

    goal: Goal
    reading: Reading
    cut: date
    now: MetricValue | None
    months: tuple[MetricValue, ...]
    last_year: MetricValue

    @property
    def series(self) -> list[float | None]:
        """The months' values; None where one is unknown, partly covered or not matured."""
        return [float(m.value) if is_settled(m) and m.value is not None else None for m in self.months]


def is_settled(value: MetricValue) -> bool:
    """Whether a value will hardly change any more, and tells of the whole of its period."""
    covered = value.coverage is None or value.coverage >= _COVERED
    return value.value is not None and covered and (value.maturity is None or value.maturity >= _MATURE)


def weight(value: MetricValue) -> float:
    """What a value weighs in an average: its denominator, or the rows it rests on."""
    return float(value.denominator if value.denominator is not None else value.n)


def histories(
    goals: Sequence[Goal],
    snapshot: Snapshot,
    *,
    today: date,
    as_of: datetime,
    runner: Runner,
    readings: Sequence[Reading | None] = (),
) -> list[History]:
    """One per goal, in order. Goals on the same part of metrics are measured together.

    Parameters: readings, how each goal was read before; None, or nothing at all, to find out.
    Raises: DefinitionError for an unknown metric.
    """
    known = dict(enumerate(readings))
    groups: dict[tuple[tuple[Only, ...], date], list[int]] = {}
    for place, goal in enumerate(goals):
        groups.setdefault((goal.filters, min(today, goal.span.end)), []).append(place)
    found: dict[int, History] = {}
    for (filters, cut), places in groups.items():
        ask = _Asking(snapshot=snapshot, as_of=as_of, runner=runner, filters=filters)
        found |= _of_group({p: goals[p] for p in places}, {p: known.get(p) for p in places}, ask, cut=cut)
    return [found[place] for place in range(len(goals))]


@dataclass(frozen=True, kw_only=True)
class _Asking:
    snapshot: Snapshot
    as_of: datetime
    runner: Runner
    filters: tuple[Only, ...]

    def values(self, metrics: Iterable[str], periods: Iterable[Period]) -> dict[tuple[str, Period], MetricValue]:
        once = list(dict.fromkeys(metrics))
        if not once:
            return {}
        found = measure_each(
            once, self.snapshot, periods=list(periods), as_of=self.as_of, runner=self.runner, filters=self.filters
        )
        return {(value.metric, value.period): value for value in found}


def _of_group(
    goals: dict[int, Goal], known: dict[int, Reading | None], ask: _Asking, *, cut: date
) -> dict[int, History]:
    """Two queries per relation, and one more per length of those that are read over trailing windows."""
    months = months_before(cut, MONTHS)
    year = Period(months[-_YEAR].start, cut)
    metrics = [goal.metric for goal in goals.values()]
    by_month = ask.values(metrics, months)
    spans = {p: Period(g.span.start, cut) for p, g in goals.items() if g.span.start < cut}
    wholes = ask.values(metrics, [year, *spans.values(), *(g.span.last_year() for g in goals.values())])
    found = {}
    for place, goal in goals.items():
        its = tuple(by_month[goal.metric, month] for month in months)
        reading = known[place] or _reading(goal, wholes[goal.metric, year], its[-_YEAR:])
        now = wholes.get((goal.metric, spans[place])) if place in spans else None
        found[place] = History(
            goal=goal,
            reading=reading,
            cut=cut,
            now=its[-1] if reading is Reading.LEVEL and now else now,
            months=its,
            last_year=wholes[goal.metric, goal.span.last_year()],
        )
    return found | _over_windows(found, ask, cut=cut)


def _over_windows(found: dict[int, History], ask: _Asking, *, cut: date) -> dict[int, History]:
    """The same for those read over windows as long as their goal."""
    longs: dict[int, list[int]] = {}
    for place, history in found.items():
        if history.reading is Reading.TRAILING:
            longs.setdefault(history.goal.span.days, []).append(place)
    changed = {}
    for days, places in longs.items():
        windows = trailing(cut, MONTHS, days=days)
        values = ask.values([found[p].goal.metric for p in places], windows)
        for place in places:
            its = tuple(values[found[place].goal.metric, window] for window in windows)
            changed[place] = replace(found[place], months=its, now=its[-1] if found[place].now else None)
    return changed


def _reading(goal: Goal, year: MetricValue, months: Sequence[MetricValue]) -> Reading:
    """By what the metric declares; else by whether the months of the last year make up the year."""
    if is_level(goal.spec):
        return Reading.LEVEL
    if is_total(goal.spec):
        return Reading.TOTAL
    if year.value is None or goal.spec.unit is Unit.COUNT:
        return Reading.TRAILING if goal.spec.unit is Unit.COUNT else Reading.AVERAGE
    adds_up = _makes_up(year.numerator, [m.numerator for m in months])
    return Reading.AVERAGE if adds_up and _makes_up(weight(year), [weight(m) for m in months]) else Reading.TRAILING


def _makes_up(whole: object, parts: Sequence[object]) -> bool:
    if whole is None:
        return True
    exact = float(str(whole))
    return abs(sum(float(str(part or 0)) for part in parts) - exact) <= _SLACK * abs(exact)
