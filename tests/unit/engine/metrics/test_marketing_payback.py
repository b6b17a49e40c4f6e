"""When the cost of customers has come back, and what they are worth against it."""

from __future__ import annotations

from decimal import Decimal

import ibis
import pytest

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import MetricValue, Period, measure
from rapport.engine.metrics.reading import Reading
from rapport.engine.metrics.relations.margins import MARGINS
from rapport.engine.metrics.relations.new_business import FIRST_CONTRACTS
from rapport.engine.metrics.windows import windows_of
from tiny_company import Company, Row, changed, utc

NOW = utc("2024-06-01")
MARCH = Period.month(2024, 3)
COSTS: tuple[Row, ...] = tuple(
    {
        "category": c,
        "amount": 600,
        "created_at": "2024-01-01",
        "period_start": "2024-03-01",
        "period_end": "2024-04-01",
        "currency": "EUR",
    }
    for c in ("sales", "media")
)
CONTRACTS: tuple[Row, ...] = (
    {"id": "k1", "account_id": "a", "started_at": "2024-03-05", "monthly_amount": 100},
    {"id": "k2", "account_id": "a", "started_at": "2024-03-25", "monthly_amount": 20},  # begun with it
    {"id": "k3", "account_id": "a", "started_at": "2024-05-25", "monthly_amount": 500},  # added later
    {"id": "k4", "account_id": "b", "started_at": "2024-03-09", "monthly_amount": 30},
    {"id": "k5", "account_id": "old", "started_at": "2023-03-09", "monthly_amount": 900},
)
ORDERS: tuple[Row, ...] = (
    {"contact_id": "x", "ordered_at": "2023-06-01", "amount": 100, "margin": 60},
    {"contact_id": "x", "ordered_at": "2023-07-01", "amount": 100, "margin": 20},
    {"contact_id": "x", "ordered_at": "2023-08-01", "amount": 500},  # margin unknown
    {"contact_id": "x", "ordered_at": "2023-09-01", "amount": 100, "margin": 90, "status": "refunded"},
    {"contact_id": "x", "ordered_at": "2022-09-01", "amount": 100, "margin": 90},  # long ago
)


def values_of(metrics: list[str], snapshot: Snapshot, runner: DuckdbRunner) -> dict[str, MetricValue]:
    return {v.metric: v for v in measure(metrics, snapshot, period=MARCH, as_of=NOW, runner=runner)}


PAYBACK = ["new_customer_mrr", "gross_margin_rate", "cac_payback_months", "cac_payback_months_revenue", "cac"]


class TestPayback:
    def test_cost_over_the_margin_of_what_new_customers_pay_a_month(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        found = values_of(PAYBACK, company(costs=COSTS, contracts=CONTRACTS, orders=ORDERS), runner)
        assert found["new_customer_mrr"].value == Decimal(150)
        assert found["gross_margin_rate"].value == pytest.approx(0.4)
        assert found["cac_payback_months"].value == pytest.approx(1200 / (150 * 0.4))
        assert found["cac_payback_months_revenue"].value == pytest.approx(8)
        # the same by customer: 600 each, of whom each pays 75 a month
        assert found["cac"].value == pytest.approx(600)

    def test_an_unknown_margin_is_not_100_percent(self, company: Company, runner: DuckdbRunner) -> None:
        found = values_of(PAYBACK, company(costs=COSTS, contracts=CONTRACTS), runner)
        assert found["gross_margin_rate"].value is None
        assert found["cac_payback_months"].value is None
        assert found["cac_payback_months"].reason
        assert found["cac_payback_months_revenue"].value == pytest.approx(8)

    def test_the_company_may_say_what_it_keeps(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(costs=COSTS, contracts=CONTRACTS, settings={"gross_margin_percent": 80})
        found = values_of(PAYBACK, snapshot, runner)
        assert found["gross_margin_rate"].value == pytest.approx(0.8)
        assert found["cac_payback_months"].value == pytest.approx(10)

    def test_customers_without_a_contract_never_pay_it_back(self, company: Company, runner: DuckdbRunner) -> None:
        bought = [{"contact_id": "n", "ordered_at": "2024-03-10", "amount": 10, "margin": 5}]
        found = values_of(PAYBACK, company(costs=COSTS, orders=bought, contracts=CONTRACTS[4:]), runner)
        assert found["cac"].value == pytest.approx(1200)
        assert found["new_customer_mrr"].value == 0
        assert found["cac_payback_months"].value is None

    def test_goods_sold_at_a_loss_pay_nothing_back(self, company: Company, runner: DuckdbRunner) -> None:
        orders = [{"contact_id": "x", "ordered_at": "2023-06-01", "amount": 100, "margin": -10}]
        found = values_of(PAYBACK, company(costs=COSTS, contracts=CONTRACTS, orders=orders), runner)
        assert found["gross_margin_rate"].value == pytest.approx(-0.1)
        assert found["cac_payback_months"].value is None

    def test_the_amount_is_that_of_the_beginning(self, company: Company, runner: DuckdbRunner) -> None:
        history = [
            changed("contract", "k1", "monthly_amount", 100, "2024-03-05"),
            changed("contract", "k1", "monthly_amount", 700, "2024-03-20"),
        ]
        snapshot = company(contracts=CONTRACTS[:1], attribute_history=history)
        assert values_of(["new_customer_mrr"], snapshot, runner)["new_customer_mrr"].value == Decimal(100)


class TestValueAgainstCost:
    def test_value_of_the_customers_gained_for_each_unit_spent(self, company: Company, runner: DuckdbRunner) -> None:
        orders = [
            {"contact_id": f"p{i}", "ordered_at": at, "amount": 40, "margin": 20}
            for i in range(12)
            for at in ("2023-10-01", "2023-12-01", "2024-02-01")[i % 3 :]
        ]
        orders += [{"contact_id": f"n{i}", "ordered_at": "2024-03-10", "amount": 40, "margin": 20} for i in range(4)]
        metrics = ["clv_new_customers", "ltv_to_cac", "cac", "clv_predicted"]
        found = values_of(metrics, company(costs=COSTS, orders=orders), runner)
        worth = found["clv_new_customers"]
        assert worth.n == 4
        assert worth.value is not None
        assert worth.value > 0
        assert worth.value != found["clv_predicted"].value
        assert found["ltv_to_cac"].value == pytest.approx(float(worth.value) / float(found["cac"].value))  # type: ignore[arg-type]

    def test_revenue_is_not_set_against_cost(self, company: Company, runner: DuckdbRunner) -> None:
        orders = [{"contact_id": f"n{i}", "ordered_at": "2024-03-10", "amount": 40} for i in range(4)]
        found = values_of(["clv_new_customers", "ltv_to_cac"], company(costs=COSTS, orders=orders), runner)
        assert found["clv_new_customers"].value is None
        assert found["ltv_to_cac"].value is None


@pytest.mark.slow
@pytest.mark.parametrize("relation", [FIRST_CONTRACTS, MARGINS], ids=lambda r: r.name)
def test_the_rows_can_be_asked_of_spark(company: Company, relation) -> None:  # type: ignore[no-untyped-def]
    assert ibis.pyspark  # makes its options known
    windows = windows_of((MARCH,), time_zone="UTC", as_of=NOW)
    view = as_known(company(orders=ORDERS, contracts=CONTRACTS), NOW)
    reading = Reading(view=view, windows=windows, needed_by="test")
    assert "SELECT" in ibis.to_sql(relation.rows(reading), dialect="pyspark")
