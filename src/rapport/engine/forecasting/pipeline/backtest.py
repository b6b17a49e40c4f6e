"""The forecast as it would have been made at past instants, against what was won: rolling origin, no hindsight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DataError
from rapport.engine.forecasting.accuracy import (
    Accuracy,
    BandAccuracy,
    Calibration,
    accuracy,
    band_accuracy,
    calibration,
)
from rapport.engine.forecasting.pipeline.book import Book, Flags, in_days
from rapport.engine.forecasting.pipeline.forecast import forecast_of_book
from rapport.engine.forecasting.pipeline.learning import learnt
from rapport.engine.forecasting.pipeline.outlook import Stretch
from rapport.engine.forecasting.pipeline.reading import StandIns, read_book
from rapport.engine.forecasting.pipeline.told import PipelineForecast
from rapport.engine.metrics.period import Period
from rapport.engine.runner import Runner

METHODS = ("expected", "hazard", "run_rate", "naive", "stage_weighted", "closing")
_FUTURES = 5_000


@dataclass(frozen=True, kw_only=True)
class Origin:
    """One past forecast. came: what was won in its period; by_method: what each method said."""

    forecast: PipelineForecast
    came: float
    by_method: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """Attributes: methods, by name, the run rate always among them; bands; chances, of open deals to be won in time."""

    origins: tuple[Origin, ...]
    methods: dict[str, Accuracy]
    bands: BandAccuracy | None
    chances: Calibration | None


def backtest(
    snapshot: Snapshot, *, origins: Sequence[datetime], days: int, as_of: datetime, runner: Runner
) -> Backtest:
    """At each origin, the `days` after it are forecast from what was known then; judged by what is known at `as_of`.

    Amounts of open deals that were not recorded then count as unknown. Two queries for each origin.
    Origins whose days are not over by `as_of`, or without a deal, are left out.
    """
    known_now = read_book(as_known(snapshot, as_of), runner=runner)
    told = []
    for at in origins:
        if at + timedelta(days=days) > as_of:
            continue
        try:
            book = read_book(as_known(snapshot, at), runner=runner, stand_ins=StandIns.CLOSED)
            origin = _origin(book, known_now, at, days, snapshot.currency)
        except DataError:
            continue
        told.append((origin, _happened(origin, known_now)))
    found = tuple(origin for origin, _ in told)
    came = [o.came for o in found]
    chance = np.array([deal.chance for o in found for deal in o.forecast.deals])
    return Backtest(
        origins=found,
        methods={name: accuracy([o.by_method[name] for o in found], came) for name in METHODS},
        bands=band_accuracy([o.forecast.whole.total for o in found], came),
        chances=calibration(chance, np.array([won for _, wins in told for won in wins], bool)),
    )


def _origin(book: Book, known_now: Book, at: datetime, days: int, currency: str) -> Origin:
    start = in_days(at)
    stretch = Stretch(start=start, end=start + days)
    period = Period(at.date(), at.date() + timedelta(days=days))
    found = forecast_of_book(
        book, learnt(book), stretch, period=period, currency=currency, futures=_FUTURES, path=False
    )
    whole = found.whole
    came = known_now.amount[_came(known_now, at, days)]
    by_method = {name: getattr(whole, name) for name in METHODS[2:]}
    by_method |= {"expected": whole.total.expected, "hazard": whole.won + (whole.of_open + whole.of_new) / found.level}
    return Origin(forecast=found, came=float(np.nansum(came)), by_method=by_method)


def _came(known_now: Book, at: datetime, days: int) -> Flags:
    start = in_days(at)
    return np.asarray(known_now.won_between(start, start + days) & (known_now.closed > start))


def _happened(origin: Origin, known_now: Book) -> list[bool]:
    """Of the deals open then, in the order of the forecast: whether each was won in time."""
    won = set(known_now.ids[_came(known_now, origin.forecast.as_of, origin.forecast.period.days)].tolist())
    return [deal.id in won for deal in origin.forecast.deals]
