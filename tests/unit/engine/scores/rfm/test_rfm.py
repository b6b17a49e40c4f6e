"""RFM on a few customers whose scores can be checked by eye."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pyarrow as pa
import pytest

from crm_rows import at, snapshot
from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DefinitionError
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.explanation import Explanation
from rapport.engine.scores.kinds import KINDS
from rapport.engine.scores.population import PopulationRun
from rapport.engine.scores.rfm.segments import PAIRS, SEGMENTS, names_of

NOW = at(2024, 6, 30, 12)
KIND = KINDS["rfm"]
BASE = "name: rfm, subject: contact, kind: rfm"
FIXED = "thresholds: {recency: [1, 10, 20, 30], frequency: [1, 2, 3, 4], monetary: [10, 20, 30, 40]}"


def definition(more: str = "") -> Any:
    return parse_definition("{" + BASE + (f", {more}" if more else "") + "}")


def contact(key: str, **more: Any) -> dict[str, Any]:
    return {"id": key, "created_at": at(2020, 1, 1), "recorded_at": at(2020, 1, 1), **more}


def order(key: str, who: str, days_ago: float, amount: object = 10, **more: Any) -> dict[str, Any]:
    when = NOW - timedelta(days=days_ago)
    own = {"id": key, "contact_id": who, "ordered_at": when, "recorded_at": when, "status": "paid"}
    return {**own, "amount": None if amount is None else Decimal(str(amount)), **more}


def refund(key: str, of: str, days_ago: float, amount: object) -> dict[str, Any]:
    when = NOW - timedelta(days=days_ago)
    return {"id": key, "order_id": of, "amount": Decimal(str(amount)), "refunded_at": when, "recorded_at": when}


def scores(snap: Snapshot, runner: DuckdbRunner, rule: Any, when: datetime = NOW, **how: Any) -> Mapping[str, Any]:
    rows = runner.to_arrow(KIND.score(rule, as_known(snap, when), runner=runner, **how))
    return {row["subject_id"]: row for row in rows.to_pylist()}


def reasons(snap: Snapshot, runner: DuckdbRunner, rule: Any, who: str) -> Explanation:
    return KIND.explain(rule, as_known(snap, NOW), subject_ids=[who], runner=runner)[who]


def evidence(told: Explanation) -> dict[str, Any]:
    return {line.name: line.evidence for line in told.lines}


class TestMeasures:
    def test_the_last_purchase_the_number_and_the_sum_are_taken_as_of_the_instant(self, runner: DuckdbRunner) -> None:
        orders = [order("o1", "a", 40, 5), order("o2", "a", 12, 7.5), order("o3", "a", -1, 100)]
        snap = snapshot(runner, contacts=[contact("a")], orders=orders)
        told = evidence(reasons(snap, runner, definition(FIXED), "a"))
        assert told["recency"]["days_since_last_purchase"] == 12
        assert told["frequency"]["purchase_count"] == 2
        assert told["monetary"]["monetary_amount"] == Decimal("12.5")

    def test_days_are_local_days(self, runner: DuckdbRunner) -> None:
        bought = order("o1", "a", 0) | {"ordered_at": at(2024, 3, 30, 23, 30), "recorded_at": at(2024, 3, 30, 23, 30)}
        snap = snapshot(runner, time_zone="Europe/Stockholm", contacts=[contact("a")], orders=[bought])
        view = as_known(snap, at(2024, 3, 31, 10))
        told = KIND.explain(definition(FIXED), view, subject_ids=["a"], runner=runner)["a"]
        assert told.lines[0].sentence.startswith("Last purchase today")

    def test_a_cancelled_order_is_no_purchase(self, runner: DuckdbRunner) -> None:
        snap = snapshot(runner, contacts=[contact("a")], orders=[order("o1", "a", 3, status="cancelled")])
        assert scores(snap, runner, definition(FIXED))["a"]["reason_null"] == "no purchase"

    def test_an_order_of_nobody_known_or_without_a_date_counts_nowhere(self, runner: DuckdbRunner) -> None:
        orders = [order("o1", "a", 3, 10), order("o2", "stranger", 3), order("o3", "a", 3) | {"ordered_at": None}]
        snap = snapshot(runner, contacts=[contact("a"), contact("b")], orders=orders)
        assert set(scores(snap, runner, definition(FIXED))) == {"a", "b"}
        told = evidence(reasons(snap, runner, definition(FIXED), "a"))
        assert told["frequency"]["purchase_count"] == 1
        assert told["monetary"]["monetary_amount"] == Decimal(10)

    def test_an_order_that_was_fully_refunded_makes_no_customer(self, runner: DuckdbRunner) -> None:
        refunds = [refund("r1", "o1", 2, 6), refund("r2", "o1", 1, 4)]
        snap = snapshot(runner, contacts=[contact("a")], orders=[order("o1", "a", 3, 10)], refunds=refunds)
        assert scores(snap, runner, definition(FIXED))["a"]["value"] is None

    def test_before_the_refund_it_was_one(self, runner: DuckdbRunner) -> None:
        refunds = [refund("r1", "o1", 2, 10)]
        snap = snapshot(runner, contacts=[contact("a")], orders=[order("o1", "a", 9, 10)], refunds=refunds)
        earlier = scores(snap, runner, definition(FIXED), NOW - timedelta(days=3))
        assert earlier["a"]["value"] == Decimal(30)  # six days ago: 4 of 5, three quarters of 40 points

    def test_a_part_refunded_is_deducted_from_the_sum_only(self, runner: DuckdbRunner) -> None:
        refunds = [refund("r1", "o1", 2, "2.5")]
        snap = snapshot(runner, contacts=[contact("a")], orders=[order("o1", "a", 9, 10)], refunds=refunds)
        told = evidence(reasons(snap, runner, definition(FIXED), "a"))
        assert (told["frequency"]["purchase_count"], told["monetary"]["monetary_amount"]) == (1, Decimal("7.5"))

    def test_a_free_order_is_a_purchase(self, runner: DuckdbRunner) -> None:
        refunds = [refund("r1", "o2", 2, 1)]
        snap = snapshot(runner, contacts=[contact("a")], orders=[order("o1", "a", 9, 0)], refunds=refunds)
        assert evidence(reasons(snap, runner, definition(FIXED), "a"))["monetary"]["monetary_amount"] == 0

    def test_another_currency_counts_as_a_purchase_and_not_in_the_sum(self, runner: DuckdbRunner) -> None:
        orders = [order("o1", "a", 9, 10, currency="SEK"), order("o2", "a", 9, 7, currency="EUR")]
        snap = snapshot(runner, contacts=[contact("a")], orders=orders)
        told = evidence(reasons(snap, runner, definition(FIXED), "a"))
        assert (told["frequency"]["purchase_count"], told["monetary"]["monetary_amount"]) == (2, 7)

    def test_another_currency_counts_at_the_rate_of_its_day_where_there_is_one(self, runner: DuckdbRunner) -> None:
        rate = {
            "id": "x",
            "date": date(2024, 1, 1),
            "currency": "SEK",
            "per_base": Decimal(10),
            "recorded_at": at(2024, 1, 1),
        }
        orders = [order("o1", "a", 9, 25, currency="sek"), order("o2", "a", 9, 7, currency="EUR")]
        snap = snapshot(runner, contacts=[contact("a")], orders=orders, exchange_rates=[rate])
        assert evidence(reasons(snap, runner, definition(FIXED), "a"))["monetary"]["monetary_amount"] == Decimal("9.5")

    def test_without_any_amount_the_score_is_null_and_says_so(self, runner: DuckdbRunner) -> None:
        snap = snapshot(runner, contacts=[contact("a")], orders=[order("o1", "a", 9, None)])
        row = scores(snap, runner, definition(FIXED))["a"]
        assert (row["value"], row["band"], row["matrix"], row["reason_null"]) == (None, None, None, "no amount known")

    def test_a_measure_without_weight_need_not_be_known(self, runner: DuckdbRunner) -> None:
        snap = snapshot(runner, contacts=[contact("a")], orders=[order("o1", "a", 9, None)])
        weights = "weights: {recency: 70, frequency: 30, monetary: 0}"
        told = reasons(snap, runner, definition(f"{FIXED}, {weights}"), "a")
        assert (told.value, [line.name for line in told.lines]) == (Decimal("52.5"), ["recency", "frequency"])

    def test_a_window_counts_today_and_the_days_before(self, runner: DuckdbRunner) -> None:
        orders = [order("o1", "a", 29.4), order("o2", "a", 29.6)]  # 01:00 on 1 June, and the evening before
        snap = snapshot(runner, contacts=[contact("a")], orders=orders)
        told = evidence(reasons(snap, runner, definition(f"{FIXED}, window_days: 30"), "a"))
        assert told["frequency"]["purchase_count"] == 1

    def test_accounts_buy_through_their_contacts(self, runner: DuckdbRunner) -> None:
        snap = snapshot(
            runner,
            accounts=[contact("x"), contact("y")],
            contacts=[contact("a", account_id="x")],
            orders=[order("o1", "a", 9), order("o2", "a", 9, account_id="y")],
        )
        rule = parse_definition("{name: rfm, subject: account, kind: rfm, " + FIXED + "}")
        view = as_known(snap, NOW)
        told = KIND.explain(rule, view, subject_ids=["x", "y"], runner=runner)
        assert {who: evidence(t)["frequency"]["purchase_count"] for who, t in told.items()} == {"x": 1, "y": 1}

    def test_won_deals_can_be_the_purchases(self, runner: DuckdbRunner) -> None:
        closed = NOW - timedelta(days=5)
        own = {"created_at": at(2024, 1, 1), "recorded_at": at(2024, 1, 1), "account_id": "x", "amount": Decimal(50)}
        deals = [
            {"id": "d1", "status": "won", "closed_at": closed, **own},
            {"id": "d2", "status": "lost", "closed_at": closed, **own},
        ]
        snap = snapshot(runner, accounts=[contact("x")], deals=deals)
        rule = parse_definition("{name: rfm, subject: account, kind: rfm, purchases: deals, " + FIXED + "}")
        told = KIND.explain(rule, as_known(snap, NOW), subject_ids=["x"], runner=runner)["x"]
        assert evidence(told)["frequency"]["purchase_count"] == 1
        assert told.lines[0].evidence["days_since_last_purchase"] == 5


class TestScores:
    @pytest.mark.parametrize(("days", "points"), [(1, 40), (2, 30), (10, 30), (11, 20), (30, 10), (31, 0)])
    def test_recency_gives_fewer_points_above_each_threshold(
        self, runner: DuckdbRunner, days: int, points: int
    ) -> None:
        snap = snapshot(runner, contacts=[contact("a")], orders=[order("o1", "a", days)])
        assert reasons(snap, runner, definition(FIXED), "a").lines[0].points == points

    def test_below_fifty_customers_terciles_give_one_three_and_five(self, runner: DuckdbRunner) -> None:
        people = [f"c{n}" for n in range(1, 8)]
        orders = [order(f"o{n}", f"c{n}", n, n) for n in range(1, 8)]
        snap = snapshot(runner, contacts=[contact(p) for p in people], orders=orders)
        told = KIND.explain(definition(), as_known(snap, NOW), subject_ids=people, runner=runner)
        # 7 customers: cut points at ranks ceil(7/3) = 3 and ceil(14/3) = 5
        assert [evidence(told[p])["recency"]["score"] for p in people] == [5, 5, 5, 3, 3, 1, 1]
        assert [evidence(told[p])["monetary"]["score"] for p in people] == [1, 1, 1, 3, 3, 5, 5]
        assert [evidence(told[p])["frequency"]["score"] for p in people] == [1] * 7

    def test_from_fifty_customers_on_quintiles_count(self, runner: DuckdbRunner) -> None:
        people = [f"c{n}" for n in range(1, 51)]
        orders = [order(f"o{n}", f"c{n}", n, n) for n in range(1, 51)]
        snap = snapshot(runner, contacts=[contact(p) for p in people], orders=orders)
        told = KIND.explain(definition(), as_known(snap, NOW), subject_ids=people, runner=runner)
        assert [evidence(told[p])["monetary"]["score"] for p in people] == [1] * 10 + [2] * 10 + [3] * 10 + [4] * 10 + [
            5
        ] * 10

    def test_a_later_customer_is_measured_against_the_stored_run(self, runner: DuckdbRunner) -> None:
        people = [contact(f"c{n}") for n in range(60)]
        orders = [order(f"o{n}", f"c{n}", n, n) for n in range(60)]
        snap = snapshot(runner, contacts=people, orders=orders)
        stored = PopulationRun.from_json(KIND.population(definition(), as_known(snap, NOW), runner=runner).to_json())
        grown = snapshot(runner, contacts=[*people, contact("new")], orders=[*orders, order("n", "new", 0, 1000)])
        one = runner.from_arrow(pa.table({"subject_id": ["new"]}))
        row = scores(grown, runner, definition(), run=stored, subjects=one)["new"]
        assert (row["value"], row["matrix"], row["band"]) == (Decimal(70), "new", "B")
        # 0 of the 60 have 70 points; those with more: none, so it lies above all of them or among equals
        assert row["percentile"] == stored.percentile(Decimal(70))

    def test_one_by_one_gives_what_all_at_once_gives(self, runner: DuckdbRunner) -> None:
        people = [f"c{n}" for n in range(60)]
        orders = [order(f"o{n}", f"c{n % 41}", n * 7 % 50, n * 13 % 29) for n in range(150)]
        snap = snapshot(runner, contacts=[contact(p) for p in people], orders=orders)
        run = KIND.population(definition(), as_known(snap, NOW), runner=runner)
        together = scores(snap, runner, definition(), run=run)
        for who in people[:5] + people[-2:]:
            one = runner.from_arrow(pa.table({"subject_id": [who]}))
            assert scores(snap, runner, definition(), run=run, subjects=one) == {who: together[who]}
        assert scores(snap, runner, definition()) == together  # a run made at the instant is the same run

    def test_without_a_table_of_purchases_every_score_is_null_and_says_so(self, runner: DuckdbRunner) -> None:
        snap = snapshot(runner, contacts=[contact("a")])
        view = as_known(snap, NOW)
        assert scores(snap, runner, definition())["a"]["reason_null"] == "orders not mapped"
        assert KIND.population(definition(), view, runner=runner).population == 0
        told = KIND.explain(definition(), view, subject_ids=["a"], runner=runner)["a"]
        assert (told.value, told.reason_null, told.lines) == (None, "orders not mapped", ())

    def test_only_the_audience_is_scored_and_compared(self, runner: DuckdbRunner) -> None:
        people = [f"c{n:02}" for n in range(60)]
        stays = [
            {"id": who, "segment": "trade", "subject": "contact", "subject_id": who, "recorded_at": at(2023, 1, 1)}
            | {"entered_at": at(2023, 1, 1), "left_at": at(2024, 1, 1) if who == "c02" else None}
            for who in people[:10]
        ]
        orders = [order(f"o{n}", who, 1, n) for n, who in enumerate(people)]
        snap = snapshot(runner, contacts=[contact(p) for p in people], orders=orders, segment_memberships=stays)
        rows = scores(snap, runner, definition("audience: {exclude: [trade]}"))
        assert (rows["c00"]["value"], rows["c00"]["reason_null"]) == (None, "excluded from the audience")
        assert rows["c02"]["reason_null"] is None  # has left the segment
        only = scores(snap, runner, definition("audience: {include: [trade]}"))
        assert only["c59"]["reason_null"] == "not in the audience"
        for rule in (definition("audience: {exclude: [trade]}"), definition("audience: {include: [trade]}")):
            run = KIND.population(rule, as_known(snap, NOW), runner=runner)
            assert scores(snap, runner, rule) == scores(snap, runner, rule, run=run)
        # nine members: terciles of their amounts 0, 1, 3 ... 9, so that the best three score 5
        best = [who for who, row in only.items() if row["value"] is not None and row["value"] == 70]
        assert sorted(best) == ["c07", "c08", "c09"]

    def test_nobody_bought_anything(self, runner: DuckdbRunner) -> None:
        snap = snapshot(runner, contacts=[contact("a")], orders=[order("o1", "a", 1, status="cancelled")])
        row = scores(snap, runner, definition())["a"]
        assert (row["value"], row["percentile"], row["reason_null"]) == (None, None, "no purchase")

    def test_a_run_of_nobody_cannot_measure_a_later_customer(self, runner: DuckdbRunner) -> None:
        empty = snapshot(runner, contacts=[contact("a")], orders=[order("o1", "a", 1, status="cancelled")])
        run = KIND.population(definition(), as_known(empty, NOW), runner=runner)
        snap = snapshot(runner, contacts=[contact("a")], orders=[order("o2", "a", 1)])
        assert scores(snap, runner, definition(), run=run)["a"]["reason_null"] == "no customers to compare with"


class TestReasons:
    def test_sentences_say_how_the_customer_compares(self, runner: DuckdbRunner) -> None:
        people = [contact(f"c{n}") for n in range(1, 51)]
        orders = [order(f"o{n}", f"c{n}", n, n) for n in range(1, 51)]
        told = reasons(snapshot(runner, contacts=people, orders=orders), runner, definition(), "c10")
        assert [line.sentence for line in told.lines] == [
            "Last purchase 10 days ago: more recent than 80 % of customers (recency 5 of 5).",
            "1 purchase: among the fewest (frequency 1 of 5).",
            "EUR 10.00 spent: among the smallest sums (monetary 1 of 5).",
        ]

    @pytest.mark.parametrize("weights", ["[10.3, 20.0001, 0.7]", "[0, 0, 1]", "[33.3333, 33.3333, 33.3334]"])
    def test_lines_add_up_whatever_the_weights(self, runner: DuckdbRunner, weights: str) -> None:
        r, f, m = weights.strip("[]").split(", ")
        total = Decimal(r) + Decimal(f) + Decimal(m)
        rule = definition(f"{FIXED}, weights: {{recency: {r}, frequency: {f}, monetary: {m}}}, range: [0, {total}]")
        orders = [order(f"o{n}", f"c{n % 4}", n * 9, n) for n in range(12)]
        snap = snapshot(runner, contacts=[contact(f"c{n}") for n in range(4)], orders=orders)
        values = scores(snap, runner, rule)
        for who in values:
            told = reasons(snap, runner, rule, who)
            assert sum(line.points for line in told.lines) == told.value == values[who]["value"]


class TestSegments:
    def test_every_pair_of_scores_has_exactly_one_name(self) -> None:
        assert len(PAIRS) == 25
        assert all(len(names_of(pair, SEGMENTS)) == 1 for pair in PAIRS)

    def test_each_pair_is_named_as_in_the_catalogue(self) -> None:
        by_recency = {
            5: ["new", "potential loyalist", "potential loyalist", "champions", "champions"],
            4: ["promising", "potential loyalist", "potential loyalist", "loyal", "loyal"],
            3: ["about to sleep", "about to sleep", "need attention", "loyal", "loyal"],
            2: ["hibernating", "hibernating", "at risk", "at risk", "can't lose"],
            1: ["hibernating", "hibernating", "at risk", "at risk", "can't lose"],
        }
        expected = {(r, f): by_recency[r][f - 1] for r, f in product(range(1, 6), repeat=2)}
        assert {pair: names_of(pair, SEGMENTS)[0] for pair in PAIRS} == expected

    def test_the_expression_names_each_pair_alike(self, runner: DuckdbRunner) -> None:
        days = {5: 1, 4: 5, 3: 15, 2: 25, 1: 35}
        people, orders = [], []
        for r, f in PAIRS:
            people.append(contact(f"{r}{f}"))
            orders += [order(f"{r}{f}-{n}", f"{r}{f}", days[r]) for n in range(f)]
        rows = scores(snapshot(runner, contacts=people, orders=orders), runner, definition(FIXED))
        assert {who: row["matrix"] for who, row in rows.items()} == {
            f"{r}{f}": names_of((r, f), SEGMENTS)[0] for r, f in PAIRS
        }


class TestDefinition:
    def test_own_segments_must_name_every_pair_once(self) -> None:
        halves = "segments: {old: {recency: [1, 2], frequency: [1, 5]}, fresh: {recency: [3, 5], frequency: [1, 5]}}"
        assert set(definition(halves).segments) == {"old", "fresh"}
        with pytest.raises(DefinitionError, match="recency 3, frequency 1 has no segment"):
            definition(halves.replace("[3, 5]", "[4, 5]"))
        with pytest.raises(DefinitionError, match="recency 2, frequency 1 is in old and fresh"):
            definition(halves.replace("[3, 5]", "[2, 5]"))

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ("range: [0, 10]", "sum of the weights"),
            ("weights: {recency: 0.00001}", "at most 4 decimal places"),
            ("thresholds: {recency: [3, 2, 1, 0]}", "each larger than the one before"),
            ("thresholds: {recency: [1, 2, 3]}", "four \\(or two\\) numbers"),
            ("window_days: 0", "greater than or equal to 1"),
            ("purchases: deals, monetary: margin", "Deals carry no margin"),
            ("purchases: baskets", "orders"),
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, wrong: str, message: str) -> None:
        with pytest.raises(DefinitionError, match=message):
            definition(wrong)

    def test_a_deal_has_no_rfm(self) -> None:
        with pytest.raises(DefinitionError, match="contact"):
            parse_definition("{name: rfm, subject: deal, kind: rfm}")
