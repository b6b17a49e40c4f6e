"""Rows of relations kept beside the lake, so that dashboards answer any question at once.

They are made again in the background when data have come in, and seldom enough to cost a small share of the time.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics.coverage import Coverage, coverage_of
from rapport.engine.metrics.kept import KeptRows, rows_to_keep
from rapport.engine.metrics.period import Grain, Period
from rapport.engine.metrics.registry import METRICS
from rapport.engine.metrics.spec import MetricSpec
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.metrics.data_version import data_version, measured_tables
from rapport.workspace.metrics.models import Tile
from rapport.workspace.metrics.periods import PERIODS
from rapport.workspace.options import home_folder

MONTHS = 26  # 24 are shown, and what the first of them looks back at
MOST_BEHIND = timedelta(minutes=30)  # how old rows may be while newer data are published
_SHARE = 15  # making them takes at most this part of the time
_FILTERS = ("owner", "team", "industry", "country", "source", "channel", "product")  # looked up for filters
_STATE = "kept.json"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What is kept. version: of the data it was made from; seconds: how long that took.

    metrics: those that were on dashboards then, and so can be told from the rows.
    """

    as_of: datetime
    version: str
    seconds: float
    folder: Path
    periods: tuple[Period, ...]
    metrics: frozenset[str]
    coverage: Coverage

    def open(self, runner: DuckdbRunner) -> KeptRows:
        tables = {file.stem: runner.from_parquet([str(file)]) for file in sorted(self.folder.glob("*.parquet"))}
        return KeptRows(
            as_of=self.as_of,
            time_zone=settings.REPORTING_TIME_ZONE,
            coverage=self.coverage,
            tables=tables,
            periods=self.periods,
            made_for=self.metrics,
        )


def usable(now: datetime) -> Kept | None:
    """What may be shown at this instant: of today, and of the newest data or little behind them."""
    kept = _read()
    if kept is None or _day(kept.as_of) != _day(now):
        return None
    return kept if kept.version == data_version() or now - kept.as_of <= MOST_BEHIND else None


def keep_rows(*, now: datetime) -> bool:
    """Make the rows anew where data, day or the metrics shown differ and the last making was long enough ago; whether
    it did.

    Kept are the relations of all metrics on dashboards. What is there stays until the new rows are complete.
    """
    before, newest, tiles = _read(), data_version(), shown_tiles()
    metrics = frozenset(spec.id for spec in _counted(metric for metric, _ in tiles))
    if before is not None:
        is_new = before.version != newest or not metrics <= before.metrics
        if not is_new and _day(before.as_of) == _day(now):
            return False
        if now - before.as_of < timedelta(seconds=_SHARE * before.seconds) and _day(before.as_of) == _day(now):
            return False
    started, folder = time.perf_counter(), _home() / uuid.uuid4().hex
    folder.mkdir(parents=True)
    try:
        coverage, periods = _written(folder, now, tiles)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    kept = Kept(
        as_of=now,
        version=newest,
        seconds=time.perf_counter() - started,
        folder=folder,
        periods=periods,
        metrics=metrics,
        coverage=coverage,
    )
    _write(kept)
    _clear(stays=[folder, *([before.folder] if before else [])])
    return True


def shown_tiles() -> list[tuple[str, str]]:
    """(metric, dimension) of every tile on any dashboard."""
    return [(tile.metric, tile.by) for tile in Tile.objects.all() if tile.metric in METRICS]


def _written(folder: Path, now: datetime, tiles: Sequence[tuple[str, str]]) -> tuple[Coverage, tuple[Period, ...]]:
    periods = kept_periods(_day(now))
    shown = _counted(metric for metric, _ in tiles)
    looked_up = {*_FILTERS, *(by for _, by in tiles if by)}
    with open_snapshot(tables=measured_tables()) as (snapshot, runner):
        coverage = coverage_of(_counted(METRICS), snapshot, as_of=now, runner=runner)
        told = [spec for spec in shown if coverage.missing(spec, snapshot) is None]
        made = rows_to_keep(told, snapshot, as_of=now, periods=periods, runner=runner, dimensions=looked_up)
        for name, rows in made:
            runner.write(rows, folder / f"{name}.parquet")
    return coverage, periods


def kept_periods(today: date) -> tuple[Period, ...]:
    """The months, and the periods that have a name with those before them."""
    months = Period.last_months(MONTHS, until=today).split(Grain.MONTH)
    named = [period_of(today) for _, period_of in PERIODS.values()]
    return tuple(dict.fromkeys((*months, *named, *(period.previous() for period in named))))


def _counted(metrics: Iterable[str]) -> list[MetricSpec]:
    specs = (spec for metric in dict.fromkeys(metrics) for spec in METRICS[metric].counted)
    return list({spec.id: spec for spec in specs}.values())


def _day(at: datetime) -> date:
    return at.astimezone(ZoneInfo(settings.REPORTING_TIME_ZONE)).date()


def _home() -> Path:
    return home_folder() / "metrics"


def _made_by() -> str:
    """What else the rows depend on: definitions, and how the company reckons."""
    told = [settings.REPORTING_TIME_ZONE, settings.BASE_CURRENCY, _definitions()]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


@cache
def _definitions() -> str:
    """The metrics of this product; asked with every dashboard, and the same as long as the process runs."""
    return json.dumps(
        [
            (m.id, m.definition_version, [(s.relation.name, [a.name for a in s.aggregates]) for s in m.counted])
            for m in METRICS.values()
        ]
    )


def _write(kept: Kept) -> None:
    coverage = kept.coverage
    state = {
        "made_by": _made_by(),
        "as_of": kept.as_of.isoformat(),
        "version": kept.version,
        "seconds": kept.seconds,
        "folder": kept.folder.name,
        "metrics": sorted(kept.metrics),
        "periods": [[period.start.isoformat(), period.end.isoformat()] for period in kept.periods],
        "first": {name: at.isoformat() for name, at in coverage.first.items()},
        "last": {name: at.isoformat() for name, at in coverage.last.items()},
        "filled": sorted(coverage.filled),
        "through": coverage.through.isoformat() if coverage.through else None,
    }
    whole = _home() / f"{_STATE}.{uuid.uuid4().hex}"
    whole.write_text(json.dumps(state))
    whole.replace(_home() / _STATE)


def _read() -> Kept | None:
    try:
        state: dict[str, Any] = json.loads((_home() / _STATE).read_text())
    except FileNotFoundError:
        return None
    folder = _home() / state["folder"]
    if state["made_by"] != _made_by() or "metrics" not in state or not folder.is_dir():
        return None
    instant = datetime.fromisoformat
    return Kept(
        as_of=instant(state["as_of"]),
        version=state["version"],
        seconds=state["seconds"],
        folder=folder,
        periods=tuple(Period(date.fromisoformat(a), date.fromisoformat(b)) for a, b in state["periods"]),
        metrics=frozenset(state["metrics"]),
        coverage=Coverage(
            first={name: instant(at) for name, at in state["first"].items()},
            last={name: instant(at) for name, at in state["last"].items()},
            filled=frozenset(state["filled"]),
            through=instant(state["through"]) if state["through"] else None,
        ),
    )


def _clear(*, stays: Iterable[Path]) -> None:
    """Delete what nobody reads any more; the rows before stay for those who have just opened them."""
    names = {folder.name for folder in stays}
    for folder in _home().iterdir():
        if folder.is_dir() and folder.name not in names:
            shutil.rmtree(folder, ignore_errors=True)
