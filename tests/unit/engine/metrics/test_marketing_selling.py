"""Cross-selling and up-selling: what customers of the start of a period took more of."""

from __future__ import annotations

from decimal import Decimal

import ibis
import pytest

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import MetricValue, Period, measure
from rapport.engine.metrics.reading import Reading
from rapport.engine.metrics.relations.cross_selling import CROSS_SELLING, FAMILY_OWNERS
from rapport.engine.metrics.relations.up_selling import UP_SELLING
from rapport.engine.metrics.windows import windows_of
from tiny_company import Company, Row, changed, utc

NOW = utc("2024-09-01")
MARCH = Period.month(2024, 3)
PRODUCTS: tuple[Row, ...] = tuple(
    {"id": p, "created_at": "2023-01-01", "family": family, "tier": tier, "list_price": price}
    for p, family, tier, price in (
        ("desk", "desks", "basic", 100),
        ("big_desk", "desks", "pro", 300),
        ("lamp", "lamps", None, 20),
        ("odd", None, None, 5),
    )
)


def values_of(
    metrics: list[str], snapshot: Snapshot, runner: DuckdbRunner, *, period: Period = MARCH, now: str = "2024-09-01"
) -> dict[str, MetricValue]:
    return {v.metric: v for v in measure(metrics, snapshot, period=period, as_of=utc(now), runner=runner)}


def parts(value: MetricValue) -> tuple[object, object]:
    return value.numerator, value.denominator


class Shop:
    """Orders of one line each."""

    def __init__(self) -> None:
        self.orders: list[Row] = []
        self.lines: list[Row] = []

    def sell(self, who: str, product: str, at: str, price: object = 10, **more: object) -> None:
        number = len(self.orders)
        order = {"id": f"o{number}", "contact_id": who, "ordered_at": at, "amount": price, **more}
        self.orders.append(order)
        line = {"id": f"l{number}", "order_id": f"o{number}", "product_id": product, "quantity": 2, "unit_price": price}
        self.lines.append({**line, "created_at": at})

    def tables(self) -> dict[str, list[Row]]:
        return {"orders": self.orders, "order_lines": self.lines, "products": list(PRODUCTS)}


class TestCrossSelling:
    """At the start of March: two (desk, then lamp twice), same (desk again), odd (a thing of no family), undone
    (a lamp, refunded in full), unknown (only odd things before, then a lamp). New in March: newcomer, who buys both."""

    def shop(self) -> Shop:
        shop = Shop()
        for who in ("two", "same", "odd", "undone"):
            shop.sell(who, "desk", "2024-02-10")
        shop.sell("unknown", "odd", "2024-02-10")
        shop.sell("two", "lamp", "2024-03-05", 7)
        shop.sell("two", "lamp", "2024-03-20", 5)
        shop.sell("two", "lamp", "2024-04-20", 99)  # no longer new
        shop.sell("same", "big_desk", "2024-03-05")
        shop.sell("odd", "odd", "2024-03-05")
        shop.sell("undone", "lamp", "2024-03-05", status="refunded")
        shop.sell("unknown", "lamp", "2024-03-05")
        shop.sell("newcomer", "desk", "2024-03-05")
        shop.sell("newcomer", "lamp", "2024-03-06")
        return shop

    def test_only_a_family_never_bought_before_counts(self, company: Company, runner: DuckdbRunner) -> None:
        refunds = [{"order_id": "o5", "order_line_id": "l5", "amount": 4, "refunded_at": "2024-03-25"}]
        snapshot = company(**self.shop().tables(), refunds=refunds)
        found = values_of(["cross_sell_ratio", "cross_sell_revenue", "up_sell_ratio_tier"], snapshot, runner)
        assert parts(found["cross_sell_ratio"]) == (1, 5)
        assert found["cross_sell_revenue"].value == Decimal(2 * 7 + 2 * 5 - 4)
        assert parts(found["up_sell_ratio_tier"]) == (1, 5)  # same took the dearer desk

    def test_many_lines_of_an_order_do_not_multiply_the_customer(self, company: Company, runner: DuckdbRunner) -> None:
        """Fan-out: twenty lamps in one order are one customer with one new family."""
        shop = self.shop()
        more = [{**shop.lines[5], "id": f"more{i}"} for i in range(20)]
        snapshot = company(**{**shop.tables(), "order_lines": [*shop.lines, *more]})
        assert parts(values_of(["cross_sell_ratio"], snapshot, runner)["cross_sell_ratio"]) == (1, 5)

    def test_families_owned_at_the_end_of_the_period(self, company: Company, runner: DuckdbRunner) -> None:
        """Of two, same, odd, undone, unknown and newcomer: two and newcomer have both families by the end of March."""
        snapshot = company(**self.shop().tables())
        assert parts(values_of(["multi_family_share"], snapshot, runner)["multi_family_share"]) == (2, 6)
        february = values_of(["multi_family_share"], snapshot, runner, period=Period.month(2024, 2))
        assert parts(february["multi_family_share"]) == (0, 4)

    def test_without_customers_at_the_start_there_is_no_ratio(self, company: Company, runner: DuckdbRunner) -> None:
        found = values_of(["cross_sell_ratio"], company(**self.shop().tables()), runner, period=Period.month(2024, 2))
        assert (found["cross_sell_ratio"].value, found["cross_sell_ratio"].denominator) == (None, 0)
        assert found["cross_sell_ratio"].reason

    def test_without_families_it_is_unknown_and_says_so(self, company: Company, runner: DuckdbRunner) -> None:
        tables = self.shop().tables()
        tables["products"] = [{"id": "desk", "created_at": "2023-01-01"}]
        value = values_of(["cross_sell_ratio"], company(**tables), runner)["cross_sell_ratio"]
        assert value.value is None
        assert "product.family" in (value.reason or "")

    def test_a_purchase_counts_on_its_local_day(self, company: Company, runner: DuckdbRunner) -> None:
        """The last evening of March: 22:30Z is already April in Stockholm, after the clocks went forward."""
        shop = Shop()
        shop.sell("a", "desk", "2024-02-10")
        shop.sell("a", "lamp", "2024-03-31 22:30")
        snapshot = company(**shop.tables(), time_zone="Europe/Stockholm")
        found = [
            parts(values_of(["cross_sell_ratio"], snapshot, runner, period=Period.month(2024, m))["cross_sell_ratio"])
            for m in (3, 4)
        ]
        assert found == [(0, 1), (1, 1)]


def contract(account: str, start: str, end: str | None = None, **more: object) -> Row:
    return {"account_id": account, "started_at": start, "ended_at": end, **more}


class TestUpSelling:
    CONTRACTS: tuple[Row, ...] = (
        # more seats of the same
        contract("seats", "2024-01-01", "2024-03-10", product_id="desk", quantity=2, monthly_amount=20, plan="basic"),
        contract("seats", "2024-03-10", product_id="desk", quantity=3, monthly_amount=30, plan="basic"),
        # a dearer plan of the family
        contract("plan", "2024-01-01", "2024-03-10", product_id="desk", quantity=1, monthly_amount=20, plan="basic"),
        contract("plan", "2024-03-10", product_id="big_desk", quantity=1, monthly_amount=50, plan="pro"),
        # the price alone
        contract("price", "2024-01-01", "2024-03-10", product_id="desk", quantity=1, monthly_amount=20, plan="basic"),
        contract("price", "2024-03-10", product_id="desk", quantity=1, monthly_amount=22, plan="basic"),
        # another family: cross-selling
        contract("other", "2024-01-01", product_id="desk", quantity=1, monthly_amount=20, plan="basic"),
        contract("other", "2024-03-10", product_id="lamp", quantity=1, monthly_amount=70, plan="light"),
        # up and down again
        contract("back", "2024-01-01", "2024-03-10", product_id="desk", quantity=1, monthly_amount=20, plan="basic"),
        contract("back", "2024-03-10", "2024-03-20", product_id="desk", quantity=5, monthly_amount=90, plan="basic"),
        contract("back", "2024-03-20", product_id="desk", quantity=1, monthly_amount=20, plan="basic"),
        # lost, and new in the month
        contract("gone", "2024-01-01", "2024-03-10", product_id="desk", quantity=1, monthly_amount=20, plan="basic"),
        contract("new", "2024-03-10", product_id="desk", quantity=1, monthly_amount=20, plan="basic"),
    )

    def test_more_units_or_a_dearer_plan_of_a_family_owned(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(contracts=self.CONTRACTS, products=PRODUCTS)
        found = values_of(["up_sell_ratio", "up_sell_revenue_rate", "cross_sell_ratio"], snapshot, runner)
        assert parts(found["up_sell_ratio"]) == (2, 6)
        assert parts(found["up_sell_revenue_rate"]) == (Decimal(40), Decimal(120))
        assert parts(found["cross_sell_ratio"]) == (1, 6)

    def test_a_contract_that_is_changed_in_place_is_read_from_its_history(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        one = contract("seats", "2024-01-01", id="k", quantity=9, monthly_amount=90, currency="EUR")
        history = [
            changed("contract", "k", "quantity", 2, "2024-01-01"),
            changed("contract", "k", "monthly_amount", 20, "2024-01-01"),
            changed("contract", "k", "quantity", 9, "2024-03-15"),
            changed("contract", "k", "monthly_amount", 90, "2024-03-15"),
        ]
        snapshot = company(contracts=[one], attribute_history=history)
        found = values_of(["up_sell_ratio", "up_sell_revenue_rate"], snapshot, runner)
        assert parts(found["up_sell_ratio"]) == (1, 1)
        assert found["up_sell_revenue_rate"].value == pytest.approx(3.5)
        april = values_of(["up_sell_ratio"], snapshot, runner, period=Period.month(2024, 4))
        assert parts(april["up_sell_ratio"]) == (0, 1)

    def test_a_currency_that_rose_is_no_up_selling(self, company: Company, runner: DuckdbRunner) -> None:
        rates = [
            {"date": "2024-01-01", "currency": "USD", "per_base": "2"},
            {"date": "2024-03-15", "currency": "USD", "per_base": "1"},
        ]
        one = contract("a", "2024-01-01", monthly_amount=20, currency="USD")
        found = values_of(
            ["up_sell_ratio", "up_sell_revenue_rate"], company(contracts=[one], exchange_rates=rates), runner
        )
        assert parts(found["up_sell_ratio"]) == (0, 1)
        assert parts(found["up_sell_revenue_rate"]) == (0, Decimal(10))


def test_offers_have_90_days_and_revisions_are_one_offer(company: Company, runner: DuckdbRunner) -> None:
    deals = [
        {"id": d, "created_at": "2024-01-01", "type": kind}
        for d, kind in (
            ("d1", "cross_sell"),
            ("d2", "cross_sell"),
            ("d3", "cross_sell"),
            ("d4", "up_sell"),
            ("d5", "new"),
        )
    ]
    proposals = [
        {"deal_id": "d1", "number": "1", "sent_at": "2024-03-01"},
        {"deal_id": "d1", "number": "1", "sent_at": "2024-03-20", "accepted_at": "2024-05-01"},
        {"deal_id": "d2", "number": "2", "sent_at": "2024-03-01", "accepted_at": "2024-06-15"},
        {"deal_id": "d3", "number": "3", "sent_at": "2024-03-30"},
        {"deal_id": "d4", "number": "4", "sent_at": "2024-03-01", "accepted_at": "2024-03-02"},
        {"deal_id": "d5", "number": "5", "sent_at": "2024-03-01", "accepted_at": "2024-03-02"},
    ]
    made = [{**p, "created_at": "2024-03-01"} for p in proposals]
    metrics = ["cross_sell_offer_rate", "up_sell_offer_rate"]
    found = values_of(metrics, company(deals=deals, proposals=made), runner, now="2024-06-20")
    assert parts(found["cross_sell_offer_rate"]) == (1, 3)
    assert found["cross_sell_offer_rate"].maturity == pytest.approx(2 / 3)
    assert parts(found["up_sell_offer_rate"]) == (1, 1)


@pytest.mark.slow
@pytest.mark.parametrize("relation", [CROSS_SELLING, FAMILY_OWNERS, UP_SELLING], ids=lambda r: r.name)
def test_the_rows_can_be_asked_of_spark(company: Company, relation) -> None:  # type: ignore[no-untyped-def]
    assert ibis.pyspark  # makes its options known
    tables = TestCrossSelling().shop().tables()
    windows = windows_of((MARCH,), time_zone="UTC", as_of=NOW)
    view = as_known(company(**tables, contracts=TestUpSelling.CONTRACTS), NOW)
    reading = Reading(view=view, windows=windows, needed_by="test")
    assert "SELECT" in ibis.to_sql(relation.rows(reading), dialect="pyspark")
