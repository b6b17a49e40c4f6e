"""Traps of customer metrics: refunds, split shipments, one customer through several doors."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import MetricValue, Only, Period, measure
from tiny_company import Company, utc

NOW = utc("2025-06-30")
YEAR = Period.year(2024)
MONTHS = Period(date(2024, 1, 1), date(2024, 5, 1))


def value_of(
    metric: str, snapshot: Snapshot, runner: DuckdbRunner, period: Period = YEAR, *filters: Only
) -> MetricValue:
    return measure([metric], snapshot, period=period, as_of=NOW, runner=runner, filters=filters)[0]


def monthly(metric: str, snapshot: Snapshot, runner: DuckdbRunner) -> list[object]:
    values = measure([metric], snapshot, period=MONTHS, as_of=NOW, runner=runner, grain="month")
    return [v.value for v in values]


def order(order_id: str, contact: str, day: str, amount: object = 10, **more: object) -> dict[str, object]:
    return {"id": order_id, "contact_id": contact, "ordered_at": day, "amount": amount, "status": "paid", **more}


class TestRefunds:
    ORDERS = (order("o1", "p", "2024-01-10", 100), order("o2", "q", "2024-02-10", 40), order("o3", "p", "2024-04-10"))
    REFUNDS = (
        {"order_id": "o1", "amount": 30, "refunded_at": "2024-02-20"},
        {"order_id": "o1", "amount": 20, "refunded_at": "2024-03-20"},
        {"order_id": "o2", "amount": 40, "refunded_at": "2024-03-05"},
    )

    def test_they_lower_the_day_they_are_given_not_that_of_the_order(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        """Chasm: two refunds of one order do not double it. 100 | 40 - 30 | - 20 - 40 | 10."""
        snapshot = company(orders=self.ORDERS, refunds=self.REFUNDS)
        assert monthly("revenue", snapshot, runner) == [Decimal(100), Decimal(10), Decimal(-60), Decimal(10)]
        assert monthly("orders", snapshot, runner) == [1, 1, 0, 1]
        assert monthly("average_basket_value", snapshot, runner) == [100, 10, None, 10]

    def test_a_first_order_refunded_in_full_makes_no_customer(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(orders=self.ORDERS, refunds=self.REFUNDS)
        assert monthly("new_customers", snapshot, runner) == [1, 0, 0, 0]
        assert monthly("customers", snapshot, runner) == [1, 1, 1, 1]

    def test_refunds_of_cancelled_orders_change_nothing(self, company: Company, runner: DuckdbRunner) -> None:
        orders = [order("o1", "p", "2024-01-10", 100, status="cancelled"), order("o2", "p", "2024-01-11", 5)]
        refunds = [{"order_id": "o1", "amount": 100, "refunded_at": "2024-02-20"}]
        assert monthly("revenue", company(orders=orders, refunds=refunds), runner)[:2] == [Decimal(5), 0]

    def test_an_order_refunded_on_an_unknown_day_brings_nothing(self, company: Company, runner: DuckdbRunner) -> None:
        orders = [order("o1", "p", "2024-01-10", 100, status="refunded"), order("o2", "p", "2024-01-11", 5)]
        assert monthly("revenue", company(orders=orders), runner)[0] == Decimal(5)

    def test_a_refund_known_later_leaves_the_past_as_it_was_known(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(orders=self.ORDERS, refunds=self.REFUNDS)
        then = measure(["revenue"], snapshot, period=YEAR, as_of=utc("2024-02-15"), runner=runner)[0]
        assert then.value == Decimal(140)

    def test_a_refund_has_the_channel_of_its_order(self, company: Company, runner: DuckdbRunner) -> None:
        orders = [
            order("o1", "p", "2024-01-10", 100, channel="web"),
            order("o2", "p", "2024-01-11", 5, channel="store"),
        ]
        refunds = [{"order_id": "o1", "amount": 60, "refunded_at": "2024-02-20"}]
        snapshot = company(orders=orders, refunds=refunds)
        web = value_of("revenue", snapshot, runner, YEAR, Only("channel", ("web",)))
        assert web.value == Decimal(40)


class TestBasket:
    def test_zero_cancelled_and_unpriced_orders_are_no_baskets(self, company: Company, runner: DuckdbRunner) -> None:
        orders = [
            order("o1", "p", "2024-01-10", 30),
            order("o2", "p", "2024-01-11", 10),
            order("o3", "p", "2024-01-12", 0),
            order("o4", "p", "2024-01-13", None),
            order("o5", "p", "2024-01-14", 500, status="cancelled"),
            order("o6", "p", "2024-01-15", 500, currency="USD"),
        ]
        value = value_of("average_basket_value", company(orders=orders), runner)
        assert (value.value, value.n, value.n_missing_amount, value.n_unconverted) == (20.0, 2, 1, 1)
        assert value_of("median_basket_value", company(orders=orders), runner).value == 20.0


class TestCustomers:
    def test_the_earliest_of_order_deal_and_contract_counts_once(self, company: Company, runner: DuckdbRunner) -> None:
        """Account a: contract in March, won deal in February, and an order of its contact p in January."""
        snapshot = company(
            contacts=[{"id": "p", "created_at": "2023-01-01", "account_id": "a"}],
            orders=[order("o1", "p", "2024-01-10")],
            deals=[{"created_at": "2024-01-01", "status": "won", "closed_at": "2024-02-10", "account_id": "a"}],
            contracts=[{"account_id": "a", "started_at": "2024-03-10"}],
        )
        assert monthly("new_customers", snapshot, runner)[:3] == [1, 0, 0]

    def test_persons_are_counted_where_the_company_says_so(self, company: Company, runner: DuckdbRunner) -> None:
        tables = {
            "contacts": [{"id": p, "created_at": "2023-01-01", "account_id": "a"} for p in ("p", "q")],
            "orders": [order("o1", "p", "2024-01-10"), order("o2", "q", "2024-01-11")],
        }
        assert value_of("active_customers", company(**tables), runner).value == 1
        by_person = company(settings={"customer_grain": "person"}, **tables)
        assert value_of("active_customers", by_person, runner).value == 2

    def test_merging_two_people_never_raises_a_distinct_count(self, company: Company, runner: DuckdbRunner) -> None:
        tables = {
            "contacts": [{"id": p, "created_at": "2023-01-01"} for p in ("p", "q")],
            "orders": [order("o1", "p", "2024-01-10"), order("o2", "q", "2024-01-11")],
        }
        links = [{"entity": "contact", "from_id": "q", "to_id": "p", "kind": "merge", "recorded_at": "2024-06-01"}]
        assert value_of("active_customers", company(**tables), runner).value == 2
        assert value_of("active_customers", company(identity_links=links, **tables), runner).value == 1
        assert value_of("repeat_customer_ratio", company(identity_links=links, **tables), runner).value == 1.0


class TestRepeat:
    ORDERS = (
        order("o1", "p", "2024-01-10 10:00"),
        order("o2", "p", "2024-01-11 09:59"),  # within 24 hours: the same purchase
        order("o3", "q", "2024-01-10 10:00"),
        order("o4", "q", "2024-03-10 10:00"),
        order("o5", "r", "2024-02-10 10:00"),
        order("o6", "r", "2024-02-11 10:00"),
    )

    def test_split_shipments_are_one_purchase(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(orders=self.ORDERS)
        assert monthly("repeat_customer_ratio", snapshot, runner)[:3] == [
            0.0,
            pytest.approx(1 / 3),
            pytest.approx(2 / 3),
        ]

    def test_within_the_period_only_its_own_orders_count(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(orders=self.ORDERS)
        assert monthly("repeat_customer_ratio_period", snapshot, runner)[:3] == [0.0, 1.0, 0.0]
        value = value_of("repeat_customer_ratio_period", snapshot, runner)
        assert (value.numerator, value.denominator) == (2, 3)

    def test_frequency_looks_back_365_days_from_the_periods_end(self, company: Company, runner: DuckdbRunner) -> None:
        """To 1 January 2025: all six. To 1 February 2025: o3 and o1 of 10 January are out, o2 too."""
        snapshot = company(
            orders=self.ORDERS, contacts=[{"id": "z", "created_at": "2025-06-01", "email": "z@example.com"}]
        )
        assert value_of("purchase_frequency", snapshot, runner, Period.month(2024, 12)).value == 2.0
        january = value_of("purchase_frequency", snapshot, runner, Period.month(2025, 1))
        assert (january.numerator, january.denominator) == (3, 2)
