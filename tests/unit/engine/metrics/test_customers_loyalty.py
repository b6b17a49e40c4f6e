"""Customers who come again: cohorts, months, key customers, returns, and what is in their baskets."""

from __future__ import annotations

from datetime import date

import pytest

from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import MetricValue, Period, measure
from tiny_company import Company, Row, utc

NOW = utc("2024-12-31")


def order(who: str, at: str, **columns: object) -> Row:
    return {"contact_id": who, "ordered_at": at, "amount": 10, **columns}


def numbers(values: list[MetricValue]) -> list[float | None]:
    return [None if v.value is None else float(v.value) for v in values]


class TestRepeatWithin12Months:
    def test_each_has_a_year_and_split_shipments_are_one_purchase(self, company: Company, runner: DuckdbRunner) -> None:
        """a came again after 364 days, b after 366, c got two parcels within a day, d's second order was refunded."""
        orders = [
            order("a", "2022-01-10"),
            order("a", "2023-01-09"),
            order("b", "2022-01-10"),
            order("b", "2023-01-11"),
            order("c", "2022-01-10 10:00"),
            order("c", "2022-01-11 09:00"),
            order("d", "2022-01-10"),
            order("d", "2022-03-01", status="refunded"),
        ]
        cohort = Period.month(2022, 1)
        snapshot = company(orders=orders)
        value = measure(["repeat_customer_ratio_12_months"], snapshot, period=cohort, as_of=NOW, runner=runner)[0]
        assert (value.numerator, value.denominator, value.maturity) == (1, 4, 1.0)
        early = measure(
            ["repeat_customer_ratio_12_months"], snapshot, period=cohort, as_of=utc("2022-06-01"), runner=runner
        )[0]
        assert (early.numerator, early.maturity) == (0, 0.0)


class TestRegularCustomers:
    METRICS = ("regular_customers", "regular_customers_share", "monthly_buyers")
    ORDERS = (
        *(order("all", day) for day in ("2024-01-05", "2024-02-05", "2024-03-05", "2024-04-05")),
        *(order("gap", day) for day in ("2024-01-05", "2024-02-05", "2024-04-05")),
        *(order("young", day) for day in ("2024-02-05", "2024-03-05", "2024-04-05")),
        order("old", "2023-06-01"),
        order("cancelled", "2024-04-05", status="cancelled"),
    )

    def test_a_purchase_in_each_of_the_last_three_months(self, company: Company, runner: DuckdbRunner) -> None:
        """March looks at January to March, April at February to April, in which young could not have been older."""
        months = Period(date(2024, 3, 1), date(2024, 5, 1))
        values = measure(
            self.METRICS, company(orders=self.ORDERS), period=months, as_of=NOW, runner=runner, grain="month"
        )
        regular, share, buyers = values[:2], values[2:4], values[4:]
        assert numbers(regular) == [1, 2]
        assert [(v.numerator, v.denominator) for v in share] == [(0, 1), (1, 3)]
        assert numbers(buyers) == [2, 3]

    def test_a_month_that_is_not_over_does_not_count_yet(self, company: Company, runner: DuckdbRunner) -> None:
        """On 4 April the full months are January to March; nobody has bought in April."""
        april = Period.month(2024, 4)
        values = measure(
            self.METRICS,
            company(orders=self.ORDERS, settings={"data_through": NOW}),
            period=april,
            as_of=utc("2024-04-04"),
            runner=runner,
        )
        assert numbers(values) == [1, 0, 0]
        assert "period not over" in values[0].flags

    def test_months_are_those_of_the_companys_zone_and_their_number_a_setting(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        """22:30 on 31 March in Greenwich is 1 April in Stockholm."""
        orders = [order("late", "2024-03-31 22:30"), order("late", "2024-03-10")]
        settings = {"regular_customer_months": 2, "data_through": NOW}
        april = Period.month(2024, 4)
        for zone, regular in (("Europe/Stockholm", 1), ("UTC", 0)):
            snapshot = company(orders=orders, time_zone=zone, settings=settings)
            values = measure(["regular_customers"], snapshot, period=april, as_of=NOW, runner=runner)
            assert numbers(values) == [regular]

    def test_key_customers_are_the_tenth_with_the_most_revenue(self, company: Company, runner: DuckdbRunner) -> None:
        """Of 11 buyers two are key; one of them buys every month. Who was large two years ago is none."""
        orders = [order(f"p{i}", "2024-03-01") for i in range(8)]
        orders += [order("king", day, amount=500) for day in ("2024-01-05", "2024-02-05", "2024-03-05")]
        orders += [order("queen", "2024-03-05", amount=400), order("back", "2024-03-05", amount=9_000)]
        orders += [order("former", "2022-01-01", amount=99_000)]
        refunds = [{"order_id": "order13", "amount": 8_995, "refunded_at": "2024-03-20"}]
        snapshot = company(orders=orders, refunds=refunds)
        march = Period.month(2024, 3)
        value = measure(["key_customer_regular_share"], snapshot, period=march, as_of=NOW, runner=runner)[0]
        assert (value.numerator, value.denominator) == (1, 2)


class TestFrequencyAndBaskets:
    def test_repeat_purchases_are_other_days_than_the_first(self, company: Company, runner: DuckdbRunner) -> None:
        """a bought on three days, twice on one of them; b once; in Stockholm c's orders are of two days."""
        orders = [
            order("a", "2024-01-05 10:00"),
            order("a", "2024-01-05 12:00"),
            order("a", "2024-02-05"),
            order("a", "2024-03-05"),
            order("b", "2024-03-05"),
            order("c", "2024-03-05 22:30"),
            order("c", "2024-03-05 23:30"),
        ]
        metrics = ["repeat_purchase_frequency", "purchase_frequency_period"]
        for zone, repeats in (("UTC", 2), ("Europe/Stockholm", 3)):
            snapshot = company(orders=orders, time_zone=zone)
            values = measure(metrics, snapshot, period=Period.month(2024, 3), as_of=NOW, runner=runner)
            assert (values[0].numerator, values[0].denominator) == (repeats, 3)
            assert (values[1].numerator, values[1].denominator) == (4, 3)

    def test_pieces_of_orders_with_lines(self, company: Company, runner: DuckdbRunner) -> None:
        """Two lines of 2 and 3 pieces, one of 1; without lines, of unknown quantity and cancelled: none of them."""
        orders = [order("a", "2024-03-05", id=name) for name in ("o1", "o2", "bare", "unknown")]
        orders.append(order("a", "2024-03-05", id="gone", status="cancelled"))
        lines = [("o1", 2), ("o1", 3), ("o2", 1), ("unknown", None), ("unknown", 4), ("gone", 9)]
        refunds = [{"order_id": "o1", "amount": 10, "refunded_at": "2024-03-06"}]
        snapshot = company(
            orders=orders, refunds=refunds, order_lines=[{"order_id": o, "quantity": q} for o, q in lines]
        )
        values = measure(
            ["items_per_basket", "orders", "revenue"], snapshot, period=Period.year(2024), as_of=NOW, runner=runner
        )
        assert (values[0].value, values[0].n) == (3.0, 2)
        assert numbers(values[1:]) == [4, 30]  # lines do not multiply orders


class TestWhoStaysAndWhoReturns:
    def test_kept_lost_and_back(self, company: Company, runner: DuckdbRunner) -> None:
        """June to August: stays under contract, leaves, buys on, bought last in March, returns after ten months."""
        contracts = [
            {"account_id": "kept", "started_at": "2024-01-01"},
            {"account_id": "left", "started_at": "2024-01-01", "ended_at": "2024-07-01"},
        ]
        orders = [
            *(order("buys", day) for day in ("2024-05-20", "2024-07-20")),
            order("gone", "2024-03-25"),
            order("back", "2023-08-10"),
            order("back", "2024-06-20"),
            order("new", "2024-06-20"),
        ]
        summer = Period(date(2024, 6, 1), date(2024, 9, 1))
        metrics = ["retained_customers", "retained_customers_contractual", "reactivated_customers", "new_customers"]
        snapshot = company(contracts=contracts, orders=orders)
        values = measure(metrics, snapshot, period=summer, as_of=NOW, runner=runner)
        assert [(v.value, v.denominator) for v in values] == [(2, 4), (1, 2), (1, None), (1, None)]

    @pytest.mark.parametrize(("second", "returned"), [("2024-04-05", 0), ("2024-04-15", 1)])
    def test_within_the_activity_window_nobody_was_lost(
        self, company: Company, runner: DuckdbRunner, second: str, returned: int
    ) -> None:
        """90 days from 10 January end on 9 April."""
        snapshot = company(orders=[order("a", "2024-01-10"), order("a", second)])
        values = measure(["reactivated_customers"], snapshot, period=Period.year(2024), as_of=NOW, runner=runner)
        assert numbers(values) == [returned]


def test_new_accounts_are_counted_once_whoever_of_them_bought(company: Company, runner: DuckdbRunner) -> None:
    """Anna's order makes her account new in March; her colleague's of April does not; Carl has no account."""
    snapshot = company(
        accounts=[{"id": "acme", "created_at": "2024-01-01"}, {"id": "bolt", "created_at": "2024-01-01"}],
        contacts=[
            {"id": "anna", "account_id": "acme", "created_at": "2024-01-01"},
            {"id": "bo", "account_id": "acme", "created_at": "2024-01-01"},
            {"id": "carl", "created_at": "2024-01-01"},
        ],
        orders=[order("anna", "2024-03-05"), order("bo", "2024-04-05"), order("carl", "2024-04-05")],
        contracts=[{"account_id": "bolt", "started_at": "2024-04-01"}],
        settings={"customer_grain": "person"},
    )
    months = Period(date(2024, 3, 1), date(2024, 5, 1))
    values = measure(["new_logos", "new_customers"], snapshot, period=months, as_of=NOW, runner=runner, grain="month")
    assert numbers(values) == [1, 1, 1, 3]
