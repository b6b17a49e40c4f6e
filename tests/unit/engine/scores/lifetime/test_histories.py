"""Purchase histories of a few customers, by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from crm_rows import at
from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.lifetime.histories import histories, split_histories
from shoppers import company, order, person

NOW = at(2024, 6, 30, 12)
SINCE = at(2020, 1, 1)


def definition(more: str = "") -> Any:
    return parse_definition("{name: clv, subject: contact, kind: lifetime" + (f", {more}" if more else "") + "}")


def history(snap: Snapshot, runner: DuckdbRunner, rule: Any, who: str = "a", when: datetime = NOW) -> dict[str, Any]:
    rows = runner.to_arrow(histories(rule, as_known(snap, when))).to_pylist()
    return {row["subject_id"]: row for row in rows}[who]


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def bought(runner: DuckdbRunner, *days: float, **more: Any) -> Snapshot:
    orders = [order("a", ago(day), 10.0 * (n + 1)) for n, day in enumerate(days)]
    return company(runner, **{"contacts": [person("a", SINCE)], "orders": orders, **more})


def test_repeat_purchases_are_days_after_the_first(runner: DuckdbRunner) -> None:
    found = history(bought(runner, 100, 40, 10), runner, definition())
    assert (found["x"], found["t_x"], found["age"]) == (2, 90, 100)
    assert (found["spend_count"], found["spend"], found["so_far"]) == (3, 600_000, 600_000)  # 10 + 20 + 30


def test_two_orders_of_a_local_day_are_one_purchase(runner: DuckdbRunner) -> None:
    late, later = at(2024, 5, 1, 21, 30), at(2024, 5, 1, 22, 30)  # 23:30 on 1 May and 00:30 on 2 May in Stockholm
    orders = [order("a", late, 5), order("a", later, 7)]
    people = [person("a", SINCE)]
    for zone, repeats in (("UTC", 0), ("Europe/Stockholm", 1)):
        snap = company(runner, time_zone=zone, contacts=people, orders=orders)
        found = history(snap, runner, definition())
        assert (found["x"], found["spend_count"], found["spend"]) == (repeats, repeats + 1, 120_000)


def test_without_the_first_purchase_the_amounts_of_the_others_count(runner: DuckdbRunner) -> None:
    found = history(bought(runner, 100, 40, 10), runner, definition("spend: repeat"))
    assert (found["spend_count"], found["spend"], found["so_far"]) == (2, 500_000, 600_000)


def test_what_came_after_the_instant_is_not_there(runner: DuckdbRunner) -> None:
    found = history(bought(runner, 100, 40, 10), runner, definition(), when=ago(30))
    assert (found["x"], found["t_x"], found["age"]) == (1, 60, 70)


def test_refunds_are_deducted_and_a_full_one_undoes_the_purchase(runner: DuckdbRunner) -> None:
    back = [
        {"id": "r1", "order_id": order("a", ago(40), 1)["id"], "amount": Decimal(20), "refunded_at": ago(5)},
        {"id": "r2", "order_id": order("a", ago(10), 1)["id"], "amount": Decimal(12), "refunded_at": ago(5)},
    ]
    snap = bought(runner, 100, 40, 10, refunds=[{**r, "recorded_at": ago(5)} for r in back])
    found = history(snap, runner, definition())
    assert (found["x"], found["t_x"], found["so_far"]) == (1, 90, 280_000)  # 10 and 30 - 12


def test_another_currency_counts_at_the_rate_of_its_day_and_is_counted_where_there_is_none(
    runner: DuckdbRunner,
) -> None:
    rate = {"id": "x", "date": date(2024, 6, 1), "currency": "SEK", "per_base": Decimal(10), "recorded_at": SINCE}
    orders = [
        order("a", ago(40), 50, currency="SEK"),  # before the first rate
        order("a", ago(10), 80, currency="sek"),
        order("a", ago(5), 3, currency="EUR"),
    ]
    snap = company(runner, contacts=[person("a", SINCE)], orders=orders, exchange_rates=[rate])
    found = history(snap, runner, definition())
    assert (found["x"], found["spend_count"], found["spend"], found["unconverted"]) == (2, 2, 110_000, 1)


def test_opportunities_count_once_they_are_over(runner: DuckdbRunner) -> None:
    # first purchase 100 days ago; opportunities of 30 days begin 70, 40 and 10 days ago; the last is not over
    found = history(bought(runner, 100, 65, 62, 45, 5), runner, definition("model: bg_bb, opportunity_days: 30"))
    assert (found["x"], found["t_x"], found["age"]) == (1, 1, 2)
    assert found["so_far"] == 1_500_000  # every purchase, also the one under way


def test_cohorts_are_values_of_the_customer_or_of_its_account(runner: DuckdbRunner) -> None:
    people = [person("a", SINCE, account_id="x", lead_source="web"), person("b", SINCE, lead_source="fair")]
    snap = company(
        runner,
        contacts=people,
        accounts=[person("x", SINCE, industry="retail")],
        orders=[order("a", ago(9), 1), order("b", ago(9), 1)],
    )
    rule = definition("cohorts: [account.industry, contact.lead_source]")
    assert history(snap, runner, rule, "a")["cohort"] == "retail / web"
    assert history(snap, runner, rule, "b")["cohort"] == "unknown / fair"
    assert history(snap, runner, definition(), "a")["cohort"] is None


def test_a_held_out_time_is_split_off(runner: DuckdbRunner) -> None:
    people = [person("a", SINCE), person("new", SINCE)]
    orders = [order("a", ago(day), 1) for day in (100, 40, 30, 29, 3)] + [order("new", ago(10), 1)]
    snap = company(runner, contacts=people, orders=orders)
    rows = runner.to_arrow(split_histories(definition(), as_known(snap, NOW), days=30)).to_pylist()
    assert rows == [{"subject_id": "a", "x": 2, "t_x": 70, "age": 70, "later": 2}]


def test_accounts_buy_through_their_contacts(runner: DuckdbRunner) -> None:
    snap = company(
        runner,
        accounts=[person("x", SINCE)],
        contacts=[person("a", SINCE, account_id="x"), person("b", SINCE, account_id="x")],
        orders=[order("a", ago(50), 1), order("b", ago(20), 2)],
    )
    rule = parse_definition("{name: clv, subject: account, kind: lifetime}")
    assert history(snap, runner, rule, "x")["t_x"] == 30
