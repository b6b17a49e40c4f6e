"""Cohorts month by month, and what keeping customers costs and leaves."""

from __future__ import annotations

from datetime import date

import pytest

from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import Period, measure
from rapport.engine.metrics.cohort_table import cohort_table
from tiny_company import Company, utc

NOW = utc("2024-05-15 12:00")
PERSON: dict[str, object] = {"customer_grain": "person", "data_through": NOW}
SPRING = Period(date(2024, 1, 1), date(2024, 4, 1))


def order(who: str, day: str, amount: object = 10) -> dict[str, object]:
    return {"contact_id": who, "ordered_at": day, "amount": amount}


class TestCohorts:
    """a: January, February, April. b: January, April. c: February, in Stockholm; January in Greenwich."""

    ORDERS = (
        *(order("a", day) for day in ("2024-01-10", "2024-02-03", "2024-02-04", "2024-04-30")),
        *(order("b", day) for day in ("2024-01-20", "2024-04-01")),
        *(order("c", day) for day in ("2024-01-31 23:30", "2024-05-02")),
    )

    def test_the_classic_curve_by_months_since_the_first_purchase(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(orders=self.ORDERS, settings=PERSON, time_zone="Europe/Stockholm")
        january, february = cohort_table(snapshot, period=SPRING, as_of=NOW, runner=runner)
        assert (january.customers, february.customers) == (2, 1)
        assert [v.value for v in january.kept] == [1, 0.5, 0, 1, 0]
        assert [v.value for v in february.kept] == [1, 0, 0, 1]
        assert [v.maturity for v in january.kept] == [1, 1, 1, 1, 0]  # May is not over, June has not begun

    def test_the_rolling_curve_only_falls(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(orders=self.ORDERS, settings=PERSON, time_zone="Europe/Stockholm")
        january, february = cohort_table(snapshot, period=SPRING, as_of=NOW, runner=runner, rolling=True)
        assert [v.value for v in january.kept] == [1, 1, 1, 1, 0]
        assert [v.value for v in february.kept] == [1, 1, 1, 1]

    def test_it_goes_as_far_as_is_set(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(orders=self.ORDERS, settings={**PERSON, "cohort_months": 2})
        cohorts = cohort_table(snapshot, period=SPRING, as_of=NOW, runner=runner)
        assert [len(c.kept) for c in cohorts] == [3]


class TestCosts:
    """120 of retention over the first quarter's 91 days; 30 of loyalty in March; 60 of service in March."""

    COSTS = (
        {"category": "retention", "amount": 91, "period_start": date(2024, 1, 1), "period_end": date(2024, 4, 1)},
        {"category": "loyalty", "amount": 30, "period_start": date(2024, 3, 1), "period_end": date(2024, 4, 1)},
        {"category": "service", "amount": 60, "period_start": date(2024, 3, 1), "period_end": date(2024, 4, 1)},
        {"category": "media", "amount": 999, "period_start": date(2024, 3, 1), "period_end": date(2024, 4, 1)},
    )
    CONTRACTS = tuple({"account_id": a, "started_at": "2023-01-01", "monthly_amount": 5} for a in "abcd")

    @pytest.mark.parametrize(("share", "expected"), [(0, 61), (50, 91)])
    def test_costs_are_spread_over_the_days_of_the_service(
        self, share: int, expected: int, company: Company, runner: DuckdbRunner
    ) -> None:
        settings = {"data_through": NOW, "retention_service_percent": share}
        snapshot = company(costs=self.COSTS, contracts=self.CONTRACTS, settings=settings)
        found = measure(
            ["retention_cost", "customer_retention_cost"],
            snapshot,
            period=Period.month(2024, 3),
            as_of=NOW,
            runner=runner,
        )
        assert [float(v.value or 0) for v in found] == pytest.approx([expected, expected / 4])

    def test_without_costs_it_is_unknown_not_0(self, company: Company, runner: DuckdbRunner) -> None:
        ids = ["retention_cost", "customer_retention_cost"]
        for costs in ({}, {"costs": [self.COSTS[3]]}):
            snapshot = company(contracts=self.CONTRACTS, **costs)
            found = measure(ids, snapshot, period=Period.month(2024, 3), as_of=NOW, runner=runner)
            assert [v.value for v in found] == [None, None]
            assert all("costs" in (v.reason or "") for v in found)


class TestProfit:
    ORDERS = (order("p", "2024-03-05", 300), order("q", "2024-03-20", 100), order("p", "2024-04-20", 70))
    COSTS = (
        {"category": "service", "amount": 50, "contact_id": "q", "period_start": date(2024, 3, 1)},
        {"category": "overhead", "amount": 80, "period_start": date(2024, 3, 1), "period_end": date(2024, 4, 1)},
        {"category": "overhead", "amount": 33, "period_start": date(2024, 2, 1), "period_end": date(2024, 3, 1)},
    )

    def test_own_costs_and_a_share_of_those_that_name_nobody(self, company: Company, runner: DuckdbRunner) -> None:
        """March: p 300 - 3/4 of 80 = 240; q 100 - 50 - 1/4 of 80 = 30. February: nobody paid, 33 stand alone."""
        snapshot = company(orders=self.ORDERS, costs=self.COSTS, settings=PERSON)
        found = measure(
            ["customer_profit", "customer_profit_mean"],
            snapshot,
            period=Period(date(2024, 2, 1), date(2024, 5, 1)),
            grain="month",
            as_of=NOW,
            runner=runner,
        )
        told = {(v.metric, v.period.start.month): v.value for v in found}
        assert [told["customer_profit", month] for month in (2, 3, 4)] == [-33, 270, 70]
        assert [told["customer_profit_mean", month] for month in (2, 3, 4)] == [None, 135, 70]

    def test_the_whole_is_payments_less_costs(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(orders=self.ORDERS, costs=self.COSTS, settings=PERSON)
        spring = Period(date(2024, 2, 1), date(2024, 5, 1))
        found = measure(["customer_profit"], snapshot, period=spring, as_of=NOW, runner=runner)[0]
        assert float(found.value or 0) == pytest.approx(470 - 163)
