"""Who stays and who leaves: by contract with grace, by purchases with a window of one's own."""

from __future__ import annotations

from datetime import date

import pytest

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import MetricValue, Period, measure
from rapport.engine.metrics.retention.logo_churn_rate import compounded, monthly
from tiny_company import Company, utc

NOW = utc("2025-06-30")
TOLD = {"data_through": NOW}
PERSON = {"customer_grain": "person", **TOLD}


def value_of(metric: str, snapshot: Snapshot, runner: DuckdbRunner, period: Period) -> MetricValue:
    return measure([metric], snapshot, period=period, as_of=NOW, runner=runner)[0]


def contract(who: str, started: str, ended: str | None = None, **more: object) -> dict[str, object]:
    return {"account_id": who, "started_at": started, "ended_at": ended, "monthly_amount": 100, **more}


def order(who: str, day: str, **more: object) -> dict[str, object]:
    return {"contact_id": who, "ordered_at": day, "amount": 10, "status": "paid", **more}


class TestContracts:
    def test_lost_is_who_has_no_contract_at_the_end(self, company: Company, runner: DuckdbRunner) -> None:
        """a stays, b leaves in March, c came and left within March, d left in February."""
        snapshot = company(
            contracts=[
                contract("a", "2024-01-05"),
                contract("b", "2024-01-05", "2024-03-10"),
                contract("c", "2024-03-02", "2024-03-20"),
                contract("d", "2024-01-05", "2024-02-20"),
            ]
        )
        march = value_of("logo_churn_rate", snapshot, runner, Period.month(2024, 3))
        assert (march.value, march.numerator, march.denominator, march.maturity) == (0.5, 1, 2, 1.0)
        assert value_of("retention_rate", snapshot, runner, Period.month(2024, 3)).value == 0.5
        assert value_of("current_customers", snapshot, runner, Period.month(2024, 3)).value == 1
        assert value_of("customers_lost", snapshot, runner, Period.month(2024, 3)).value == 1

    def test_a_gap_of_30_days_is_no_loss_and_of_31_is_one(self, company: Company, runner: DuckdbRunner) -> None:
        """Both were without a contract on 1 April: a signed again after 30 days, b after 31."""
        snapshot = company(
            contracts=[
                contract("a", "2024-01-01", "2024-03-15"),
                contract("a", "2024-04-14"),
                contract("b", "2024-01-01", "2024-03-15"),
                contract("b", "2024-04-15"),
            ]
        )
        march = value_of("logo_churn_rate", snapshot, runner, Period.month(2024, 3))
        assert (march.numerator, march.denominator) == (1, 2)
        first_half = value_of("logo_churn_rate", snapshot, runner, Period(date(2024, 2, 1), date(2024, 8, 1)))
        assert first_half.numerator == 0  # who left and came back within the period is not lost

    def test_an_end_that_may_still_be_renewed_is_immature(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(contracts=[contract("a", "2024-01-01", "2025-06-10"), contract("b", "2024-01-01")])
        june = value_of("logo_churn_rate", snapshot, runner, Period.month(2025, 6))
        assert (june.value, june.maturity) == (0.0, 0.5)
        assert "immature" in june.flags

    def test_a_renewed_contract_goes_on_in_its_renewal(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(
            contracts=[
                contract("a", "2024-01-01", id="k1", renewed_by_contract_id="k2"),
                contract("a", "2025-01-01", "2025-02-01", id="k2"),
            ]
        )
        assert value_of("current_customers", snapshot, runner, Period.month(2024, 12)).value == 1
        assert value_of("logo_churn_rate", snapshot, runner, Period.month(2025, 2)).value == 1.0

    def test_no_customers_at_the_start_give_no_rate(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(contracts=[contract("a", "2024-03-05")])
        march = value_of("logo_churn_rate", snapshot, runner, Period.month(2024, 3))
        assert march.value is None
        assert march.reason == "No customers of the start to count in this period."


class TestPurchases:
    def test_after_90_days_without_purchase_a_buyer_is_lost(self, company: Company, runner: DuckdbRunner) -> None:
        """p bought on 1 January: 90 days are over on 31 March. q one day later."""
        snapshot = company(orders=[order("p", "2024-01-01"), order("q", "2024-01-02")], settings=PERSON)
        march = value_of("logo_churn_rate", snapshot, runner, Period(date(2024, 3, 1), date(2024, 4, 1)))
        assert (march.numerator, march.denominator) == (1, 2)

    def test_who_buys_twice_a_year_is_given_three_of_their_own_gaps(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        """p: gaps of 180 days, so 540 days; before the second purchase nothing of that is known."""
        days = ("2022-01-01", "2022-06-30", "2022-12-27")
        snapshot = company(orders=[order("p", day) for day in days], settings=PERSON)
        assert value_of("current_customers", snapshot, runner, Period.month(2022, 4)).value == 0
        assert value_of("current_customers", snapshot, runner, Period.month(2023, 12)).value == 1
        assert value_of("current_customers", snapshot, runner, Period.month(2024, 5)).value == 1
        assert value_of("current_customers", snapshot, runner, Period.month(2024, 6)).value == 0

    def test_split_shipments_do_not_shorten_the_window(self, company: Company, runner: DuckdbRunner) -> None:
        days = ("2024-01-01 10:00", "2024-01-01 18:00", "2024-06-29 10:00", "2024-06-29 12:00")
        snapshot = company(orders=[order("p", day) for day in days], settings=PERSON)
        assert value_of("current_customers", snapshot, runner, Period.month(2025, 3)).value == 1

    def test_a_later_purchase_does_not_change_the_past(self, company: Company, runner: DuckdbRunner) -> None:
        """p was lost in April, and is so however often they come back later."""
        lost = [order("p", "2024-01-05"), order("q", "2024-03-01")]
        for orders in (lost, [*lost, order("p", "2024-10-01")]):
            april = value_of(
                "logo_churn_rate", company(orders=orders, settings=PERSON), runner, Period.quarter(2024, 2)
            )
            assert (april.numerator, april.denominator) == (2, 2)

    def test_refunded_orders_make_no_customer(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(orders=[order("p", "2024-01-01", status="refunded"), order("q", "2024-01-01")])
        assert value_of("current_customers", snapshot, runner, Period.month(2024, 1)).value == 1


class TestBoth:
    def test_orders_under_a_contract_do_not_prolong_it(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(
            contracts=[contract("a", "2024-01-01", "2024-05-10")],
            orders=[{"account_id": "a", "ordered_at": "2024-05-01", "amount": 5}],
        )
        assert value_of("logo_churn_rate", snapshot, runner, Period.month(2024, 5)).value == 1.0

    def test_a_purchase_after_the_contract_makes_a_buyer_of_them(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(
            contracts=[contract("a", "2024-01-01", "2024-05-10")],
            orders=[{"account_id": "a", "ordered_at": "2024-05-20", "amount": 5}],
            settings=TOLD,
        )
        assert value_of("logo_churn_rate", snapshot, runner, Period.month(2024, 5)).value == 0.0
        assert value_of("current_customers", snapshot, runner, Period.month(2024, 7)).value == 1
        assert value_of("current_customers", snapshot, runner, Period.month(2024, 8)).value == 0

    def test_a_buyer_who_signs_is_one_customer(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(
            contracts=[contract("a", "2024-02-01")],
            orders=[{"account_id": "a", "ordered_at": "2024-01-20", "amount": 5}],
        )
        for month in (1, 2, 3):
            assert value_of("current_customers", snapshot, runner, Period.month(2024, month)).value == 1
        assert value_of("retention_rate", snapshot, runner, Period.month(2024, 2)).value == 1.0


def test_months_compound_to_the_year(company: Company, runner: DuckdbRunner) -> None:
    """Of 8 customers one leaves each month: the rates of the months multiply up to that of the whole."""
    contracts = [contract(f"a{i}", "2023-12-01", f"2024-{i:02d}-15" if i <= 4 else None) for i in range(1, 9)]
    snapshot = company(contracts=contracts)
    months = measure(
        ["logo_churn_rate"],
        snapshot,
        period=Period(date(2024, 1, 1), date(2024, 5, 1)),
        grain="month",
        as_of=NOW,
        runner=runner,
    )
    rates = [float(v.value or 0) for v in months]
    assert rates == pytest.approx([1 / 8, 1 / 7, 1 / 6, 1 / 5])
    whole = value_of("logo_churn_rate", snapshot, runner, Period(date(2024, 1, 1), date(2024, 5, 1)))
    assert compounded(rates) == pytest.approx(float(whole.value or 0)) == pytest.approx(0.5)
    assert compounded([monthly(0.3)] * 12) == pytest.approx(0.3)


def test_the_year_is_twelve_months_whatever_the_leap_year(company: Company, runner: DuckdbRunner) -> None:
    """On 1 January 2024 there was a alone: b signed that day and is new within the year."""
    snapshot = company(contracts=[contract("a", "2023-05-01", "2024-09-01"), contract("b", "2024-01-01", "2024-10-01")])
    year = value_of("logo_churn_rate_year", snapshot, runner, Period.month(2024, 12))
    assert (year.numerator, year.denominator) == (1, 1)


def test_by_average_customers(company: Company, runner: DuckdbRunner) -> None:
    """2 at the start, 4 at the end, 1 lost: 1 / 3."""
    snapshot = company(
        contracts=[
            contract("a", "2024-01-05"),
            contract("b", "2024-01-05", "2024-03-10"),
            *(contract(name, "2024-03-12") for name in "cde"),
        ]
    )
    march = value_of("logo_churn_rate_average", snapshot, runner, Period.month(2024, 3))
    assert march.value == pytest.approx(1 / 3)


def test_tenure_tells_the_young_from_the_old(company: Company, runner: DuckdbRunner) -> None:
    snapshot = company(
        contracts=[contract("a", "2020-01-05", "2024-03-05"), contract("b", "2024-01-05"), contract("c", "2024-02-05")]
    )
    values = measure(
        ["logo_churn_rate"], snapshot, period=Period.month(2024, 3), as_of=NOW, runner=runner, by=["tenure"]
    )
    assert {(v.dimensions["tenure"], v.value, v.n) for v in values} == {
        ("2 to 5 years", 1.0, 1),
        ("under 1 year", 0.0, 2),
    }
