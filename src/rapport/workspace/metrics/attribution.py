"""Campaigns by what each model of attribution credits to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rapport.engine.metrics.attribution.models import MODELS
from rapport.engine.metrics.measure import Told
from rapport.engine.metrics.query import Only, Split
from rapport.engine.metrics.registry import METRICS
from rapport.engine.metrics.spec import DIRECT, UNATTRIBUTED, Metric
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.metrics.dashboards import Asked
from rapport.workspace.metrics.data_version import measured_tables
from rapport.workspace.metrics.figures import number
from rapport.workspace.metrics.names import names_of

KINDS = {"revenue": "Revenue", "purchases": "Purchases"}
RESTS = {DIRECT: "Direct, no campaign", UNATTRIBUTED: "No touch recorded"}
_LAST = "last campaign"


@dataclass(frozen=True, kw_only=True)
class Model:
    """A column: the metric that tells it, and the model's name."""

    spec: Metric
    name: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """A campaign, or what none gets (`is_rest`): its id, name, and value by model; None is unknown."""

    id: str
    name: str
    is_rest: bool
    values: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class Credit:
    """Attributes:
    lines: campaigns by what the first model credits to them, most first, then the rest.
    totals: of all lines, by model.
    reasons: why models have no value, each once.
    """

    models: tuple[Model, ...]
    lines: tuple[Line, ...]
    totals: tuple[float | None, ...]
    reasons: tuple[str, ...]


def models(kind: str) -> tuple[Model, ...]:
    """The models of a kind (`revenue`, `purchases`), that of the tiles first."""
    named = [(f"campaign_{kind}", _LAST), *((f"campaign_{kind}_{m.id}", m.name) for m in MODELS)]
    return tuple(Model(spec=METRICS[metric], name=name) for metric, name in named)


def credit(kind: str, asked: Asked, *, now: datetime) -> Credit:
    """What each model credits to each campaign in the period asked for."""
    columns, period = models(kind), asked.question(now).period
    ids = [column.spec.id for column in columns]
    known = [name for name in asked.filters if all(name in column.spec.dimensions for column in columns)]
    filters = tuple(Only(name, (asked.filters[name],)) for name in known)
    with open_snapshot(tables=measured_tables()) as (snapshot, runner):
        told = Told(ids, snapshot, periods=[period], as_of=now, runner=runner, split=Split(("campaign",), filters))
        values = {
            metric: {
                value.dimensions.get("campaign"): number(value)
                for value in (told.value(metric, period, group) for group in told.groups(metric))
            }
            for metric in ids
        }
        reasons = [told.value(metric, period, group).reason for metric in ids for group in told.groups(metric)]
    return Credit(
        models=columns,
        lines=tuple(_lines(ids, values)),
        totals=tuple(_total(values[metric].values()) for metric in ids),
        reasons=tuple(dict.fromkeys(reason for reason in reasons if reason)),
    )


def _lines(ids: Sequence[str], values: Mapping[str, Mapping[str | None, float | None]]) -> list[Line]:
    campaigns = {name for its in values.values() for name in its if name is not None}
    names = names_of("campaign", campaigns - RESTS.keys()) | RESTS
    lines = [
        Line(
            id=campaign,
            name=names[campaign],
            is_rest=campaign in RESTS,
            values=tuple(values[metric].get(campaign, 0.0) for metric in ids),
        )
        for campaign in campaigns
    ]
    shown = [line for line in lines if any(line.values)]
    return sorted(shown, key=lambda line: (line.is_rest, -(line.values[0] or 0), -(line.values[1] or 0), line.name))


def _total(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
