"""Pipeline forecasts as they are asked for: a month or quarter, of the owners that a reader sees, computed once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.core.cache import cache

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DataError, DefinitionError
from rapport.engine.forecasting.pipeline.changes import Changes, changes
from rapport.engine.forecasting.pipeline.forecast import pipeline_forecast
from rapport.engine.forecasting.pipeline.reading import StandIns
from rapport.engine.forecasting.pipeline.told import PipelineForecast
from rapport.engine.metrics.period import Grain, Period
from rapport.engine.runner import Runner
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.metrics.dashboards import reporting_zone
from rapport.workspace.team.access import owners_seen
from rapport.workspace.team.models import Role, User

READ_TABLES = ("deals", "deal_stage_visits", "attribute_history", "exchange_rates", "users", "identity_links")
SINCE = timedelta(days=7)
_KEPT_S = 3600
_MOST_DEALS = 200
_FUTURES_BEFORE = 500  # only its expectation is looked at
_QUARTER, _MONTH = re.compile(r"(\d{4})-Q([1-4])"), re.compile(r"(\d{4})-(0[1-9]|1[0-2])")

Owners = frozenset[str | None] | None


@dataclass(frozen=True, kw_only=True)
class Told:
    """A forecast, and what changed in the seven days before it (None where there was none to compare with)."""

    forecast: PipelineForecast
    changed: Changes | None


def name_of(period: Period) -> str:
    """`2026-11` or `2026-Q4`."""
    quarter = Period.containing(period.start, Grain.QUARTER)
    return f"{period.start.year}-Q{period.start.month // 3 + 1}" if period == quarter else f"{period.start:%Y-%m}"


def period_named(name: str) -> Period:
    """Raises DefinitionError for anything but a month or a quarter."""
    if found := _QUARTER.fullmatch(name):
        return Period.quarter(int(found[1]), int(found[2]))
    if found := _MONTH.fullmatch(name):
        return Period.month(int(found[1]), int(found[2]))
    raise DefinitionError("not a month or quarter", where="period", received=name, allowed=("2026-11", "2026-Q4"))


def choices(today: date) -> Mapping[str, str]:
    """The periods people pick: this and the next month and quarter, by name, with a label."""
    month, quarter = Period.containing(today, Grain.MONTH), Period.containing(today, Grain.QUARTER)
    after = Period.containing(month.end, Grain.MONTH), Period.containing(quarter.end, Grain.QUARTER)
    labels = ("This month", "Next month", "This quarter", "Next quarter")
    return {name_of(p): label for p, label in zip((month, after[0], quarter, after[1]), labels, strict=True)}


def owners_of(user: User) -> Owners:
    """Whose deals a reader's forecast is about; None: everyone's."""
    seen = owners_seen(user)
    if seen is None:
        return None
    return frozenset([*seen, *([None] if user.role == Role.MANAGER else [])])


def kept_forecast(period: Period, owners: Owners, *, now: datetime) -> Told | None:
    """The forecast if it has been computed within this hour."""
    found: Told | None = cache.get(_key(period, owners, now))
    return found


def forecast(period: Period, owners: Owners, *, now: datetime) -> Told:
    """Computed now and a week back, unless it is at hand. Raises DataError where nothing can be told."""
    if (known := kept_forecast(period, owners, now=now)) is not None:
        return known
    with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
        found = pipeline_forecast(as_known(snapshot, now), period=period, runner=runner, owners=owners)
        before = _week_before(snapshot, period, owners, now=now, runner=runner)
    told = Told(
        forecast=replace(found, deals=found.deals[:_MOST_DEALS], closed=()),
        changed=_shortened(changes(before, found)) if before else None,
    )
    cache.set(_key(period, owners, now), told, _KEPT_S)
    return told


def _week_before(
    snapshot: Snapshot, period: Period, owners: Owners, *, now: datetime, runner: Runner
) -> PipelineForecast | None:
    """The same as it would have been told then; None where nothing was known yet."""
    try:
        return pipeline_forecast(
            as_known(snapshot, now - SINCE),
            period=period,
            runner=runner,
            owners=owners,
            path=False,
            futures=_FUTURES_BEFORE,
            stand_ins=StandIns.ALL,
        )
    except DataError:
        return None


def _shortened(found: Changes) -> Changes:
    return replace(found, deals=found.deals[:_MOST_DEALS])


def slot(now: datetime, *, hours: int) -> str:
    """The stretch of hours in which a forecast stays as it is: people's edits do not make everybody wait."""
    local = now.astimezone(reporting_zone())
    return f"{local.date().isoformat()}.{local.hour // hours}"


def _key(period: Period, owners: Owners, now: datetime) -> str:
    whose = "all" if owners is None else sorted(owner or "" for owner in owners)
    asked = f"{name_of(period)} {whose} {slot(now, hours=1)}"
    return "forecast." + hashlib.sha256(asked.encode()).hexdigest()
