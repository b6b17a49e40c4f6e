"""Metrics made of others: their arithmetic, the period before, and what is told where a part is missing."""

from __future__ import annotations

from typing import Any

import pytest

from rapport.engine.errors import DefinitionError
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import METRICS, MetricValue, Period, measure, rows
from rapport.engine.metrics.derived import DerivedMetric, Part
from rapport.engine.metrics.shapes import DERIVED_RATIO
from rapport.engine.metrics.spec import Unit
from tiny_company import Company, CountingRunner, utc

NOW = utc("2024-06-01")
MARCH = Period.month(2024, 3)
TEXTS: dict[str, Any] = {
    **{"name": "Made", "room": "sales", "sentence": "Made.", "formula": "made", "time_field": "order.ordered_at"},
    **{"source": "Own.", "how_to_read": "Read.", "not_when": "Never.", "higher_is_better": True},
}
ORDERS, CUSTOMERS, REVENUE = METRICS["orders"], METRICS["customers"], METRICS["revenue"]
GROWTH = DerivedMetric(
    id="made_growth",
    **TEXTS,
    **DERIVED_RATIO,
    unit=Unit.RATE,
    parts={"orders": Part(ORDERS), "before": Part(ORDERS, before=True), "start": Part(CUSTOMERS, before=True)},
    numerator=lambda v: v["orders"] - v["before"],
    denominator=lambda v: v["start"],
)
PER_ORDER = DerivedMetric(
    id="made_per_order",
    **TEXTS,
    **DERIVED_RATIO,
    unit=Unit.AMOUNT,
    parts={"growth": Part(GROWTH), "revenue": Part(REVENUE)},
    numerator=lambda v: v["revenue"],
    denominator=lambda v: v["growth"],
)
WITH_CALLS = DerivedMetric(
    id="made_with_calls",
    **TEXTS,
    **DERIVED_RATIO,
    unit=Unit.PER,
    parts={"calls": Part(METRICS["sales_calls"], optional=True), "orders": Part(ORDERS)},
    numerator=lambda v: v["orders"] + v["calls"],
    denominator=lambda v: v["orders"],
)
FOLLOWED = [
    {"id": "o1", "ordered_at": "2024-01-05", "contact_id": "p", "account_id": "p", "amount": 10, "channel": "web"},
    {"id": "o2", "ordered_at": "2024-02-05", "contact_id": "q", "account_id": "q", "amount": 20, "channel": "web"},
    {"id": "o3", "ordered_at": "2024-03-05", "contact_id": "p", "account_id": "p", "amount": 30, "channel": "store"},
    {"id": "o4", "ordered_at": "2024-03-06", "contact_id": "r", "account_id": "r", "amount": 40, "channel": "web"},
    {"id": "o5", "ordered_at": "2024-03-07", "contact_id": "s", "account_id": "s", "amount": 50, "channel": "web"},
]


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> None:
    for metric in (GROWTH, PER_ORDER, WITH_CALLS):
        monkeypatch.setitem(METRICS, metric.id, metric)


def of(value: MetricValue) -> tuple[object, ...]:
    return value.value, value.numerator, value.denominator


def test_a_part_before_is_the_level_at_the_start(company: Company, runner: DuckdbRunner) -> None:
    """March: 3 orders against 1 in February, over the 2 customers there were on 1 March."""
    value = measure(["made_growth"], company(orders=FOLLOWED), period=MARCH, as_of=NOW, runner=runner)[0]
    assert of(value) == (1.0, 2.0, 2.0)


def test_parts_may_be_made_of_others(company: Company, runner: DuckdbRunner) -> None:
    value = measure(["made_per_order"], company(orders=FOLLOWED), period=MARCH, as_of=NOW, runner=runner)[0]
    assert of(value) == (120.0, 120.0, 1.0)


def test_each_month_looks_at_the_month_before(company: Company, runner: DuckdbRunner) -> None:
    snapshot = company(orders=FOLLOWED)
    two = Period(MARCH.previous().start, MARCH.end)
    values = measure(["made_growth"], snapshot, period=two, as_of=NOW, runner=runner, grain="month")
    assert [of(v) for v in values] == [(0.0, 0.0, 1.0), (1.0, 2.0, 2.0)]


def test_a_metric_made_of_one_that_is_measured_costs_no_query(company: Company, counting: CountingRunner) -> None:
    measure(["orders", "customers"], company(orders=FOLLOWED), period=MARCH, as_of=NOW, runner=counting)
    alone = counting.queries
    measure(["orders", "customers", "made_growth"], company(orders=FOLLOWED), period=MARCH, as_of=NOW, runner=counting)
    assert counting.queries == 2 * alone


def test_what_a_part_lacks_is_told_and_is_not_0(company: Company, runner: DuckdbRunner) -> None:
    value = measure(["made_growth"], company(deals=[]), period=MARCH, as_of=NOW, runner=runner)[0]
    assert value.value is None
    assert value.reason is not None
    assert "orders" in value.reason


def test_nothing_to_divide_by_is_no_value(company: Company, runner: DuckdbRunner) -> None:
    value = measure(["made_growth"], company(orders=FOLLOWED[4:]), period=MARCH, as_of=NOW, runner=runner)[0]
    assert value.value is None
    assert value.reason is not None


def test_an_optional_part_counts_as_0_and_is_told(company: Company, runner: DuckdbRunner) -> None:
    value = measure(["made_with_calls"], company(orders=FOLLOWED), period=MARCH, as_of=NOW, runner=runner)[0]
    assert value.value == 1.0
    assert "without sales calls" in value.flags


def test_it_splits_by_what_its_parts_have_in_common(company: Company, runner: DuckdbRunner) -> None:
    assert "channel" not in GROWTH.dimensions
    assert "channel" in REVENUE.dimensions
    assert "account" in GROWTH.dimensions
    snapshot = company(orders=FOLLOWED)
    values = measure(["made_growth"], snapshot, period=MARCH, as_of=NOW, runner=runner, by=["account"])
    assert {v.dimensions["account"]: v.value for v in values} == {"p": 1.0, "q": -1.0, "r": None, "s": None}


def test_its_rows_are_those_of_its_parts(company: Company, runner: DuckdbRunner) -> None:
    snapshot = company(orders=FOLLOWED)

    def ids(part: str) -> set[str]:
        table = rows("made_per_order", snapshot, period=MARCH, as_of=NOW, runner=runner, part=part)
        return set(runner.to_arrow(table)["id"].to_pylist())

    assert ids("revenue") == {"o3", "o4", "o5"}
    assert ids("growth.before") == {"o2"}
    assert ids("growth.start") == {"p", "q"}
    with pytest.raises(DefinitionError, match="no such part"):
        ids("nothing")
