"""Metrics by segment: membership at the row's instant, parts that overlap, and rows in no segment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import ibis
import pytest

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import METRICS, MetricValue, Only, Period, measure, rows
from rapport.engine.metrics.relation import SEGMENT
from rapport.engine.metrics.segments.behaviour import behaviour
from rapport.engine.metrics.segments.members import members
from rapport.engine.metrics.segments.spec import parse_segment
from tiny_company import Company, arrow_rows, drawn_tables, utc

NOW = utc("2025-02-01")
YEAR = Period.year(2024)
BY_SEGMENT = [m for m, spec in METRICS.items() if SEGMENT in spec.dimensions]
# metrics on the same rows are told by segment alike: one stands for all
ONE_OF_EACH = list(
    {m.relation.name: m.id for m in METRICS.values() if m.id in BY_SEGMENT and hasattr(m, "relation")}.values()
)
PEOPLE = [{"id": "ann", "account_id": "acme"}, {"id": "bo"}, {"id": "cy"}]


def stay(segment: str, subject: str, subject_id: str, entered: str, left: str | None = None) -> dict[str, object]:
    return {
        "segment": segment,
        "subject": subject,
        "subject_id": subject_id,
        "entered_at": entered,
        "left_at": left,
        "recorded_at": entered,
    }


def order(contact: str | None, day: str, amount: int) -> dict[str, object]:
    return {"contact_id": contact, "ordered_at": day, "amount": amount, "currency": "EUR", "status": "paid"}


ORDERS = [
    order("ann", "2024-02-01", 10),
    order("ann", "2024-06-01", 20),
    order("bo", "2024-06-01", 40),
    order("cy", "2024-06-01", 80),
    order(None, "2024-06-01", 160),
]


@pytest.fixture
def shop(company: Company) -> Snapshot:
    return company(
        contacts=PEOPLE,
        accounts=[{"id": "acme"}],
        orders=ORDERS,
        segment_memberships=[
            stay("loyal", "contact", "ann", "2024-03-01"),
            stay("loyal", "contact", "bo", "2024-03-01", "2024-06-01"),
            stay("young", "contact", "ann", "2024-01-01"),
            stay("young", "contact", "bo", "2024-05-01"),
            stay("big companies", "account", "acme", "2024-01-01"),
        ],
    )


def revenue(shop: Snapshot, runner: DuckdbRunner, *only: str | None) -> float | None:
    filters = [Only(SEGMENT, only)] if only else []
    value = measure(["revenue"], shop, period=YEAR, as_of=NOW, runner=runner, filters=filters)[0].value
    return None if value is None else float(value)


def test_a_row_counts_in_each_segment_it_was_in_then(shop: Snapshot, runner: DuckdbRunner) -> None:
    """Ann's first order came before she was loyal; Bo left loyal on the instant of his order; Ann is of acme."""
    values = measure(["revenue"], shop, period=YEAR, as_of=NOW, runner=runner, by=[SEGMENT])
    found = {v.dimensions[SEGMENT]: float(v.value) for v in values if v.value is not None}
    assert found == {"loyal": 20, "young": 70, "big companies": 30, None: 240}


def test_what_is_asked_of_some_segments_counts_each_row_once(shop: Snapshot, runner: DuckdbRunner) -> None:
    assert revenue(shop, runner) == 310
    assert revenue(shop, runner, "loyal") == 20
    assert revenue(shop, runner, "loyal", "young") == 70
    assert revenue(shop, runner, "young", "big companies") == 70
    assert revenue(shop, runner, None) == 240
    assert revenue(shop, runner, "loyal", None) == 260


def test_only_the_segments_asked_for_are_told_apart(shop: Snapshot, runner: DuckdbRunner) -> None:
    values = measure(
        ["revenue"], shop, period=YEAR, as_of=NOW, runner=runner, by=[SEGMENT], filters=[Only(SEGMENT, ("young",))]
    )
    assert [(v.dimensions[SEGMENT], v.value) for v in values] == [("young", 70)]


def test_what_stands_is_told_by_the_segments_at_the_end_of_each_period(company: Company, runner: DuckdbRunner) -> None:
    crm = company(
        contacts=PEOPLE,
        accounts=[{"id": "acme"}],
        deals=[
            {"created_at": "2024-01-10", "status": "open", "account_id": "acme"},
            {"created_at": "2024-12-30", "status": "open", "account_id": None},
        ],
        segment_memberships=[stay("big", "account", "acme", "2024-02-15", "2024-04-10")],
    )
    period = Period(date(2024, 1, 1), date(2024, 6, 1))
    values = measure(
        ["open_deals"], crm, period=period, as_of=NOW, runner=runner, grain="month", filters=[Only(SEGMENT, ("big",))]
    )
    assert [v.value for v in values] == [0, 1, 1, 0, 0]


def test_without_memberships_nothing_is_told_by_segment(company: Company, runner: DuckdbRunner) -> None:
    crm = company(contacts=PEOPLE, orders=ORDERS)
    value = measure(["revenue"], crm, period=YEAR, as_of=NOW, runner=runner, filters=[Only(SEGMENT, ("loyal",))])[0]
    assert value.value is None
    assert "segment_memberships" in value.reason


def test_a_membership_learnt_later_is_not_known_before(company: Company, runner: DuckdbRunner) -> None:
    late = {**stay("loyal", "contact", "ann", "2024-01-01"), "recorded_at": "2024-12-01"}
    crm = company(contacts=PEOPLE, orders=ORDERS, segment_memberships=[late])
    asked = {"period": YEAR, "runner": runner, "filters": [Only(SEGMENT, ("loyal",))]}
    assert measure(["orders"], crm, as_of=utc("2025-01-01"), **asked)[0].value == 2
    assert measure(["orders"], crm, as_of=utc("2024-11-01"), **asked)[0].value in (0, None)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckdbRunner]:
    with DuckdbRunner(threads=2) as duckdb:
        yield duckdb


@pytest.fixture(scope="module")
def drawn(engine: DuckdbRunner) -> Snapshot:
    """A drawn company with one segment that half the people are in for ever."""
    tables = drawn_tables(5)
    tables["segment_memberships"] = [stay("half", "contact", f"p{i}", "2020-01-01") for i in range(0, 30, 2)]
    made = {name: engine.from_arrow(arrow_rows(name, rows_)) for name, rows_ in tables.items()}
    return Snapshot(made, time_zone="Europe/Stockholm", currency="EUR")


def test_most_metrics_can_be_told_by_segment() -> None:
    assert len(BY_SEGMENT) > 0.8 * len(METRICS)
    assert {"revenue", "win_rate", "leads", "backlog", "nps", "repeat_customer_ratio"} <= set(BY_SEGMENT)


def differing(metrics: list[str], drawn: Snapshot, engine: DuckdbRunner) -> list[str]:
    """Metrics whose value over those in the segment and those in none is not that over all."""
    asked = {"period": YEAR, "as_of": NOW, "runner": engine}
    whole = measure(metrics, drawn, **asked)
    both = measure(metrics, drawn, filters=[Only(SEGMENT, ("half", None))], **asked)
    return [v.metric for v, w in zip(whole, both, strict=True) if not same(v, w)]


def same(one: MetricValue, other: MetricValue) -> bool:
    if one.value is None or other.value is None:
        return one.value is other.value and one.reason == other.reason
    return float(one.value) == pytest.approx(float(other.value)) and one.n == other.n


def test_those_in_a_segment_and_those_in_none_are_everybody(drawn: Snapshot, engine: DuckdbRunner) -> None:
    some = ["revenue", "repeat_customer_ratio", "leads", "open_deals", "backlog", "nps"]
    assert differing(some, drawn, engine) == []


@pytest.mark.slow
def test_so_they_are_for_every_metric(drawn: Snapshot, engine: DuckdbRunner) -> None:
    assert differing(ONE_OF_EACH, drawn, engine) == []


def test_rows_behind_a_value_of_a_segment_are_those_counted(drawn: Snapshot, engine: DuckdbRunner) -> None:
    only = [Only(SEGMENT, ("half",))]
    value = measure(["orders"], drawn, period=YEAR, as_of=NOW, runner=engine, filters=only)[0].value
    behind = engine.to_arrow(rows("orders", drawn, period=YEAR, as_of=NOW, runner=engine, filters=only))
    assert value == behind["numerator"].to_pandas().sum() > 0


def test_both_engines_can_be_asked(shop: Snapshot, runner: DuckdbRunner) -> None:
    told = rows("revenue", shop, period=YEAR, as_of=NOW, runner=runner, filters=[Only(SEGMENT, ("loyal", None))])
    assert "SEMI JOIN" in ibis.to_sql(told, dialect="pyspark")
    assert ibis.pyspark  # asked for once, it registers the options that its compiler reads
    view = as_known(shop, NOW)
    found = behaviour(view, subject="contact", runner=runner)
    assert "LEFT OUTER JOIN" in ibis.to_sql(found.rows, dialect="pyspark")
    who = members(parse_segment("subject: contact\nwhen: {segment: loyal}\n"), view, runner=runner)
    assert "SELECT" in ibis.to_sql(who, dialect="pyspark")
