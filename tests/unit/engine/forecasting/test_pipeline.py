"""The pipeline forecast: on simulated deals whose rates are known, and on books written by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from rapport.engine.errors import DataError
from rapport.engine.forecasting.pipeline.book import Book
from rapport.engine.forecasting.pipeline.chances import chances
from rapport.engine.forecasting.pipeline.exposure import exposure
from rapport.engine.forecasting.pipeline.forecast import forecast_of_book
from rapport.engine.forecasting.pipeline.hazards import Rates, hazards
from rapport.engine.forecasting.pipeline.learning import learnt, level
from rapport.engine.forecasting.pipeline.outlook import Stretch
from rapport.engine.forecasting.pipeline.told import PipelineForecast
from rapport.engine.metrics.period import Period
from simulated_deals import STAGES, START, simulated_deals, won_amount

NOW = START + 500.0
PERIOD = Period(date(2017, 11, 30), date(2017, 12, 30))
AHEAD = Stretch(start=NOW, end=NOW + 30)


@pytest.fixture(scope="module")
def future() -> Book:
    return simulated_deals(5, a_day=4, days=560)


@pytest.fixture(scope="module")
def many() -> Book:
    return simulated_deals(9, a_day=60, days=400)


@pytest.fixture(scope="module")
def book(future: Book) -> Book:
    return future.until(NOW)


def forecast(book: Book, stretch: Stretch = AHEAD, **more: object) -> PipelineForecast:
    more = {"path": False, "futures": 4_000, **more}
    return forecast_of_book(book, learnt(book), stretch, period=PERIOD, currency="EUR", **more)  # type: ignore[arg-type]


class TestHazards:
    def test_find_the_rates_that_deals_were_made_with(self, many: Book) -> None:
        seen = exposure(many.until(START + 390))
        found = hazards(seen, START + 390).mean
        days = seen.days.sum(2)
        won = (found.won * days).sum(1) / days.sum(1)
        assert won == pytest.approx([1 / 400, 1 / 150, 1 / 25], rel=0.1)
        moved = (found.moved * days[:, None, :]).sum(2) / days.sum(1)[:, None]
        assert moved[0, 1] == pytest.approx(1 / 20, rel=0.1)
        assert moved[1, 2] == pytest.approx(1 / 25, rel=0.1)
        assert moved[2].sum() == 0

    def test_count_every_day_under_watch_and_every_close_once(self, book: Book) -> None:
        seen = exposure(book)
        closes = ~book.is_open
        assert seen.won.sum() == (closes & book.won).sum()
        assert seen.lost.sum() == (closes & ~book.won).sum()
        stayed = np.minimum(np.where(book.is_open, book.at, book.closed), book.at) - book.created
        assert seen.days.sum() == pytest.approx(stayed.sum())

    @pytest.mark.parametrize(("better", "factor"), [(2.0, 2.0), (1.0, 1.0)])
    def test_a_month_of_the_quarter_counts_for_more_only_where_it_always_was(
        self, better: float, factor: float
    ) -> None:
        now = START + 549
        watched = exposure(simulated_deals(5, a_day=4, days=560).until(now))
        won = np.round(watched.won * np.where(watched.season == 2, better, 1.0))
        season = hazards(replace(watched, won=won), now).mean.season[0]
        assert season[2] / season[:2].mean() == pytest.approx(factor, rel=0.12)


class TestChances:
    def test_agree_with_the_closed_form_of_one_stage(self) -> None:
        """Constant rates: P(won by t) = w / (w + l) x (1 - exp(-(w + l) t))."""
        won, lost, days = 0.02, 0.03, 30.0
        flat = np.ones((1, 10))
        rates = Rates(won=won * flat, lost=lost * flat, moved=np.zeros((1, 1, 10)), season=np.ones((2, 3)))
        found = chances(rates, start=NOW, days=days)
        by_hand = won / (won + lost) * (1 - np.exp(-(won + lost) * days))
        assert found.won[0] == pytest.approx(by_hand)
        # beginners at an even pace: the integral of the same over the days that each has left
        all_won = won / (won + lost) * (days - (1 - np.exp(-(won + lost) * days)) / (won + lost))
        assert found.of_new[0] == pytest.approx(all_won, rel=1e-3)

    def test_agree_with_what_came_of_many_deals(self, many: Book) -> None:
        then = many.until(START + 330)
        found = forecast(then, Stretch(start=then.at, end=then.at + 30))
        won = set(many.ids[many.won_between(then.at, then.at + 30)].tolist())
        for stage in STAGES:
            here = {then.ids[i] for i in np.flatnonzero(then.is_open) if STAGES[then.state[i]] == stage}
            deals = [d for d in found.deals if d.id in here]
            expected, came = sum(d.chance for d in deals), sum(d.id in won for d in deals)
            assert came == pytest.approx(expected, rel=0.25), stage


class TestForecast:
    def test_bands_hold_as_often_as_they_say(self) -> None:
        """40 companies: a band of 80 % should hold in 32 of them, give or take five (two standard errors)."""
        held = dict.fromkeys((50, 80, 95), 0)
        off = run_rate_off = 0.0
        for seed in range(40):
            whole = simulated_deals(100 + seed, a_day=1, days=430)
            now = START + 400.0
            found = forecast(whole.until(now), Stretch(start=now, end=now + 30), futures=2_000).whole
            came = won_amount(whole, now, now + 30)
            for share in held:
                low, high = found.total.band(share)
                held[share] += low <= came <= high
            off += abs(found.total.expected - came)
            run_rate_off += abs(found.run_rate - came)
        assert 14 <= held[50] <= 26
        assert 27 <= held[80] <= 37
        assert held[95] >= 35
        assert off < run_rate_off

    def test_parts_sum_to_the_whole(self, book: Book) -> None:
        found = forecast(book)
        for dimension in ("owner", "team", "pipeline"):
            parts = found.parts[dimension]
            for name in ("won", "of_open", "of_new", "run_rate", "stage_weighted", "naive"):
                assert sum(getattr(p, name) for p in parts) == pytest.approx(getattr(found.whole, name)), name
            assert sum(p.total.expected for p in parts) == pytest.approx(found.whole.total.expected)
        assert len(found.parts["owner"]) == 5
        assert sum(d.expected for d in found.deals) == pytest.approx(found.whole.of_open)

    def test_the_mean_of_the_futures_is_what_is_expected(self, book: Book) -> None:
        total = forecast(book, futures=20_000).whole.total
        assert total.median == pytest.approx(total.expected, rel=0.03)
        assert total.low_95 < total.low_80 < total.low_50 < total.median < total.high_50 < total.high_80 < total.high_95

    def test_an_owner_s_share_is_the_same_alone_as_among_all(self, book: Book) -> None:
        among = {p.value: p for p in forecast(book).parts["owner"]}["u2"]
        alone = forecast(book, owners={"u2"})
        assert alone.whole.total.expected == pytest.approx(among.total.expected)
        assert [p.value for p in alone.parts["owner"]] == ["u2"]
        assert len(alone.deals) == (book.is_open & (book.owner == "u2")).sum()

    def test_the_same_seed_gives_the_same_numbers_and_another_nearly_so(self, book: Book) -> None:
        first, again, other = forecast(book), forecast(book), forecast(book, seed=3)
        assert first == again
        assert first.whole.total.high_80 != other.whole.total.high_80
        assert first.whole.total.high_80 == pytest.approx(other.whole.total.high_80, rel=0.05)

    def test_reads_nothing_that_came_later(self, future: Book) -> None:
        later = replace(future, amount=np.where(future.created > NOW, 1e9, future.amount))
        assert forecast(later.until(NOW)) == forecast(future.until(NOW))
        assert not (future.until(NOW).closed > NOW).any()
        assert (future.until(NOW).visits.left <= NOW).all()

    def test_a_period_half_over_is_what_was_won_and_what_is_expected(self, book: Book) -> None:
        found = forecast(book, Stretch(start=NOW - 15, end=NOW + 15), path=True)
        assert found.whole.won == pytest.approx(won_amount(book, NOW - 15, NOW))
        assert found.whole.total.low_95 > found.whole.won
        assert found.path[0].total.expected == 0
        assert found.path[-1].total.expected == pytest.approx(found.whole.total.expected)
        ends = [step.total.expected for step in found.path]
        assert ends == sorted(ends)

    def test_a_period_that_is_over_is_what_was_won(self, book: Book) -> None:
        whole = forecast(book, Stretch(start=NOW - 60, end=NOW - 30)).whole
        came = won_amount(book, NOW - 60, NOW - 30)
        assert whole.total.expected == pytest.approx(came)
        assert (whole.total.low_95, whole.total.high_95) == pytest.approx((came, came))
        assert whole.of_new == 0

    def test_the_run_rate_is_what_was_won_in_ninety_days_by_the_day(self, book: Book) -> None:
        assert forecast(book).whole.run_rate == pytest.approx(won_amount(book, NOW - 90, NOW) / 90 * 30)
        assert forecast(book).whole.naive == pytest.approx(won_amount(book, NOW - 30, NOW))

    def test_commit_and_best_case_are_unknown_without_categories(self, book: Book) -> None:
        assert forecast(book).whole.commit is None
        still = np.flatnonzero(book.is_open)
        category, due = book.category.copy(), book.due.copy()
        category[still[:3]] = ["commit", "best_case", "commit"]
        due[still[2]] = NOW + 90
        found = forecast(replace(book, category=category, due=due)).whole
        assert found.commit == pytest.approx(book.amount[still[0]])
        assert found.best_case == pytest.approx(book.amount[still[:2]].sum())

    def test_deals_without_amount_count_as_usual_and_it_is_said(self, book: Book) -> None:
        amount = np.where(book.is_open & (np.arange(len(book)) % 2 == 0), np.nan, book.amount)
        found = forecast(replace(book, amount=amount))
        assert sum(d.assumed for d in found.deals) == np.isnan(amount[book.is_open]).sum()
        assert any("have no amount" in note for note in found.notes)
        assert found.whole.total.expected == pytest.approx(forecast(book).whole.total.expected, rel=0.2)

    def test_without_any_amount_there_is_no_forecast(self, book: Book) -> None:
        with pytest.raises(DataError, match="No deal has an amount"):
            forecast(replace(book, amount=np.full(len(book), np.nan)))

    def test_without_a_won_deal_the_bands_begin_at_nothing_and_it_is_said(self, book: Book) -> None:
        found = forecast(replace(book, won=np.zeros(len(book), bool)))
        assert found.whole.total.low_95 < 0.2 * found.whole.total.expected
        assert any("Learnt from 0 won deals" in note for note in found.notes)


class TestWeighing:
    def test_half_a_weight_meets_in_the_middle_of_the_logarithm(self) -> None:
        assert 99.5 * level(99.5, 24.5, 0.5) == pytest.approx(99.5 * 0.5)
        assert level(99.5, 24.5, 1.0) == 1.0
        assert level(0.0, 10.0, 0.0) == 1.0

    def test_hazards_are_trusted_where_they_were_nearer_than_the_run_rate(self) -> None:
        """Deals begin ever more often: the run rate lags behind, hazards see the open ones."""
        growing = learnt(simulated_deals(3, a_day=8, days=400, growing=True).until(START + 390))
        assert len(growing.tried) == 6
        assert all(t.run_rate < t.hazard for t in growing.tried)
        assert growing.weight > 0.6
