"""Goals against histories written as numbers: value, pace, projection, chance, status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from goal_histories import history_of
from rapport.engine.metrics.goals import Direction, Progress, Reading, Status, progress_of
from rapport.engine.metrics.period import Period

STEADY = [100.0 + (5 * i) % 13 - 6 for i in range(36)]  # 94 to 106, of no season
CHRISTMAS = [60.0, 60.0, 60.0, 60.0, 60.0, 300.0, 60.0, 60.0, 60.0, 60.0, 60.0, 60.0] * 3  # newest first half of a year


def _total(series: Sequence[float | None], **told: object) -> Progress:
    return progress_of(history_of(series, **told))  # type: ignore[arg-type]


class TestTotal:
    def test_goes_on_as_it_went(self) -> None:
        found = _total(STEADY, now=600.0, target=1200.0)
        assert found.value == 600.0
        assert found.likely == pytest.approx(1200, rel=0.02)
        assert found.lower is not None
        assert found.upper is not None
        assert 1150 < found.lower < 1195 < 1205 < found.upper < 1250
        assert found.probability == pytest.approx(0.5, abs=0.1)

    @pytest.mark.parametrize(("target", "status"), [(1100.0, Status.ON_TRACK), (1300.0, Status.AT_RISK)])
    def test_is_at_risk_where_it_is_likelier_missed(self, target: float, status: Status) -> None:
        found = _total(STEADY, now=600.0, target=target)
        assert found.status is status
        assert found.probability is not None
        assert (found.probability > 0.95) is (status is Status.ON_TRACK)
        assert (found.probability < 0.05) is (status is Status.AT_RISK)

    def test_is_reached_before_it_is_due(self) -> None:
        assert _total(STEADY, now=601.0, target=600.0).status is Status.REACHED

    def test_that_may_be_at_most_something_is_missed_before_it_is_due_and_reached_only_then(self) -> None:
        most = Direction.AT_MOST
        assert _total(STEADY, now=601.0, target=600.0, direction=most).status is Status.MISSED
        assert _total(STEADY, now=600.0, target=1300.0, direction=most).status is Status.ON_TRACK
        over = _total(STEADY, now=1200.0, target=1300.0, direction=most, cut=date(2027, 1, 1))
        assert (over.status, over.probability) == (Status.REACHED, 1.0)

    def test_that_may_shrink_is_not_reached_before_it_is_due(self) -> None:
        refunded = [100.0, -20.0] * 18
        assert _total(refunded, now=700.0, target=600.0).status is not Status.REACHED

    def test_after_its_due_day_is_certain(self) -> None:
        found = _total(STEADY, now=1199.0, target=1200.0, cut=date(2027, 3, 1))
        assert (found.status, found.probability, found.lower, found.upper) == (Status.MISSED, 0.0, 1199.0, 1199.0)
        assert found.done == 1.0

    def test_knows_that_december_is_to_come(self) -> None:
        found = _total(CHRISTMAS, now=360.0, target=960.0)
        assert found.pace is not None
        assert found.pace.seasonal
        assert found.expected == pytest.approx(400, abs=40)  # not 480: the better half is to come
        assert found.likely == pytest.approx(960, rel=0.03)
        assert found.status is Status.ON_TRACK or found.probability == pytest.approx(0.5, abs=0.1)

    def test_runs_evenly_with_less_than_two_years_of_history(self) -> None:
        found = _total(CHRISTMAS[-20:], now=360.0, target=960.0)
        assert found.pace is not None
        assert not found.pace.seasonal
        assert found.expected == pytest.approx(960 * 181 / 365)

    def test_of_a_part_of_a_month_counts_its_share(self) -> None:
        found = _total(STEADY, now=0.0, target=45.0, span=Period(date(2026, 7, 1), date(2026, 7, 16)), begun=False)
        assert found.status is Status.UNKNOWN
        begun = _total(STEADY, now=100.0, target=150.0, span=Period(date(2026, 6, 1), date(2026, 7, 16)))
        assert begun.likely == pytest.approx(100 + 100 * 15 / 31, rel=0.03)


class TestUnknown:
    def test_a_goal_that_has_not_begun_says_when_it_does(self) -> None:
        found = _total(STEADY, target=10.0, span=Period(date(2026, 8, 1), date(2026, 9, 1)), begun=False)
        assert (found.value, found.status, found.reason) == (None, Status.UNKNOWN, "It begins on 2026-08-01.")
        assert found.likely == pytest.approx(100, rel=0.03)  # August, and not July with it

    @pytest.mark.parametrize(
        ("reading", "metric", "likely"),
        [(Reading.AVERAGE, "average_basket_value", 100.0), (Reading.LEVEL, "customers", 100.0)],
    )
    def test_of_a_goal_to_come_is_told_where_it_may_end(self, reading: Reading, metric: str, likely: float) -> None:
        span = Period(date(2026, 9, 1), date(2026, 12, 1))
        found = _total(STEADY, reading=reading, metric=metric, target=90.0, span=span, begun=False)
        assert found.likely == pytest.approx(likely, rel=0.03)
        assert found.probability is not None
        assert found.probability > 0.9

    def test_a_metric_without_value_is_unknown_and_not_0(self) -> None:
        found = _total([None] * 36, now=None, target=10.0)
        assert (found.value, found.status, found.probability) == (None, Status.UNKNOWN, None)
        assert found.reason == "No sales to count in this period."

    def test_without_history_the_pace_alone_decides(self) -> None:
        short: list[float | None] = [None] * 33 + [100.0, 90.0, 110.0]
        ahead, behind = (_total(short, now=now, target=1200.0) for now in (600.0, 500.0))
        assert (ahead.status, behind.status) == (Status.ON_TRACK, Status.AT_RISK)
        assert ahead.probability is None
        assert ahead.no_projection == "How it varies is not known yet: only 3 months of history, 6 are needed."


class TestAverage:
    def test_what_is_done_weighs_as_much_as_what_is_to_come(self) -> None:
        """Half a year at 10 %, months at 20 % since: the year comes to 15 %."""
        found = _total([0.2] * 36, metric="win_rate", reading=Reading.AVERAGE, now=0.1, target=0.15)
        assert found.likely == pytest.approx(0.15, abs=0.005)
        assert found.expected == 0.15

    def test_a_cohort_that_has_not_matured_counts_as_still_to_come(self) -> None:
        """Three settled months at 30 %, three open ones at 5 % so far: the half year comes to 30 %, not to 17.5 %."""
        history = history_of(
            [0.3] * 36,
            metric="win_rate_cohort",
            reading=Reading.AVERAGE,
            now=0.175,
            target=0.25,
            span=Period(date(2026, 1, 1), date(2026, 7, 1)),
        )
        open_months = tuple(replace(m, value=0.05, maturity=0.4) for m in history.months[-3:])
        assert history.now is not None
        history = replace(
            history, months=(*history.months[:-3], *open_months), now=replace(history.now, maturity=0.7, value=0.175)
        )
        found = progress_of(history)
        assert found.likely == pytest.approx(0.3, abs=0.01)
        assert found.status is Status.ON_TRACK

    def test_stays_a_share(self) -> None:
        found = _total([0.99, 1.0, 0.98] * 12, metric="win_rate", reading=Reading.AVERAGE, now=0.99, target=0.9)
        assert found.upper is not None
        assert found.upper <= 1.0


class TestLevel:
    def test_is_read_now_and_may_still_fall(self) -> None:
        wandering = [100.0 * 1.1 ** (i % 5 - 2) for i in range(36)]
        found = _total(wandering, metric="backlog", reading=Reading.LEVEL, now=wandering[-1], target=50.0)
        assert found.is_met
        assert found.status is Status.ON_TRACK

    def test_goes_straight_from_where_it_was_to_its_target(self) -> None:
        series = [float(v) for v in range(64, 100)]
        found = _total(series, metric="customers", reading=Reading.LEVEL, now=99.0, target=129.0)
        assert found.pace is not None
        assert found.pace.points[0][1] == pytest.approx(93.0)  # at the end of December
        assert found.expected == pytest.approx(93 + 36 * 181 / 365, rel=0.001)
        assert found.likely == pytest.approx(105, rel=0.05)

    def test_a_day_before_it_is_due_it_is_nearly_certain(self) -> None:
        series = [100.0 + (i % 3) for i in range(36)]
        span = Period(date(2026, 1, 1), date(2026, 7, 2))
        found = _total(series, metric="customers", reading=Reading.LEVEL, now=102.0, target=101.0, span=span)
        assert found.lower is not None
        assert found.upper is not None
        assert 101 < found.lower < 102 < found.upper < 103

    @pytest.mark.parametrize("reading", [Reading.LEVEL, Reading.TRAILING])
    def test_of_a_year_of_growth_goes_on_growing(self, reading: Reading) -> None:
        series = [100.0 * 1.03**i for i in range(36)]
        found = _total(series, metric="customers", reading=reading, now=series[-1], target=series[-1] * 1.1)
        assert found.likely == pytest.approx(series[-1] * 1.03**6, rel=0.05)


class TestSameEachTime:
    def test_a_goal_is_told_the_same_twice(self) -> None:
        first, again = (_total(STEADY, now=600.0, target=1210.0) for _ in range(2))
        assert (first.probability, first.likely) == (again.probability, again.likely)
