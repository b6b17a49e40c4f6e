"""What changed since an earlier forecast: every deal has one reason, and the reasons sum to the difference."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from rapport.engine.forecasting.pipeline.book import Book
from rapport.engine.forecasting.pipeline.changes import Changes, Why, changes
from rapport.engine.forecasting.pipeline.forecast import forecast_of_book
from rapport.engine.forecasting.pipeline.learning import learnt
from rapport.engine.forecasting.pipeline.outlook import Stretch
from rapport.engine.metrics.period import Period
from simulated_deals import START, simulated_deals

BEFORE, NOW = START + 493.0, START + 500.0
AHEAD = Stretch(start=START + 480, end=START + 520)
PERIOD = Period(date(2017, 11, 10), date(2017, 12, 20))


@pytest.fixture(scope="module")
def deals() -> Book:
    return simulated_deals(5, a_day=3, days=560)


def between(before: Book, now: Book) -> Changes:
    told = [
        forecast_of_book(book, learnt(book), AHEAD, period=PERIOD, currency="EUR", futures=500, path=False)
        for book in (before, now)
    ]
    return changes(*told)


class TestChanges:
    def test_sum_to_the_difference(self, deals: Book) -> None:
        found = between(deals.until(BEFORE), deals.until(NOW))
        assert sum(found.sums.values()) == pytest.approx(found.now - found.before)
        assert abs(found.sums[Why.OTHER]) < 1e-6 * found.now

    def test_tell_what_happened_to_each_deal(self, deals: Book) -> None:
        found = between(deals.until(BEFORE), deals.until(NOW))
        closed = (deals.closed > BEFORE) & (deals.closed <= NOW)
        new = (deals.created > BEFORE) & (deals.created <= NOW) & ~(deals.closed <= NOW)
        assert found.counts[Why.WON] == (closed & deals.won).sum() > 0
        assert found.counts[Why.LOST] == (closed & ~deals.won).sum() > 0
        assert found.counts[Why.NEW] == new.sum() > 0
        assert found.counts[Why.AMOUNT] == 0
        by_id = {c.id: c for c in found.deals}
        won = str(deals.ids[np.flatnonzero(closed & deals.won)[0]])
        assert by_id[won].now == pytest.approx(deals.amount[int(won[1:])])
        lost = str(deals.ids[np.flatnonzero(closed & ~deals.won)[0]])
        assert by_id[lost].now == 0
        assert abs(found.deals[0].difference) >= abs(found.deals[-1].difference)

    def test_tell_a_new_amount_from_time_that_passed(self, deals: Book) -> None:
        now = deals.until(NOW)
        waited = next(c for c in between(deals.until(BEFORE), now).deals if c.why is Why.WAITED)
        amount = np.where(now.ids == waited.id, 3 * now.amount, now.amount)
        changed = {c.id: c for c in between(deals.until(BEFORE), replace(now, amount=amount)).deals}[waited.id]
        assert changed.why is Why.AMOUNT
        assert changed.now == pytest.approx(3 * waited.now)
