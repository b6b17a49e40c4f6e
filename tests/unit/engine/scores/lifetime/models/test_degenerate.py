"""Data that leave parameters open: the fit says so, in a sentence, and everything stays finite."""

from __future__ import annotations

import numpy as np
import pytest

from rapport.engine.scores.lifetime.models import Fit, PurchaseGroups, SpendGroups, TermGroups, fit, outcome_interval
from unit.engine.scores.lifetime.models import simulated


def without_dropout(count: int = 3_000) -> PurchaseGroups:
    """Everybody stays: purchases at gamma rates until now."""
    random = np.random.default_rng(5)
    age = random.uniform(100, 400, count)
    x = random.poisson(random.gamma(1.2, size=count) / 30 * age).astype(float)
    last = np.where(x > 0, age * random.beta(np.maximum(x, 1), 1), 0.0)
    return PurchaseGroups(x, last, age)


def alike_dropout(count: int = 4_000) -> PurchaseGroups:
    """Everybody leaves after a purchase with the same chance, as in the apparel data: a and b run to the boundary."""
    random = np.random.default_rng(6)
    age = random.uniform(100, 400, count)
    rate = random.gamma(1.2, size=count) / 30
    wanted = random.poisson(rate * age)
    x = np.minimum(wanted, random.geometric(0.14, count)).astype(float)
    last = np.where(x > 0, age * random.beta(np.maximum(x, 1), np.maximum(wanted - x, 0) + 1), 0.0)
    return PurchaseGroups(x, last, age)


def said(found: Fit) -> str:
    return " ".join(found.warnings)


class TestPurchases:
    @pytest.mark.parametrize("name", ["bg_nbd", "mbg_nbd", "pareto_nbd"])
    def test_no_dropout_in_the_data(self, name: str) -> None:
        groups = without_dropout()
        found = fit(name, groups)
        assert found.warnings
        assert "No dropout was found" in said(found) or "determine" in said(found)
        model = found.model
        assert np.isfinite(found.log_likelihood)
        alive = model.probability_alive(groups)  # type: ignore[attr-defined]
        assert np.average(alive, weights=groups.weight) > 0.97
        assert np.isfinite(model.expected_purchases(groups, horizon=90)).all()  # type: ignore[attr-defined]

    def test_dropout_that_is_alike_for_all(self) -> None:
        found = fit("bg_nbd", alike_dropout())
        assert "alike for all customers" in said(found) or "determine" in said(found)
        model = found.model
        share = model.a / (model.a + model.b)  # type: ignore[attr-defined]
        assert share == pytest.approx(0.14, abs=0.02)  # what is determined is found all the same

    @pytest.mark.parametrize("name", ["bg_nbd", "mbg_nbd", "pareto_nbd"])
    def test_nobody_came_back(self, name: str) -> None:
        groups = PurchaseGroups(np.zeros(50), np.zeros(50), np.linspace(10, 300, 50))
        found = fit(name, groups)
        assert found.warnings
        assert np.isfinite(found.log_likelihood)
        assert np.isfinite(found.model.expected_purchases(groups, horizon=90)).all()  # type: ignore[attr-defined]

    @pytest.mark.parametrize("name", ["bg_nbd", "mbg_nbd", "pareto_nbd"])
    def test_a_single_customer(self, name: str) -> None:
        one = PurchaseGroups(np.array([3.0]), np.array([40.0]), np.array([60.0]))
        found = fit(name, one)
        assert found.warnings
        interval = outcome_interval(found, one, horizon=30, seed=1)
        assert np.isfinite(interval.low).all()
        assert np.isfinite(interval.high).all()

    @pytest.mark.parametrize("count", [9, 9_000])
    @pytest.mark.parametrize("name", ["bg_nbd", "mbg_nbd", "pareto_nbd"])
    def test_everybody_first_bought_today(self, name: str, count: int) -> None:
        groups = PurchaseGroups(np.zeros(count), np.zeros(count), np.zeros(count))
        found = fit(name, groups)
        assert found.warnings

    def test_unknown_errors_are_not_numbers_and_survive_being_written(self) -> None:
        found = fit("bg_nbd", PurchaseGroups(np.zeros(5), np.zeros(5), np.full(5, 30.0)))
        written = found.to_dict()["standard_errors"]
        unknown = [name for name, error in found.standard_errors.items() if np.isnan(error)]
        assert unknown
        assert all(written[name] is None for name in unknown)


class TestSpend:
    def test_everybody_spends_the_same(self) -> None:
        found = fit("gamma_gamma", SpendGroups(np.arange(1.0, 50.0), np.full(49, 20.0)))
        assert found.warnings
        assert found.model.expected_value(np.array([3.0]), np.array([20.0])) == pytest.approx([20], rel=0.01)  # type: ignore[attr-defined]

    def test_an_infinite_mean_is_said(self) -> None:
        random = np.random.default_rng(2)
        spend = random.gamma(4, size=2_000) / random.gamma(0.7, size=2_000)
        found = fit("gamma_gamma", SpendGroups(np.ones(2_000), spend))
        assert "infinite" in said(found)


class TestContracts:
    def test_nothing_ended(self) -> None:
        found = fit("bdw", TermGroups(np.array([1.0, 2.0]), np.zeros(2), np.array([30.0, 40.0])))
        assert found.warnings
        assert np.isfinite(found.model.survival(np.arange(1.0, 5.0))).all()  # type: ignore[attr-defined]

    def test_everything_ended_at_once(self) -> None:
        found = fit("bdw", TermGroups(np.array([1.0]), np.array([50.0]), np.zeros(1)))
        assert found.warnings
        assert found.model.survival(np.array([1.0]))[0] < 0.01  # type: ignore[attr-defined]

    def test_one_renewal_does_not_tell_three_parameters(self) -> None:
        found = fit("bdw", TermGroups.of_survivors(np.array([100.0, 80.0])))
        assert found.warnings
        assert found.model.survival(np.array([1.0])) == pytest.approx([0.8], abs=1e-3)  # type: ignore[attr-defined]


def test_good_data_raise_no_alarm() -> None:
    for name, truth in (("bg_nbd", (0.6, 40.0, 0.8, 2.5)), ("pareto_nbd", (0.7, 40.0, 0.6, 150.0))):
        assert fit(name, simulated.customers(name, truth, count=3_000, seed=3)[0]).warnings == ()
