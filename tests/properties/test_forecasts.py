"""Forecasts of any book: parts add up, bands are in order, money is never below 0, and time alone moves nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapport.engine.forecasting.pipeline.book import Book
from rapport.engine.forecasting.pipeline.forecast import forecast_of_book
from rapport.engine.forecasting.pipeline.learning import learnt
from rapport.engine.forecasting.pipeline.outlook import Stretch
from rapport.engine.forecasting.pipeline.told import Part
from rapport.engine.metrics.period import Period
from rapport.engine.statistics.seasonal import ahead
from simulated_deals import START, simulated_deals

PERIOD = Period(date(2020, 1, 1), date(2020, 2, 1))


def whole(book: Book, start: float, days: float) -> tuple[Part, dict[str, tuple[Part, ...]]]:
    found = forecast_of_book(
        book,
        learnt(book),
        Stretch(start=start, end=start + days),
        period=PERIOD,
        currency="EUR",
        futures=200,
        path=False,
    )
    return found.whole, found.parts


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    known_days=st.integers(2, 200),
    begins=st.integers(-60, 60),
    days=st.integers(1, 92),
    unknown=st.sampled_from([0.0, 0.5, 0.9]),
    owners=st.integers(1, 6),
)
def test_parts_add_up_and_bands_are_in_order(
    seed: int, known_days: int, begins: int, days: int, unknown: float, owners: int
) -> None:
    now = START + known_days
    book = simulated_deals(seed, a_day=0.6, days=210, owners=owners).until(now)
    hidden = np.random.default_rng(seed).random(len(book)) < unknown
    book = replace(book, amount=np.where(hidden, np.nan, book.amount))
    if not len(book) or np.isnan(book.amount).all():
        return
    found, parts = whole(book, now + begins, days)
    total = found.total
    assert 0 <= found.won <= total.low_95 + 1e-6
    assert (
        total.low_95 <= total.low_80 <= total.low_50 <= total.median <= total.high_50 <= total.high_80 <= total.high_95
    )
    assert total.expected == pytest.approx(found.won + found.of_open + found.of_new)
    for name in ("won", "of_open", "of_new", "run_rate", "closing"):
        assert sum(getattr(p, name) for p in parts["owner"]) == pytest.approx(getattr(found, name), abs=1e-6)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1_000), scale=st.floats(0.01, 1_000))
def test_money_in_another_unit_is_another_unit_of_forecast(seed: int, scale: float) -> None:
    book = simulated_deals(seed, a_day=1, days=210).until(START + 200)
    one, other = whole(book, book.at, 30)[0], whole(replace(book, amount=book.amount * scale), book.at, 30)[0]
    assert other.total.expected == pytest.approx(one.total.expected * scale)
    assert other.total.high_80 == pytest.approx(one.total.high_80 * scale, rel=1e-6)
    assert other.run_rate == pytest.approx(one.run_rate * scale)


@settings(max_examples=50, deadline=None)
@given(
    values=st.lists(st.floats(0, 1e6), min_size=1, max_size=60),
    steps=st.integers(1, 8),
    season=st.sampled_from([4, 7, 12]),
)
def test_series_never_fall_below_nothing_and_their_bands_are_in_order(
    values: list[float], steps: int, season: int
) -> None:
    found = ahead(np.array(values), steps=steps, season=season, run_rate_length=3, counts=True)
    low, middle, high = (found.quantile(q) for q in (0.1, 0.5, 0.9))
    assert np.isfinite(found.value).all()
    assert (found.value >= 0).all()
    assert (low <= middle + 1e-9).all()
    assert (middle <= high + 1e-9).all()
    assert {t.method for t in found.tried} >= {"run rate", found.method}
