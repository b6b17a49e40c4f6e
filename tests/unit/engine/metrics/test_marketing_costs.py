"""Costs on the days of the service, and what leads and customers cost."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import ibis
import pytest

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import MetricValue, Period, measure
from rapport.engine.metrics.reading import Reading
from rapport.engine.metrics.relations.costs import COSTS
from rapport.engine.metrics.relations.paid_customers import CREDITED_CUSTOMERS
from rapport.engine.metrics.windows import windows_of
from tiny_company import Company, Row, utc

NOW = utc("2024-06-01")
MARCH = Period.month(2024, 3)


def cost(category: str, amount: object, start: str | None, end: str | None, **more: object) -> Row:
    days = {"period_start": start, "period_end": end}
    return {"category": category, "amount": amount, "created_at": "2023-12-01", **days, **more}


def values_of(
    metrics: list[str], snapshot: Snapshot, runner: DuckdbRunner, *, period: Period = MARCH, now: str = "2024-06-01"
) -> dict[str, MetricValue]:
    return {v.metric: v for v in measure(metrics, snapshot, period=period, as_of=utc(now), runner=runner)}


YEAR_OF_BOTH = (
    cost("sales", 3660, "2024-01-01", "2025-01-01"),  # 10 a day
    cost("marketing", 732, "2024-01-01", "2025-01-01"),  # 2 a day
)
ORDERS: tuple[Row, ...] = tuple(
    {"contact_id": p, "ordered_at": at, "amount": 10}
    for p, at in (
        ("a", "2024-03-05"),
        ("b", "2024-03-06"),
        ("b", "2024-03-20"),
        ("c", "2024-02-06"),
        ("c", "2024-03-06"),
    )
)


class TestCostsByDays:
    def test_a_cost_over_two_months_counts_in_both_by_days(self, company: Company, runner: DuckdbRunner) -> None:
        """100 over 20 February to 10 March: 10 days of leap-year February and 10 of March."""
        costs = [
            cost("media", 100, "2024-02-20", "2024-03-11"),
            cost("marketing", 9, "2024-03-31", None),  # one day
            cost("service", 5000, "2024-03-01", "2024-04-01"),
            cost("sales", 77, None, None, created_at="2024-03-07 23:30"),  # of the day it was recorded: the 8th there
        ]
        snapshot = company(costs=costs, time_zone="Europe/Stockholm")
        found = values_of(["marketing_cost", "media_cost", "sales_cost"], snapshot, runner)
        assert [v.value for v in found.values()] == [Decimal(59), Decimal(50), Decimal(77)]
        assert found["sales_cost"].n_assumed == 1
        day = values_of(["sales_cost"], snapshot, runner, period=Period.day(date(2024, 3, 8)))["sales_cost"]
        assert day.value == Decimal(77)

    def test_the_months_add_up_to_the_year_to_the_last_digit(self, company: Company, runner: DuckdbRunner) -> None:
        """100 over 366 days does not divide; a day of a clock change is a day like any other."""
        snapshot = company(costs=[cost("media", 100, "2024-01-01", "2025-01-01")], time_zone="Europe/Stockholm")
        year = Period.year(2024)
        values = measure(["media_cost"], snapshot, period=year, as_of=utc("2025-02-01"), runner=runner, grain="month")
        assert sum(Decimal(str(v.value)) for v in values) == Decimal(100)
        assert values[2].value == Decimal("8.4700")  # up to 31 March 24.8634, less 16.3934 up to 29 February

    def test_a_period_that_is_not_over_costs_what_its_days_cost_so_far(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        snapshot = company(costs=[cost("media", 310, "2024-03-01", "2024-04-01")])
        assert values_of(["media_cost"], snapshot, runner, now="2024-03-05 12:00")["media_cost"].value == Decimal(50)

    def test_amounts_are_converted_at_the_first_day_of_the_service(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        rates = [
            {"date": "2024-01-01", "currency": "USD", "per_base": "2"},
            {"date": "2024-03-15", "currency": "USD", "per_base": "4"},
        ]
        costs = [
            cost("media", 60, "2024-03-01", "2024-04-30", currency="USD"),
            cost("media", 60, "2024-03-01", "2024-04-30", currency="GBP"),
        ]
        value = values_of(["media_cost"], company(costs=costs, exchange_rates=rates), runner)["media_cost"]
        assert value.value == Decimal("15.5")  # 31 of 60 days of 30
        assert value.n_unconverted == 1

    def test_no_costs_are_not_a_cost_of_0(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(costs=[cost("media", 100, "2024-01-01", "2024-02-01")], orders=ORDERS)
        value = values_of(["marketing_cost", "cac_marketing"], snapshot, runner)
        assert value["marketing_cost"].value is None
        assert value["marketing_cost"].reason == "No such costs are recorded for this period."
        assert value["cac_marketing"].value is None


class TestAcquisitionCost:
    def test_costs_of_sales_and_marketing_for_each_new_customer(self, company: Company, runner: DuckdbRunner) -> None:
        """a and b are new in March: b's second order and c, of February, are not."""
        found = values_of(["cac", "cac_marketing"], company(costs=YEAR_OF_BOTH, orders=ORDERS), runner)
        assert (found["cac"].numerator, found["cac"].denominator) == (31 * 12, 2)
        assert found["cac"].value == pytest.approx(186)
        assert found["cac_marketing"].value == pytest.approx(31)

    def test_an_order_refunded_in_full_makes_no_customer(self, company: Company, runner: DuckdbRunner) -> None:
        orders = [{**row, "id": f"o{i}"} for i, row in enumerate(ORDERS)]
        refunds = [{"order_id": "o0", "amount": 10, "refunded_at": "2024-03-09"}]
        value = values_of(["cac"], company(costs=YEAR_OF_BOTH, orders=orders, refunds=refunds), runner)["cac"]
        assert value.denominator == 1

    def test_without_new_customers_there_is_no_value(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(costs=YEAR_OF_BOTH, orders=ORDERS)
        value = values_of(["cac"], snapshot, runner, period=Period(date(2024, 3, 7), date(2024, 3, 10)))["cac"]
        assert (value.value, value.denominator) == (None, 0)
        assert value.reason

    @pytest.mark.parametrize(
        ("lacking", "words"),
        [
            (cost("sales", 3660, "2024-03-02", "2025-01-01"), "sales are not told for the whole period: .* first day"),
            (cost("sales", 3660, "2024-01-01", "2024-03-31"), "sales are not told for the whole period: .* last day"),
            (cost("media", 3660, "2024-01-01", "2024-05-01"), "sales are not told"),
        ],
    )
    def test_costs_that_do_not_reach_over_the_period_are_no_value(
        self, company: Company, runner: DuckdbRunner, lacking: Row, words: str
    ) -> None:
        snapshot = company(costs=[YEAR_OF_BOTH[1], lacking], orders=ORDERS)
        found = values_of(["acquisition_cost", "cac"], snapshot, runner)
        assert found["cac"].value is None
        assert found["acquisition_cost"].value is None
        for value in found.values():
            assert value.reason is not None
            assert re.search(words, value.reason)

    def test_lagged_costs_lie_a_median_sales_cycle_before(self, company: Company, runner: DuckdbRunner) -> None:
        """Deals took 20, 31 and 90 days: March's customers are set against the 31 days before 1 March to 31 days before
        its end, 30 January to 29 February."""
        deals = [
            {"contact_id": p, "created_at": c, "status": "won", "closed_at": "2024-03-31", "amount": 1}
            for p, c in (("a", "2024-03-11"), ("b", "2024-02-29"), ("c", "2024-01-01"))
        ]
        costs = [cost(c, 290, "2024-02-01", "2024-03-01") for c in ("sales", "media")]
        costs += [cost(c, 310, "2024-01-01", "2024-02-01") for c in ("sales", "media")]
        found = values_of(["cac_lagged", "cac"], company(costs=costs, deals=deals), runner)
        assert found["cac_lagged"].value == pytest.approx((2 * 20 + 29 * 20) / 3)
        assert found["cac"].value is None

    def test_without_a_won_deal_nothing_tells_the_lag(self, company: Company, runner: DuckdbRunner) -> None:
        deals = [{"contact_id": "x", "created_at": "2024-01-01", "status": "lost", "closed_at": "2024-02-01"}]
        snapshot = company(costs=YEAR_OF_BOTH, orders=ORDERS, deals=deals)
        value = values_of(["cac_lagged"], snapshot, runner)["cac_lagged"]
        assert value.value is None
        assert "No deal was won" in (value.reason or "")

    def test_paid_customers_are_those_of_campaigns_with_media_costs(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        touches = [
            {"campaign_id": "c1", "contact_id": "a", "added_at": "2024-03-01", "sent_at": "2024-03-01"},
            {"campaign_id": "c2", "contact_id": "b", "added_at": "2024-03-01", "sent_at": "2024-03-01"},
            {"campaign_id": "c1", "contact_id": "c", "added_at": "2024-03-01", "sent_at": "2024-03-01"},
        ]
        campaigns = [{"id": c, "created_at": "2024-01-01", "channel": "ads"} for c in ("c1", "c2")]
        costs = [cost("media", 62, "2024-03-01", "2024-04-01", campaign_id="c1")]
        snapshot = company(costs=costs, orders=ORDERS, campaigns=campaigns, campaign_members=touches)
        found = values_of(["paid_customers", "cac_paid"], snapshot, runner)
        assert found["paid_customers"].value == 1
        assert found["cac_paid"].value == pytest.approx(62)
        by = measure(["cac_paid"], snapshot, period=MARCH, as_of=NOW, runner=runner, by=["campaign"])
        assert {v.dimensions["campaign"]: v.value for v in by}["c1"] == pytest.approx(62)


class TestLeads:
    CONTACTS: tuple[Row, ...] = (
        *({"id": f"p{i}", "created_at": "2024-03-05", "lifecycle_stage": "mql"} for i in range(2)),
        *({"id": f"q{i}", "created_at": "2024-03-05", "lifecycle_stage": "lead"} for i in range(4)),
        *({"id": f"r{i}", "created_at": "2024-02-05", "lifecycle_stage": "lead"} for i in range(4)),
    )

    def test_what_a_lead_costs(self, company: Company, runner: DuckdbRunner) -> None:
        costs = [cost("media", 60, "2024-03-01", "2024-04-01")]
        snapshot = company(costs=costs, contacts=self.CONTACTS)
        found = values_of(["cpl", "cost_per_qualified_lead", "cost_per_sql"], snapshot, runner)
        assert (found["cpl"].value, found["cost_per_qualified_lead"].value) == (10, 30)
        assert found["cost_per_sql"].value is None

    def test_velocity_is_against_the_period_before(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(contacts=self.CONTACTS)
        assert values_of(["lead_velocity"], snapshot, runner)["lead_velocity"].value == pytest.approx(0.5)
        february = values_of(["lead_velocity"], snapshot, runner, period=Period.month(2024, 2))["lead_velocity"]
        assert february.value is None

    def test_customers_per_lead_of_the_same_month(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(contacts=self.CONTACTS, orders=ORDERS)
        value = values_of(["lead_to_customer_rate_event"], snapshot, runner)["lead_to_customer_rate_event"]
        assert (value.numerator, value.denominator) == (2, 6)


@pytest.mark.slow
@pytest.mark.parametrize("relation", [COSTS, CREDITED_CUSTOMERS], ids=lambda r: r.name)
def test_the_rows_can_be_asked_of_spark(company: Company, relation) -> None:  # type: ignore[no-untyped-def]
    rates = [{"date": "2024-01-01", "currency": "USD", "per_base": "2"}]
    members = [{"campaign_id": "c1", "contact_id": "a", "added_at": "2024-03-01", "sent_at": "2024-03-01"}]
    snapshot = company(costs=YEAR_OF_BOTH, orders=ORDERS, campaign_members=members, exchange_rates=rates)
    windows = windows_of((MARCH,), time_zone="UTC", as_of=NOW)
    reading = Reading(view=as_known(snapshot, NOW), windows=windows, needed_by="test")
    assert "SELECT" in ibis.to_sql(relation.rows(reading), dialect="pyspark")
