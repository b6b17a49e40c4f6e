"""A forecast as the page shows it: words, names of people and deals, and the chart of its bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rapport.engine.forecasting.accuracy import Accuracy
from rapport.engine.forecasting.bands import SHARES, Bands
from rapport.engine.forecasting.pipeline.changes import Changes, Why
from rapport.engine.forecasting.pipeline.told import Part, PipelineForecast, Step
from rapport.workspace.crm.sales.models import Deal
from rapport.workspace.metrics.dashboards import reporting_zone
from rapport.workspace.metrics.forecasts.asked import Told
from rapport.workspace.metrics.forecasts.past import Frozen, Past
from rapport.workspace.metrics.names import names_of
from rapport.workspace.pages.deals.forecast_chart import fan
from rapport.workspace.scores.subjects import name_of
from rapport.workspace.team.access import visible
from rapport.workspace.team.models import User

_MOST_DEALS = 12
_REASONS: Mapping[Why, str] = {
    Why.WON: "Won",
    Why.LOST: "Lost",
    Why.NEW: "New deals",
    Why.MOVED: "Moved to another stage",
    Why.AMOUNT: "Other amount",
    Why.WAITED: "Stayed where they were",
    Why.TO_COME: "Deals not begun yet",
    Why.OTHER: "Corrected or handed over",
}
_METHODS = {
    "expected": "This forecast",
    "run_rate": "Run rate of the last 90 days",
    "naive": "As much as the 30 days before",
    "closing": "Stage weights x share that closes in time",
    "stage_weighted": "Stage weights, whenever they close",
}


@dataclass(frozen=True, kw_only=True)
class ShownPart:
    """An owner, team or pipeline by name."""

    name: str
    part: Part


@dataclass(frozen=True, kw_only=True)
class ShownDeal:
    """A deal by name, with its chance or what changed. why: in words; stages: where it moved."""

    id: str
    name: str
    stage: str
    chance: float | None
    amount: float
    assumed: bool
    expected: float
    difference: float
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A line of what changed."""

    label: str
    count: int | None
    sum: float


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Attributes: parts, by what they are split by, left out where there is one part only; deals, of the largest
    expectation; reasons and moved, None where there is no forecast of a week ago."""

    forecast: PipelineForecast
    whole: Part
    bands: Sequence[tuple[int, float, float]]
    chart: dict[str, Any]
    path: Sequence[Step]
    parts: Sequence[tuple[str, Sequence[ShownPart]]]
    deals: Sequence[ShownDeal]
    changed: Changes | None
    reasons: Sequence[Reason]
    moved: Sequence[ShownDeal]
    zone: str


def shown(told: Told, user: User) -> Shown:
    found = told.forecast
    moved = told.changed.deals[: 4 * _MOST_DEALS] if told.changed else ()
    names = _deal_names([d.id for d in found.deals[: 2 * _MOST_DEALS]] + [c.id for c in moved], user)
    return Shown(
        forecast=found,
        whole=found.whole,
        bands=_bands(found.whole.total),
        chart=fan(found),
        path=found.path,
        parts=_parts(found),
        deals=_deals(found, names),
        changed=told.changed,
        reasons=_reasons(told.changed),
        moved=_moved(told.changed, names),
        zone=reporting_zone().key,
    )


def _bands(total: Bands) -> list[tuple[int, float, float]]:
    return [(share, *total.band(share)) for share in SHARES]


def _parts(found: PipelineForecast) -> list[tuple[str, Sequence[ShownPart]]]:
    told: list[tuple[str, Sequence[ShownPart]]] = []
    for dimension, parts in found.parts.items():
        if len(parts) < 2 and dimension != "owner":
            continue
        names = names_of(dimension, [p.value for p in parts if p.value])
        rows = [ShownPart(name=names.get(p.value or "", f"No {dimension}"), part=p) for p in parts]
        told.append((dimension, rows))
    return told


def _deals(found: PipelineForecast, names: Mapping[str, str]) -> list[ShownDeal]:
    known = [d for d in found.deals if d.id in names and d.expected > 0]
    return [
        ShownDeal(
            id=d.id,
            name=names[d.id],
            stage=d.stage or "",
            chance=d.chance,
            amount=d.amount,
            assumed=d.assumed,
            expected=d.expected,
            difference=0.0,
        )
        for d in known[:_MOST_DEALS]
    ]


def _reasons(changed: Changes | None) -> list[Reason]:
    if changed is None:
        return []
    counts = {**changed.counts, Why.TO_COME: None}
    rows = [Reason(label=label, count=counts.get(why), sum=changed.sums[why]) for why, label in _REASONS.items()]
    return [row for row in rows if row.count or abs(row.sum) >= 0.5]


def _moved(changed: Changes | None, names: Mapping[str, str]) -> list[ShownDeal]:
    """The deals that changed the forecast most, those that only waited left out."""
    if changed is None:
        return []
    told = [c for c in changed.deals if c.id in names and c.why is not Why.WAITED and abs(c.difference) >= 0.5]
    return [
        ShownDeal(
            id=c.id,
            name=names[c.id],
            stage=c.stages[1] or "",
            chance=None,
            amount=c.now,
            assumed=False,
            expected=c.now,
            difference=c.difference,
            why=_why(c.why, c.stages),
        )
        for c in told[:_MOST_DEALS]
    ]


def _why(why: Why, stages: tuple[str | None, str | None]) -> str:
    if why is Why.MOVED:
        return f"{stages[0] or 'no stage'} to {stages[1] or 'no stage'}"
    return {Why.NEW: "New", Why.OTHER: "Corrected"}.get(why, _REASONS[why])


def _deal_names(ids: Sequence[str], user: User) -> dict[str, str]:
    rows = visible(Deal.objects.filter(pk__in=list(dict.fromkeys(ids))), user)
    return {row.pk: name_of(row) for row in rows}


@dataclass(frozen=True, kw_only=True)
class Method:
    """A method's error and bias over the months tried."""

    label: str
    accuracy: Accuracy
    ours: bool
    run_rate: bool


@dataclass(frozen=True, kw_only=True)
class TriedMonth:
    """A month as it would have been forecast."""

    start: datetime
    expected: float
    low: float
    high: float
    run_rate: float
    came: float

    @property
    def inside(self) -> bool:
        return self.low <= self.came <= self.high


@dataclass(frozen=True, kw_only=True)
class ShownPast:
    """Attributes: frozen, forecasts kept when their period began; months and methods, as they would have been."""

    frozen: Sequence[Frozen]
    frozen_accuracy: Accuracy | None
    run_rate_accuracy: Accuracy | None
    months: Sequence[TriedMonth]
    methods: Sequence[Method]
    covered: Mapping[int, float] | None
    chances: Any
    currency: str


def shown_past(found: Past) -> ShownPast:
    tried = found.tried
    months = [
        TriedMonth(
            start=o.forecast.as_of,
            expected=o.by_method["expected"],
            low=o.forecast.whole.total.low_80,
            high=o.forecast.whole.total.high_80,
            run_rate=o.by_method["run_rate"],
            came=o.came,
        )
        for o in (tried.origins if tried else ())
    ]
    methods = [
        Method(label=label, accuracy=tried.methods[name], ours=name == "expected", run_rate=name == "run_rate")
        for name, label in _METHODS.items()
        if tried is not None
    ]
    return ShownPast(
        frozen=found.frozen,
        frozen_accuracy=found.frozen_accuracy,
        run_rate_accuracy=found.run_rate_accuracy,
        months=months[::-1],
        methods=methods,
        covered=tried.bands.covered if tried and tried.bands else None,
        chances=tried.chances if tried else None,
        currency=tried.origins[0].forecast.currency if tried else "",
    )
