"""Churn scores of customers without and with contracts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from crm_rows import at
from rapport.engine.crm.as_of import as_known
from rapport.engine.errors import DefinitionError
from rapport.engine.evaluation.backtest import backtest
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.churn.kind import value_at_risk
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.kinds import KINDS
from rapport.engine.scores.lifetime.fitted import Cohort, Fitted, Known
from rapport.engine.scores.lifetime.models.bdw import Bdw
from rapport.engine.scores.lifetime.residual import Running, full_months, lost_of, months_of
from shoppers import DAY, company, contract, order, person, shoppers, subscribers

START = at(2022, 1, 1)
NOW = START + 600 * DAY
KIND = KINDS["churn"]


def definition(more: str = "") -> Any:
    return parse_definition("{name: churn, subject: contact, kind: churn" + (f", {more}" if more else "") + "}")


def scores(runner: DuckdbRunner, snap: Any, rule: Any, **how: Any) -> dict[str, dict[str, Any]]:
    rows = runner.to_arrow(KIND.score(rule, as_known(snap, NOW), runner=runner, **how)).to_pylist()
    return {row["subject_id"]: row for row in rows}


def known(a: float, b: float, c: float, at_renewal: float) -> Cohort:
    sure = Known(model=Bdw(a, b, c), covariance=np.eye(3) * 1e-12)
    return Cohort(customers=1, informative=1, known=sure, at_renewal=at_renewal)


class TestPurchases:
    @pytest.fixture
    def snap(self, runner: DuckdbRunner) -> Any:
        return shoppers(runner, start=START, days=600, customers=250, seed=8)

    def test_silence_is_at_least_as_likely_as_having_gone(self, runner: DuckdbRunner, snap: Any) -> None:
        silent = scores(runner, snap, definition("model: mbg_nbd"))
        gone = scores(runner, snap, definition("model: mbg_nbd, lost_means: gone"))
        for who, row in silent.items():
            assert 0 <= row["low"] <= row["value"] <= row["high"] <= 100
            assert row["value"] >= gone[who]["value"]
            assert float(gone[who]["value"]) == pytest.approx(100 * (1 - gone[who]["probability_alive"]), abs=1e-5)

    def test_what_is_at_risk_is_the_chance_times_what_would_come(self, runner: DuckdbRunner, snap: Any) -> None:
        rows = scores(runner, snap, definition("model: mbg_nbd, lost_means: gone, discount_per_year: 0"))
        for row in rows.values():
            would_come = row["expected_purchases"] / row["probability_alive"] * row["expected_value_per_purchase"]
            assert float(row["value_at_risk"]) == pytest.approx(float(row["value"]) / 100 * would_come, rel=1e-6)

    def test_value_at_risk_is_summed_by_band(self, runner: DuckdbRunner, snap: Any) -> None:
        rule = definition("model: mbg_nbd")
        told = KIND.score(rule, as_known(snap, NOW), runner=runner)
        rows = runner.to_arrow(told).to_pylist()
        found = {row["band"]: row for row in runner.to_arrow(value_at_risk(told)).to_pylist()}
        for band in {row["band"] for row in rows}:
            own = [row["value_at_risk"] for row in rows if row["band"] == band]
            assert (found[band]["customers"], found[band]["value_at_risk"]) == (len(own), sum(own))

    def test_reasons_are_percentage_points_that_add_up(self, runner: DuckdbRunner, snap: Any) -> None:
        rule, view = definition("model: mbg_nbd"), as_known(snap, NOW)
        run = KIND.population(rule, view, runner=runner)
        told = KIND.explain(rule, view, subject_ids=["c00003"], runner=runner, run=run)["c00003"]
        assert [line.name for line in told.lines] == ["base", "frequency", "recency", "tenure"]
        assert told.lines[0].sentence.endswith("buys nothing within 90 days with this probability (%).")
        assert told.value == scores(runner, snap, rule, run=run)["c00003"]["value"]
        assert told.facts["value at risk"].startswith("EUR ")

    def test_who_fell_silent_after_buying_often_is_likelier_gone_than_who_always_bought_rarely(
        self, runner: DuckdbRunner, snap: Any
    ) -> None:
        often = [order("often", NOW - (150 + 5 * k) * DAY, 10) for k in range(15)]
        rarely = [order("rarely", NOW - (150 + 140 * k) * DAY, 10) for k in range(3)]
        people = [person(who, START) for who in ("often", "rarely")]
        pair = company(runner, contacts=people, orders=[*often, *rarely])
        rule = definition("model: mbg_nbd, lost_means: gone")
        run = KIND.population(rule, as_known(snap, NOW), runner=runner)
        rows = scores(runner, pair, rule, run=run)
        assert rows["often"]["value"] > 90 > 60 > rows["rarely"]["value"]


class TestCalibration:
    def test_what_comes_true_is_left_alone(self, runner: DuckdbRunner) -> None:
        snap = shoppers(runner, start=START, days=600, customers=400, seed=8)
        run = KIND.population(definition("model: mbg_nbd"), as_known(snap, NOW), runner=runner)
        assert run.model is not None
        found = Fitted.from_json(run.model.text).calibrator
        assert found is not None
        assert found.method == "identity"

    def test_what_does_not_come_true_is_corrected_and_said(self, runner: DuckdbRunner) -> None:
        """Half buy every 40 to 60 days like clockwork, half have left: not chance, as the models take it for."""
        random, orders = np.random.default_rng(4), []
        for n in range(200):
            day, pause = float(random.uniform(0, 60)), float(random.uniform(40, 60))
            end = 600.0 if n % 2 else float(random.uniform(200, 500))
            while day < end:
                orders.append(order(f"c{n}", START + int(day) * DAY, 10, key=f"o{len(orders)}"))
                day += pause
        snap = company(runner, contacts=[person(f"c{n}", START) for n in range(200)], orders=orders)
        rule, view = definition("model: bg_nbd, horizon_days: 60"), as_known(snap, NOW)
        run = KIND.population(rule, view, runner=runner)
        assert run.model is not None
        found = Fitted.from_json(run.model.text).calibrator
        assert found is not None
        assert (found.method, found.n) == ("platt", 200)
        assert found.slope > 1.2
        rows = scores(runner, snap, rule, run=run)
        assert all(row["low"] <= row["value"] <= row["high"] for row in rows.values())
        told = KIND.explain(rule, view, subject_ids=["c1"], runner=runner, run=run)["c1"]
        assert told.value == rows["c1"]["value"]
        assert told.facts["calibration"].startswith("Probabilities are corrected by slope and level")


class TestContracts:
    def test_the_chance_to_end_within_a_term_ahead_is_one_less_retention(self) -> None:
        # sBG, alpha 0.668, beta 3.806 (Fader & Hardie 2007, High End): S(1) = 0.851, S(2) = 0.747
        fresh = Running(renewals=np.array([0.0, 1.0]), age_days=np.array([0.0, 365.25]))
        lost = lost_of(known(0.668, 3.806, 1.0, 1.0), fresh, horizon_days=365.25, renewal_months=12)
        assert lost.value == pytest.approx([1 - 0.851, 1 - 0.747 / 0.851], abs=1e-3)

    def test_no_renewal_within_the_horizon_no_loss_unless_contracts_end_within_terms(self) -> None:
        fresh = Running(renewals=np.array([0.0]), age_days=np.array([30.0]))
        at_once = lost_of(known(1, 3, 1, 1.0), fresh, horizon_days=90, renewal_months=12).value
        evenly = lost_of(known(1, 3, 1, 0.0), fresh, horizon_days=90, renewal_months=12).value
        term = 365.25
        # a quarter of contracts end in the first term, evenly: S(t) = 1 - t / 4
        assert at_once == pytest.approx(0, abs=1e-12)
        assert evenly == pytest.approx(1 - (1 - 120 / term / 4) / (1 - 30 / term / 4))

    def test_months_still_to_run_are_those_of_the_horizon_for_a_contract_that_never_ends(self) -> None:
        sure = known(1e-9, 1.0, 1.0, 1.0)
        fresh = Running(renewals=np.array([3.0]), age_days=np.array([1200.0]))
        told = months_of(sure, fresh, horizon_days=365.25, renewal_months=12, rate_per_day=0.0002)
        assert told.value == pytest.approx(full_months(365.25, 0.0002), rel=1e-6)
        assert full_months(365.25, 0.0) == pytest.approx(12)

    def test_several_contracts_at_least_one_of_which_ends(self, runner: DuckdbRunner) -> None:
        snap = subscribers(runner, start=START, days=600, customers=300, seed=2)
        rule = definition("purchases: contracts, discount_per_year: 0")
        run = KIND.population(rule, as_known(snap, NOW), runner=runner)
        begun = NOW - 100 * DAY
        pair = company(
            runner,
            contacts=[person("one", START), person("two", START)],
            contracts=[
                contract("k1", "one", begun),
                contract("k2", "two", begun),
                contract("k3", "two", begun, monthly_amount=Decimal(300)),
            ],
        )
        rows = scores(runner, pair, rule, run=run)
        one, two = (float(rows[who]["value"]) / 100 for who in ("one", "two"))
        assert two == pytest.approx(1 - (1 - one) ** 2, abs=1e-7)
        months = 90 / (365.25 / 12)
        assert float(rows["one"]["value_at_risk"]) == pytest.approx(one * 100 * months, rel=1e-5)
        assert float(rows["two"]["value_at_risk"]) == pytest.approx(one * 400 * months, rel=1e-5)

    def test_an_end_of_a_term_under_way_does_not_make_that_term_deadly(self, runner: DuckdbRunner) -> None:
        """A year's contract each; one in ten ends within the first months. Nobody's first renewal is due yet."""
        contracts = [
            contract(f"k{n}", f"c{n}", NOW - 200 * DAY, ended_at=NOW - 60 * DAY if n % 10 == 0 else None)
            for n in range(100)
        ]
        snap = company(runner, contacts=[person(f"c{n}", START) for n in range(100)], contracts=contracts)
        rule = definition("purchases: contracts, renewal_months: 12, horizon_days: 365")
        run = KIND.population(rule, as_known(snap, NOW), runner=runner)
        assert run.model is not None
        retention = Fitted.from_json(run.model.text).everyone.known.model.survival(np.array([1.0]))  # type: ignore[attr-defined]
        assert retention[0] > 0.3

    def test_renewed_contracts_are_not_lost(self, runner: DuckdbRunner) -> None:
        chain = [
            contract("k1", "a", START, ended_at=NOW - 30 * DAY, renewed_by_contract_id="k2"),
            contract("k2", "a", NOW - 30 * DAY),
            contract("k3", "b", START, ended_at=NOW - 30 * DAY),
        ]
        snap = company(runner, contacts=[person("a", START), person("b", START)], contracts=chain)
        report = backtest(
            definition("purchases: contracts, horizon_days: 60"),
            snap,
            cut_offs=[NOW - 61 * DAY],
            now=NOW,
            runner=runner,
            baselines=(),
        )
        assert (report.event, report.cut_offs[0].scored, report.cut_offs[0].event_count) == ("contract_ended", 2, 1)


class TestDefinition:
    def test_without_contracts_it_claims_that_nothing_is_bought(self) -> None:
        rule = definition("horizon_days: 60")
        assert (rule.outcome.event, rule.outcome.absent, rule.outcome.within_days) == ("order_placed", True, 60)
        assert rule.tells_outcome

    def test_with_contracts_it_claims_that_one_ends_unrenewed(self) -> None:
        rule = definition("purchases: contracts")
        assert (rule.outcome.event, rule.outcome.absent, rule.outcome.where.field) == (
            "contract_ended",
            False,
            "renewed_by_contract_id",
        )
        assert rule.tells_outcome

    def test_another_window_is_no_longer_the_same_probability(self) -> None:
        other = "outcome: {event: order_placed, within_days: 30, repeatable: true, absent: true}"
        assert not definition(other).tells_outcome
        assert not definition("lost_means: gone").tells_outcome

    @pytest.mark.parametrize("more", ["range: [0, 1]", "purchases: contracts, lost_means: gone"])
    def test_what_does_not_go_together_is_refused(self, more: str) -> None:
        with pytest.raises(DefinitionError):
            definition(more)


def test_a_backtest_shows_that_the_probabilities_are_right(runner: DuckdbRunner) -> None:
    snap = shoppers(runner, start=START, days=600, customers=700, seed=11)
    report = backtest(
        definition("model: mbg_nbd, horizon_days: 60"),
        snap,
        cut_offs=[NOW - 61 * DAY],
        now=NOW,
        runner=runner,
        baselines=(),
    )
    found = report.score.calibration
    assert found is not None
    assert found.slope is not None
    assert report.event == "no order_placed"
    assert 0.75 < found.slope < 1.25  # closer on more customers, in tests/reference
    assert report.score.auc.value is not None
    assert report.score.auc.value > 0.8
