"""Which dimension's value explains most of an unusual month."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dateutil.relativedelta import relativedelta
from django.core.cache import cache

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import RapportError
from rapport.engine.metrics.contributions import Amount, Contribution, contributions, explaining
from rapport.engine.metrics.measure import measure
from rapport.engine.metrics.period import Grain, Period
from rapport.engine.metrics.query import Only
from rapport.engine.metrics.registry import METRICS
from rapport.engine.metrics.relation import SEGMENT
from rapport.engine.metrics.spec import Additivity
from rapport.engine.metrics.value import MetricValue
from rapport.engine.runner import Runner
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.metrics.data_version import data_version, measured_tables

_MOST_DIMENSIONS, _MOST_PARTS, _KEPT_S = 8, 200, 86_400
_MONTHS_BEFORE, _TOLERANCE = 6, 0.01
_PER_HUNDRED = (1.0, 100.0)  # a ratio is shown as it is, or in points of a hundred
_Parts = dict[date, dict[str | None, MetricValue]]


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """The part that explains most of a month's difference. before: the months it is compared with."""

    dimension: str
    contribution: Contribution
    before: Period


def explain(
    metric: str, month: Period, *, seasonal: bool, filters: Mapping[str, str], now: datetime
) -> Explanation | None:
    """The same month of the year before (seasonal) or the mean of the six months before is what it is compared with.

    None where no part explains clearly more than its weight, or the metric is no sum or ratio of parts.
    """
    asked = json.dumps([data_version(), metric, str(month), seasonal, sorted(filters.items())])
    key = f"dashboards.explain.{hashlib.sha256(asked.encode()).hexdigest()}"
    kept: tuple[Explanation | None] | None = cache.get(key)
    if kept is None:
        with open_snapshot(tables=measured_tables()) as (snapshot, runner):
            kept = (_best(metric, month, seasonal, filters, now, snapshot, runner),)
        cache.set(key, kept, _KEPT_S)
    return kept[0]


def _best(
    metric: str,
    month: Period,
    seasonal: bool,
    filters: Mapping[str, str],
    now: datetime,
    snapshot: Snapshot,
    runner: Runner,
) -> Explanation | None:
    """Of all dimensions whose parts add up, as segments do not, the part with the largest excess."""
    spec = METRICS[metric]
    before = _before(month, seasonal)
    only = [Only(name, (value,)) for name, value in filters.items() if name in spec.dimensions]

    def by(*dimensions: str) -> _Parts:
        span = Period(before.start, month.end)
        return _measured(metric, span, dimensions, only, now, snapshot, runner)

    whole = by()
    found: list[Explanation] = []
    for dimension in [d for d in spec.dimensions if d not in (*filters, SEGMENT)][:_MOST_DIMENSIONS]:
        try:
            told = _of_dimension(metric, month, before, whole, by(dimension))
        except RapportError:
            continue
        if told is not None:
            found.append(Explanation(dimension=dimension, contribution=told, before=before))
    return max(found, key=lambda e: e.contribution.excess, default=None)


def _before(month: Period, seasonal: bool) -> Period:
    if seasonal:
        return month.last_year()
    return Period(month.start - relativedelta(months=_MONTHS_BEFORE), month.start)


def _measured(
    metric: str,
    period: Period,
    by: Sequence[str],
    only: Sequence[Only],
    now: datetime,
    snapshot: Snapshot,
    runner: Runner,
) -> _Parts:
    """Values by month, then part; the whole is the part null."""
    found: _Parts = {}
    for value in measure(
        [metric], snapshot, period=period, as_of=now, runner=runner, by=by, grain=Grain.MONTH, filters=only
    ):
        found.setdefault(value.period.start, {})[next(iter(value.dimensions.values()), None)] = value
    return found


def _of_dimension(metric: str, month: Period, before: Period, whole: _Parts, parts: _Parts) -> Contribution | None:
    is_sum = METRICS[metric].additivity is not Additivity.NON_ADDITIVE
    now = _amounts(parts, month, is_sum=is_sum)
    then = _amounts(parts, before, is_sum=is_sum)
    is_whole = _adds_up(now, whole.get(month.start, {}).get(None), is_sum=is_sum)
    if len({*now, *then}) not in range(2, _MOST_PARTS + 1) or not is_whole:
        return None
    return explaining(contributions(then, now))


def _amounts(parts: _Parts, period: Period, *, is_sum: bool) -> dict[str | None, Amount]:
    """Each part over a period of months: of a sum the mean month; of a ratio all its numerators and denominators."""
    months = [its for start, its in parts.items() if period.start <= start < period.end]
    if not months:
        return {}
    found: dict[str | None, list[float]] = {}
    for its in months:
        for part, value in its.items():
            if is_sum and value.value is not None:
                found.setdefault(part, [0.0, 0.0])[0] += float(value.value) / len(months)
            elif not is_sum and value.numerator is not None and value.denominator is not None:
                kept = found.setdefault(part, [0.0, 0.0])
                kept[0], kept[1] = kept[0] + float(value.numerator), kept[1] + float(value.denominator)
    return {part: Amount(numerator=n, denominator=None if is_sum else d) for part, (n, d) in found.items()}


def _adds_up(parts: Mapping[str | None, Amount], whole: MetricValue | None, *, is_sum: bool) -> bool:
    """Whether the parts make the whole: not where they overlap, leave rows out, or are no plain ratio."""
    if whole is None or whole.value is None or not parts:
        return False
    numerator = sum(a.numerator for a in parts.values())
    denominator = 1.0 if is_sum else sum(a.denominator or 0.0 for a in parts.values())
    if not denominator:
        return False
    value = float(whole.value)
    scales = (1.0,) if is_sum else _PER_HUNDRED
    return any(abs(s * numerator / denominator - value) <= _TOLERANCE * max(abs(value), 1e-9) for s in scales)
