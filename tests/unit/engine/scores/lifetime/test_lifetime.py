"""Lifetime scores of a company of four hundred shoppers, and of a handful."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from crm_rows import at
from rapport.engine.crm.as_of import AsOf, as_known
from rapport.engine.errors import DataError, DefinitionError
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.kinds import KINDS
from rapport.engine.scores.lifetime.equity import customer_equity, retention_curves
from rapport.engine.scores.lifetime.fitted import Fitted
from rapport.engine.scores.population import PopulationRun
from shoppers import DAY, company, contract, order, person, shoppers, subscribers

START = at(2022, 1, 1)
NOW = START + 600 * DAY
KIND = KINDS["lifetime"]


def definition(more: str = "") -> Any:
    return parse_definition("{name: clv, subject: contact, kind: lifetime" + (f", {more}" if more else "") + "}")


@dataclass(frozen=True)
class Shop:
    runner: DuckdbRunner
    view: AsOf
    rule: Any
    run: PopulationRun

    def scores(self, **how: Any) -> dict[str, dict[str, Any]]:
        rows = self.runner.to_arrow(KIND.score(self.rule, self.view, runner=self.runner, run=self.run, **how))
        return {row["subject_id"]: row for row in rows.to_pylist()}

    def some(self, *keys: str) -> Any:
        return self.runner.from_arrow(pa.table({"subject_id": list(keys)}))


def shop(runner: DuckdbRunner, snap: Any, rule: Any) -> Shop:
    view = as_known(snap, NOW)
    return Shop(runner, view, rule, KIND.population(rule, view, runner=runner))


@pytest.fixture(scope="module")
def store() -> Iterator[Shop]:
    with DuckdbRunner(threads=1) as runner:
        snap = shoppers(runner, start=START, days=600, customers=400, seed=5)
        yield shop(runner, snap, definition("model: mbg_nbd"))


class TestScore:
    def test_a_value_is_the_discounted_purchases_times_what_one_is_worth(self, store: Shop) -> None:
        row = max(store.scores().values(), key=lambda r: r["value"])
        undiscounted = row["expected_purchases"] * row["expected_value_per_purchase"]
        # a year at 10 %: between 1 / 1.1 and 1 of it
        assert undiscounted / 1.1 < float(row["value"]) < undiscounted
        assert row["low"] < row["value"] < row["high"]

    def test_one_by_one_gives_what_all_at_once_gives(self, store: Shop) -> None:
        together = store.scores()
        for who in ("c00000", "c00123", "c00399"):
            assert store.scores(subjects=store.some(who)) == {who: together[who]}

    def test_a_stored_run_gives_the_same_scores(self, store: Shop) -> None:
        stored = PopulationRun.from_json(store.run.to_json())
        again = Shop(store.runner, store.view, store.rule, stored)
        assert again.scores() == store.scores()
        assert stored.model is not None
        assert Fitted.from_json(stored.model.text).to_json() == stored.model.text

    def test_bands_are_by_rank_unless_the_definition_says_otherwise(self, store: Shop) -> None:
        rows = store.scores().values()
        assert {row["band"] for row in rows if row["percentile"] >= 80} == {"A"}
        assert {row["band"] for row in rows if row["percentile"] < 20} == {"D"}
        told = definition("model: mbg_nbd, bands: [{label: big, from: 100}, {label: small, from: 0}]")
        again = Shop(store.runner, store.view, told, store.run).scores().values()
        assert {row["band"] for row in again if row["value"] >= 100} == {"big"}
        assert {row["band"] for row in again if row["value"] < 100} == {"small"}

    def test_customers_are_named_by_whether_they_are_still_there_and_by_value(self, store: Shop) -> None:
        for row in store.scores().values():
            there = row["probability_alive"]
            assert (row["matrix"] in ("strong", "steady")) == (there >= 0.5)
            assert (row["matrix"] == "lost") == (there < 0.2)

    def test_alive_is_a_percentage_with_an_interval(self, store: Shop) -> None:
        rows = Shop(store.runner, store.view, definition("model: mbg_nbd, measure: alive"), store.run).scores()
        for row in rows.values():
            assert float(row["value"]) == pytest.approx(100 * row["probability_alive"], abs=1e-6)
            assert 0 <= row["low"] <= row["value"] <= row["high"] <= 100

    def test_a_margin_keeps_its_share_of_the_value(self, store: Shop) -> None:
        whole = store.scores()["c00001"]["value"]
        kept = Shop(store.runner, store.view, definition("model: mbg_nbd, margin_percent: 25"), store.run).scores()
        assert float(kept["c00001"]["value"]) == pytest.approx(float(whole) / 4, abs=1e-6)

    def test_a_longer_horizon_brings_more_and_a_discount_takes_from_it(self, store: Shop) -> None:
        def total(more: str = "") -> float:
            rows = Shop(store.runner, store.view, definition(f"model: mbg_nbd{more}"), store.run).scores()
            return sum(float(row["value"]) for row in rows.values())

        assert total(", horizon_days: 90") < total() < total(", discount_per_year: 0")


class TestReasons:
    def test_lines_lead_from_the_average_customer_to_the_value_exactly(self, store: Shop) -> None:
        who = ["c00000", "c00007", "c00200"]
        told = KIND.explain(store.rule, store.view, subject_ids=who, runner=store.runner, run=store.run)
        values = store.scores()
        for key in who:
            assert told[key].value == values[key]["value"]  # Explanation checks the sum itself
            assert [line.name for line in told[key].lines] == ["base", "frequency", "recency", "tenure", "spend"]
            assert told[key].lines[0].kind == "base"
        assert len({told[key].lines[0].points for key in who}) == 1

    def test_a_customer_of_average_history_has_only_a_base(self, runner: DuckdbRunner) -> None:
        orders = [order(f"c{n}", NOW - days * DAY, 10) for n in range(40) for days in (90, 30)]
        snap = company(runner, contacts=[person(f"c{n}", START) for n in range(40)], orders=orders)
        made = shop(runner, snap, definition("measure: purchases, model: mbg_nbd"))
        told = KIND.explain(made.rule, made.view, subject_ids=["c3"], runner=runner, run=made.run)["c3"]
        assert [line.points for line in told.lines[1:]] == [0, 0, 0]
        assert told.lines[1].sentence == "Bought on 2 days; the average customer on 2 days."
        assert told.lines[2].sentence == "Last bought 30 days ago; the average customer 30 days ago."

    def test_the_model_and_how_sure_it_is_are_told(self, store: Shop) -> None:
        told = KIND.explain(store.rule, store.view, subject_ids=["c00000"], runner=store.runner, run=store.run)
        facts = told["c00000"].facts
        assert facts["model"] == "MBG/NBD"
        assert facts["learnt as of"] == f"{NOW:%Y-%m-%d}"
        assert {"90 % interval", "still a customer", "learnt from"} < set(facts)


class TestNull:
    def test_who_never_bought_has_no_value_and_is_told_so(self, runner: DuckdbRunner) -> None:
        people = [person(key, START) for key in ("buys", "looks")]
        snap = company(runner, contacts=people, orders=[order("buys", NOW - 9 * DAY, 5)])
        rows = shop(runner, snap, definition()).scores()
        assert (rows["looks"]["value"], rows["looks"]["band"]) == (None, None)
        assert rows["looks"]["reason_null"] == "no purchase"
        assert rows["buys"]["value"] > 0  # drawn to the customary prior, not refused

    def test_without_any_amount_there_is_no_value_but_there_are_purchases(self, runner: DuckdbRunner) -> None:
        snap = company(runner, contacts=[person("a", START)], orders=[order("a", NOW - 9 * DAY, None)])
        assert shop(runner, snap, definition()).scores()["a"]["reason_null"] == "no amount known"
        assert shop(runner, snap, definition("measure: purchases")).scores()["a"]["value"] > 0

    def test_without_orders_every_score_is_null_and_says_so(self, runner: DuckdbRunner) -> None:
        made = shop(runner, company(runner, contacts=[person("a", START)]), definition())
        assert made.scores()["a"]["reason_null"] == "orders not mapped"
        assert made.run.model is None
        told = KIND.explain(made.rule, made.view, subject_ids=["a"], runner=runner, run=made.run)["a"]
        assert (told.value, told.reason_null) == (None, "orders not mapped")
        with pytest.raises(DataError, match="Customer equity cannot be told"):
            customer_equity(made.rule, made.view, runner=runner, run=made.run)

    def test_nobody_bought_yet(self, runner: DuckdbRunner) -> None:
        snap = company(runner, contacts=[person("a", START)], orders=[order("a", NOW - DAY, 5, status="cancelled")])
        assert "no customers to learn from" in shop(runner, snap, definition()).scores()["a"]["reason_null"]

    def test_only_the_audience_is_learnt_from_and_scored(self, runner: DuckdbRunner) -> None:
        stay = {"id": "s", "segment": "trade", "subject": "contact", "subject_id": "b", "entered_at": START}
        snap = company(
            runner,
            contacts=[person("a", START), person("b", START)],
            orders=[order("a", NOW - 9 * DAY, 5), order("b", NOW - 9 * DAY, 5)],
            segment_memberships=[{**stay, "recorded_at": START}],
        )
        made = shop(runner, snap, definition("audience: {exclude: [trade]}"))
        assert made.scores()["b"]["reason_null"] == "excluded from the audience"
        assert made.run.model is not None
        assert Fitted.from_json(made.run.model.text).everyone.customers == 1


class TestModel:
    def test_it_is_kept_while_it_is_young_and_learnt_anew_afterwards(self, store: Shop) -> None:
        later = as_known(store.view.snapshot, NOW + 29 * DAY)
        kept = KIND.population(store.rule, later, runner=store.runner, before=store.run)
        assert kept.model == store.run.model
        old = as_known(store.view.snapshot, NOW + 30 * DAY)
        anew = KIND.population(store.rule, old, runner=store.runner, before=store.run)
        assert anew.model is not None
        assert anew.model.fitted_at == NOW + 30 * DAY

    def test_another_way_of_counting_needs_another_fit(self, store: Shop) -> None:
        other = definition("model: bg_nbd")
        run = KIND.population(other, store.view, runner=store.runner, before=store.run)
        assert run.model is not None
        assert Fitted.from_json(run.model.text).everyone.known.model.name == "bg_nbd"

    def test_the_best_of_three_is_taken_and_all_are_shown(self, store: Shop) -> None:
        run = KIND.population(definition(), store.view, runner=store.runner)
        assert run.model is not None
        fitted = Fitted.from_json(run.model.text)
        assert {c.name for c in fitted.candidates} == {"bg_nbd", "mbg_nbd", "pareto_nbd"}
        assert fitted.everyone.known.model.name == fitted.candidates[0].name
        assert all(c.actual == fitted.candidates[0].actual > 0 for c in fitted.candidates)

    def test_few_repeat_buyers_are_said_and_the_intervals_are_wide(self, runner: DuckdbRunner) -> None:
        orders = [order(f"c{n}", NOW - (20 * n + 5) * DAY, 10 + n) for n in range(12)]
        snap = company(
            runner,
            contacts=[person(f"c{n}", START) for n in range(12)],
            orders=[*orders, order("c3", NOW - 2 * DAY, 8)],
        )
        made = shop(runner, snap, definition())
        row = made.scores()["c3"]
        assert row["high"] > 2 * row["low"]
        told = KIND.explain(made.rule, made.view, subject_ids=["c3"], runner=runner, run=made.run)["c3"]
        assert "too little to choose a model by" in told.facts["to be taken with care"]
        assert "1 of 12 customers bought again" in told.facts["to be taken with care"]

    def test_a_small_cohort_is_drawn_toward_all(self, runner: DuckdbRunner) -> None:
        """Sixty who return every ten days, and three of another trade who bought once: those are not taken for lost."""
        often = [order(f"often{n}", NOW - (10 * k + n % 7) * DAY, 10) for n in range(60) for k in range(1, 9)]
        once = [order(f"rare{n}", NOW - 40 * DAY, 10) for n in range(3)]
        people = [person(f"often{n}", START, lead_source="fair") for n in range(60)]
        people += [person(f"rare{n}", START, lead_source="web") for n in range(3)]
        made = shop(
            runner,
            company(runner, contacts=people, orders=[*often, *once]),
            definition("model: mbg_nbd, measure: purchases, horizon_days: 30, cohorts: [contact.lead_source]"),
        )
        assert made.run.model is not None
        fitted = Fitted.from_json(made.run.model.text)
        assert {name: c.customers for name, c in fitted.cohorts.items()} == {"": 63, "fair": 60, "web": 3}
        rows = made.scores()
        assert 0 < rows["rare0"]["value"] < rows["often0"]["value"]
        told = KIND.explain(made.rule, made.view, subject_ids=["rare0"], runner=runner, run=made.run)["rare0"]
        assert told.lines[-1].sentence == "Customers of web buy differently from the average."

    def test_dependence_of_spend_on_frequency_is_warned_of(self, runner: DuckdbRunner) -> None:
        orders = [order(f"c{n}", NOW - 9 * k * DAY, 10.0 * (n % 5 + 1)) for n in range(50) for k in range(1, 3 + n % 5)]
        snap = company(runner, contacts=[person(f"c{n}", START) for n in range(50)], orders=orders)
        made = shop(runner, snap, definition("model: mbg_nbd"))
        assert made.run.model is not None
        fitted = Fitted.from_json(made.run.model.text)
        assert fitted.independence == pytest.approx(1, abs=0.05)
        assert "spends more per purchase" in " ".join(fitted.warnings)


class TestEquity:
    def test_it_is_the_sum_of_the_values_with_an_interval(self, store: Shop) -> None:
        found = customer_equity(store.rule, store.view, runner=store.runner, run=store.run)
        values = [row["value"] for row in store.scores().values() if row["value"] is not None]
        assert found.total.value == pytest.approx(float(sum(values)), abs=1e-3)
        assert found.total.low < found.total.value < found.total.high
        assert (found.total.customers, found.cohorts, found.currency) == (len(values), (), "EUR")


class TestContracts:
    def test_a_contract_is_worth_its_months_times_what_a_month_brings(self, runner: DuckdbRunner) -> None:
        snap = subscribers(runner, start=START, days=600, customers=300, seed=2)
        made = shop(runner, snap, definition("purchases: contracts, discount_per_year: 0"))
        rows = [row for row in made.scores().values() if row["value"] is not None]
        for row in rows:
            assert float(row["value"]) == pytest.approx(100 * row["expected_purchases"], abs=1e-4)
            assert 0 < row["expected_purchases"] < 12.01
        equity = customer_equity(made.rule, made.view, runner=runner, run=made.run)
        assert equity.total.value == pytest.approx(sum(float(row["value"]) for row in rows), abs=1e-2)
        assert [(w.label, w.customers) for w in equity.cohorts] == [("Team", len(rows))]

    def test_the_curve_is_the_one_the_contracts_were_drawn_from(self, runner: DuckdbRunner) -> None:
        snap = subscribers(runner, start=START, days=600, customers=2000, seed=4)
        made = shop(runner, snap, definition("purchases: contracts"))
        curve = retention_curves(made.rule, made.run, terms_ahead=6)[0]
        # sBG with alpha 0.8, beta 4: S(k) = S(k-1) x (4 + k - 1) / (4.8 + k - 1), Fader & Hardie 2007
        truth = [1.0]
        for k in range(6):
            truth.append(truth[-1] * (4 + k) / (4.8 + k))
        assert curve.kept == pytest.approx(truth, abs=0.03)
        assert curve.months == (0, 1, 2, 3, 4, 5, 6)

    def test_reasons_lead_from_the_average_contract_to_the_value(self, runner: DuckdbRunner) -> None:
        two = [contract(f"k{n}", f"c{n}", NOW - (30 + 40 * n) * DAY, monthly_amount=Decimal(50)) for n in range(6)]
        two.append(contract("more", "c1", NOW - 90 * DAY, monthly_amount=Decimal(400), plan="Business"))
        two.append(contract("over", "c5", NOW - 200 * DAY, ended_at=NOW - 100 * DAY))
        snap = company(runner, contacts=[person(f"c{n}", START) for n in range(6)], contracts=two)
        made = shop(runner, snap, definition("purchases: contracts"))
        told = KIND.explain(made.rule, made.view, subject_ids=["c0", "c1"], runner=runner, run=made.run)
        assert [line.name for line in told["c1"].lines] == ["base", "plan", "age", "amount", "contracts"]
        assert told["c1"].lines[-1].sentence == "2 contracts run."
        assert [line.name for line in told["c0"].lines] == ["base", "plan", "age", "amount"]
        assert told["c1"].value == made.scores()["c1"]["value"]

    def test_who_has_no_running_contract_has_no_value(self, runner: DuckdbRunner) -> None:
        over = contract("k", "a", NOW - 200 * DAY, ended_at=NOW - 100 * DAY)
        snap = company(runner, contacts=[person("a", START)], contracts=[over])
        assert (
            shop(runner, snap, definition("purchases: contracts")).scores()["a"]["reason_null"] == "no running contract"
        )


class TestDefinition:
    @pytest.mark.parametrize(
        ("more", "told"),
        [
            ("model: bg_bb", "opportunity_days"),
            ("opportunity_days: 30", "opportunity_days"),
            ("purchases: contracts, model: bg_nbd", "one model of renewals"),
            ("purchases: deals, monetary: margin", "Only orders carry a margin"),
            ("renewal_months: 12", "about contracts"),
            ("cohorts: [contact.created_at]", "is no text"),
            ("cohorts: [deal.stage]", "begins with its table"),
            ("measure: alive, range: [0, 10]", "runs from 0 to 100"),
            ("discount_per_year: -1", "greater than or equal to 0"),
        ],
    )
    def test_what_does_not_go_together_is_refused(self, more: str, told: str) -> None:
        with pytest.raises(DefinitionError, match=told):
            definition(more)

    def test_a_score_in_money_has_no_upper_end_and_one_in_percent_has(self) -> None:
        assert definition().open_ended
        assert not definition("measure: alive").open_ended

    def test_it_claims_the_next_purchase(self) -> None:
        outcome = definition("purchases: deals").outcome
        assert (outcome.event, outcome.repeatable) == ("deal_won", True)
        assert definition("purchases: contracts").outcome is None

    def test_the_discount_is_continuous(self) -> None:
        assert definition("discount_per_year: 10").rate_per_day * 365.25 == pytest.approx(0.0953102, abs=1e-7)
