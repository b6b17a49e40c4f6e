"""What is to come beside deals: revenue from existing customers, and volumes of leads, cases and orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache

from rapport.engine.crm.as_of import as_known
from rapport.engine.errors import RapportError
from rapport.engine.forecasting.customers import RevenueForecast, revenue_forecast
from rapport.engine.forecasting.volumes import SeriesForecast, forecast_series
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.metrics.data_version import measured_tables
from rapport.workspace.metrics.forecasts.asked import slot

MONTHS = 4  # this one and three after it
VOLUMES = ("leads", "cases_opened", "orders")
_KEPT_S = 6 * 3600


@dataclass(frozen=True, kw_only=True)
class Beyond:
    """Attributes: revenue, None where it cannot be told, and `why_not`; volumes that can be told, by month."""

    revenue: RevenueForecast | None
    why_not: str
    volumes: tuple[SeriesForecast, ...]


def beyond(*, now: datetime) -> Beyond:
    """Of the whole company; computed once in six hours, and anew while nothing can be told."""
    key = f"forecast.beyond.{slot(now, hours=6)}"
    known: Beyond | None = cache.get(key)
    if known is None:
        known = _beyond(now)
        if known.revenue is not None:
            cache.set(key, known, _KEPT_S)
    return known


def _beyond(now: datetime) -> Beyond:
    revenue, why_not, volumes = None, "", []
    with open_snapshot(tables=measured_tables()) as (snapshot, runner):
        try:
            revenue = revenue_forecast(as_known(snapshot, now), runner=runner, months=MONTHS)
        except RapportError as error:
            why_not = error.sentence
        for metric in VOLUMES:
            try:
                volumes.append(forecast_series(metric, snapshot, as_of=now, runner=runner, periods_ahead=MONTHS))
            except RapportError:
                continue  # what cannot be told is left out; its metric's page says why
    return Beyond(revenue=revenue, why_not=why_not, volumes=tuple(volumes))
