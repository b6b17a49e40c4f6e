"""Goals measured on rows: how metrics are read, and with how many queries."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta

from rapport.engine.metrics import Only, Period
from rapport.engine.metrics.goals import Direction, Goal, Reading, histories, progress
from rapport.engine.metrics.goals.months import knots, months_before, months_between
from tiny_company import Company, CountingRunner, utc

TODAY, NOW = date(2026, 7, 1), utc("2026-07-01 02:15")
SPAN = Period.year(2026)


def _orders() -> list[dict[str, object]]:
    """On each 10th since January 2024, two customers buy for 60 in the shop and 40 on the web; every third time only
    the first does."""
    rows: list[dict[str, object]] = []
    day, number = date(2024, 1, 10), 0
    while day < TODAY:
        for contact, amount, channel in (("c1", 60, "store"), ("c2", 40, "web")):
            if contact == "c1" or number % 3:
                row = {"contact_id": contact, "ordered_at": day.isoformat(), "recorded_at": day.isoformat()}
                rows.append({**row, "amount": amount, "channel": channel, "currency": "EUR", "status": "paid"})
        day, number = day + relativedelta(months=1), number + 1
    return rows


def _goal(metric: str, target: float = 1.0, **told: object) -> Goal:
    return Goal(metric=metric, target=target, direction=Direction.AT_LEAST, span=SPAN, **told)  # type: ignore[arg-type]


@pytest.fixture
def found(company: Company, counting: CountingRunner) -> dict[str, Any]:
    metrics = ("revenue", "average_basket_value", "active_customers", "repeat_customer_ratio")
    people = [{"id": c, "created_at": "2023-12-01", "recorded_at": "2023-12-01"} for c in ("c1", "c2")]
    snapshot = company(orders=_orders(), contacts=people, settings={"customer_grain": "person", "data_through": NOW})
    goals = [_goal(m) for m in metrics] + [_goal("revenue", filters=(Only("channel", ("web",)),))]
    told = progress(goals, snapshot, today=TODAY, as_of=NOW, runner=counting)
    return {**dict(zip((*metrics, "on the web"), told, strict=True)), "queries": counting.queries}


class TestReading:
    @pytest.mark.parametrize(
        ("metric", "reading"),
        [
            ("revenue", Reading.TOTAL),
            ("average_basket_value", Reading.AVERAGE),
            ("active_customers", Reading.TRAILING),
            ("repeat_customer_ratio", Reading.LEVEL),
        ],
    )
    def test_follows_from_what_the_metric_is(self, found: dict[str, Any], metric: str, reading: Reading) -> None:
        assert found[metric].reading is reading

    def test_of_each_gives_the_value_so_far(self, found: dict[str, Any]) -> None:
        """January to June 2026 are the 25th to 30th time: both buy but at the 25th and 28th."""
        values = {name: p.value for name, p in found.items() if name != "queries"}
        assert values == {
            "revenue": 6 * 60 + 4 * 40,
            "average_basket_value": pytest.approx(520 / 10),
            "active_customers": 2,
            "repeat_customer_ratio": 1.0,
            "on the web": 160,
        }

    def test_the_same_span_a_year_ago_is_known(self, found: dict[str, Any]) -> None:
        assert found["revenue"].history.last_year.value == 12 * 60 + 8 * 40

    def test_months_before_the_data_begin_are_unknown_and_not_0(self, found: dict[str, Any]) -> None:
        series = found["revenue"].history.series
        assert series[:6] == [None] * 6
        assert series[-3:] == [60.0, 100.0, 100.0]

    def test_what_sources_have_not_told_yet_is_still_to_come(self, company: Company, counting: CountingRunner) -> None:
        """The last order is of 10 June: 100 of December's to be told by the end of the year are 6 and two thirds."""
        (late,) = progress([_goal("revenue")], company(orders=_orders()), today=TODAY, as_of=NOW, runner=counting)
        assert late.history.series[-1] is None
        assert late.likely == pytest.approx(520 + 6.67 * 86.7, rel=0.08)

    def test_as_read_before_is_read_again(self, company: Company, counting: CountingRunner) -> None:
        snapshot = company(orders=_orders())
        (told,) = histories(
            [_goal("average_basket_value")],
            snapshot,
            today=TODAY,
            as_of=NOW,
            runner=counting,
            readings=[Reading.TRAILING],
        )
        assert told.reading is Reading.TRAILING

    def test_goals_on_the_same_rows_share_queries(self, found: dict[str, Any]) -> None:
        assert found["queries"] <= 16  # of five goals


class TestMonths:
    def test_are_whole_and_end_before_the_day(self) -> None:
        assert [m.label for m in months_before(date(2026, 3, 31), 2)] == [
            "2026-01-31 to 2026-02-27",
            "2026-02-28 to 2026-03-30",
        ]

    @pytest.mark.parametrize(
        ("first", "last", "months"),
        [
            (date(2026, 1, 31), date(2026, 2, 28), 1.0),
            (date(2026, 1, 1), date(2027, 1, 1), 12.0),
            (date(2026, 7, 1), date(2026, 7, 16), 15 / 31),
            (date(2026, 7, 2), date(2026, 7, 1), 0.0),
        ],
    )
    def test_between_two_days(self, first: date, last: date, months: float) -> None:
        assert months_between(first, last) == pytest.approx(months)

    @pytest.mark.parametrize("days", range(0, 62, 7))
    def test_knots_cut_a_span_where_months_end(self, days: int) -> None:
        cut = TODAY + timedelta(days=days)
        told = list(knots(cut, SPAN))
        assert told[0][0] == SPAN.start
        assert told[-1][0] == SPAN.end
        assert dict(told)[cut] == 0
        assert [d for d, _ in told] == sorted({d for d, _ in told})
        assert all(0 < (b - a).days <= 31 for (a, _), (b, _) in pairwise(told))
