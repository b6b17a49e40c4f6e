"""Fits find the parameters customers were drawn from, whatever the units, groups or starting points."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rapport.engine.errors import DataError, DefinitionError
from rapport.engine.scores.lifetime.models import (
    MODELS,
    BgNbd,
    Fit,
    Prior,
    PurchaseGroups,
    SpendGroups,
    TermGroups,
    fit,
    model_from_dict,
)
from rapport.engine.scores.lifetime.models.coarse import coarse_purchases
from unit.engine.scores.lifetime.models import simulated

TRUTH = {
    "bg_nbd": (0.6, 40.0, 0.8, 2.5),
    "mbg_nbd": (0.8, 40.0, 0.6, 2.0),
    "pareto_nbd": (0.7, 40.0, 0.6, 150.0),
    "bg_bb": (1.2, 0.75, 0.66, 2.8),
    "gamma_gamma": (6.0, 4.0, 15.0),
    "bdw": (0.7, 3.0, 1.4),
    "sbg": (0.7, 3.0),
}


def drawn(name: str, *, count: int = 4_000, seed: int = 1) -> PurchaseGroups | SpendGroups | TermGroups:
    truth = TRUTH[name]
    if name == "gamma_gamma":
        return simulated.spenders(truth, count=count, seed=seed)
    if name in ("bdw", "sbg"):
        return simulated.contracts((*truth, 1.0)[:3], count=count, renewals=9, seed=seed)
    if name == "bg_bb":
        return simulated.donors(truth, count=count, opportunities=8, seed=seed)
    return simulated.customers(name, truth, count=count, seed=seed)[0]


@pytest.mark.parametrize("name", sorted(TRUTH))
class TestEveryModel:
    def test_recovers_what_customers_were_drawn_from(self, name: str) -> None:
        found = fit(name, drawn(name))
        assert found.converged
        assert found.warnings == ()
        truth = np.log(TRUTH[name])
        away = truth - found.model.log_parameters
        # Wald's statistic is chi-square with 2 to 4 degrees of freedom: 20 is beyond one in 2,000
        assert away @ found.information @ away < 20
        assert np.exp(away) == pytest.approx(np.ones(len(truth)), rel=0.5)

    def test_the_gradient_is_the_slope_of_the_likelihood(self, name: str) -> None:
        groups = drawn(name, count=300)
        objective = MODELS[name].objective(groups)
        for shift in (-0.7, 0.0, 0.4):
            at = np.log(TRUTH[name]) + shift
            value, gradient = objective(at)
            model = MODELS[name].at(at)
            weight = getattr(groups, "weight", np.ones(len(groups)))
            assert value == pytest.approx(float(weight @ model.log_likelihood(groups)), rel=1e-11)
            for i in range(len(at)):
                step = np.zeros(len(at))
                step[i] = 1e-5
                slope = (objective(at + step)[0] - objective(at - step)[0]) / 2e-5
                assert gradient[i] == pytest.approx(slope, rel=1e-5, abs=1e-4)

    def test_no_neighbour_is_likelier(self, name: str) -> None:
        groups = drawn(name, count=1_000)
        found = fit(name, groups)
        objective = MODELS[name].objective(groups)
        gradient = objective(found.model.log_parameters)[1]
        assert gradient @ np.linalg.solve(found.information, gradient) < 1e-7
        assert (np.linalg.eigvalsh(found.information) > 0).all()
        random = np.random.default_rng(0)
        for _ in range(20):
            near = found.model.log_parameters + random.normal(0, 0.05, len(gradient))
            assert objective(near)[0] < found.log_likelihood

    def test_is_written_and_read(self, name: str) -> None:
        found = fit(name, drawn(name, count=500))
        document = json.loads(json.dumps(found.to_dict()))
        assert model_from_dict(document["model"]) == found.model
        assert document["n"] == found.n == 500
        assert document["standard_errors"].keys() == set(found.model.parameter_names())


@pytest.mark.parametrize("name", ["bg_nbd", "mbg_nbd", "pareto_nbd"])
class TestPurchaseModels:
    def test_weights_count_as_so_many_customers(self, name: str) -> None:
        groups = drawn(name, count=500)
        thrice = PurchaseGroups(groups.x, groups.t_x, groups.T, 3 * groups.weight)
        once, found = fit(name, groups), fit(name, thrice)
        assert found.model.log_parameters == pytest.approx(once.model.log_parameters, abs=1e-4)
        assert found.log_likelihood == pytest.approx(3 * once.log_likelihood, rel=1e-9)
        assert found.standard_errors["r"] == pytest.approx(once.standard_errors["r"] / np.sqrt(3), rel=1e-3)

    def test_weeks_and_days_tell_the_same(self, name: str) -> None:
        groups = drawn(name, count=800)
        weeks = PurchaseGroups(groups.x, groups.t_x / 7, groups.T / 7)
        days, found = fit(name, groups), fit(name, weeks)
        assert found.model.alpha * 7 == pytest.approx(days.model.alpha, rel=1e-4)  # type: ignore[attr-defined]
        assert found.model.r == pytest.approx(days.model.r, rel=1e-4)  # type: ignore[attr-defined]
        assert found.log_likelihood == pytest.approx(days.log_likelihood + groups.x.sum() * np.log(7), rel=1e-9)

    def test_the_first_coarse_stage_changes_nothing(self, name: str) -> None:
        """Two stages end where a search on all groups ends, and not where the coarse groups alone would."""
        groups = drawn(name, count=6_000)
        coarse = coarse_purchases(groups)
        assert len(coarse) < len(groups) / 2
        assert coarse.customers == pytest.approx(groups.customers)
        assert coarse.T @ coarse.weight == pytest.approx(groups.T @ groups.weight)
        staged = fit(name, groups)
        objective = MODELS[name].objective(groups)
        gradient = objective(staged.model.log_parameters)[1]
        assert gradient @ np.linalg.solve(staged.information, gradient) < 1e-7
        alone = fit(name, coarse)
        assert alone.model.log_parameters == pytest.approx(staged.model.log_parameters, abs=0.1)
        assert np.abs(alone.model.log_parameters - staged.model.log_parameters).max() > 1e-6


class TestPrior:
    def parent(self) -> Fit:
        return fit("bg_nbd", drawn("bg_nbd"))

    def small(self) -> PurchaseGroups:
        return simulated.customers("bg_nbd", (1.5, 40.0, 0.4, 3.0), count=25, seed=9)[0]

    def test_a_small_cohort_is_drawn_towards_its_parent(self) -> None:
        parent, cohort = self.parent(), self.small()
        own = fit("bg_nbd", cohort).model.log_parameters
        found = [
            fit("bg_nbd", cohort, prior=Prior.of(parent, customers=strength)).model.log_parameters
            for strength in (5, 100, 1e7)
        ]
        information = parent.information
        away = [
            float((p - parent.model.log_parameters) @ information @ (p - parent.model.log_parameters)) for p in found
        ]
        assert away[0] > away[1] > away[2]
        assert found[2] == pytest.approx(parent.model.log_parameters, abs=1e-3)
        assert np.abs(own - found[2]).max() > 0.1

    def test_a_parent_counts_as_so_many_customers_of_its_own_kind(self) -> None:
        parent = self.parent()
        as_many = fit("bg_nbd", drawn("bg_nbd"), prior=Prior.of(parent, customers=parent.n))
        assert as_many.information == pytest.approx(2 * parent.information, rel=1e-3, abs=1.0)

    def test_no_cohort_is_too_small(self) -> None:
        parent = self.parent()
        one = PurchaseGroups(np.array([0.0]), np.array([0.0]), np.array([100.0]))
        found = fit("bg_nbd", one, prior=Prior.of(parent, customers=50))
        assert found.converged
        assert found.warnings == ()
        assert found.model.log_parameters == pytest.approx(parent.model.log_parameters, abs=0.2)

    def test_the_likelihood_told_is_of_the_data_alone(self) -> None:
        parent, cohort = self.parent(), self.small()
        found = fit("bg_nbd", cohort, prior=Prior.of(parent))
        assert isinstance(found.model, BgNbd)
        assert found.log_likelihood == pytest.approx(found.model.log_likelihood(cohort).sum())
        assert found.log_likelihood <= fit("bg_nbd", cohort).log_likelihood

    def test_another_models_parent_is_refused(self) -> None:
        with pytest.raises(DefinitionError, match="same model"):
            fit("mbg_nbd", self.small(), prior=Prior.of(self.parent()))


class TestRefusals:
    def test_of_names_and_groups(self) -> None:
        groups = drawn("bg_nbd", count=30)
        with pytest.raises(DefinitionError, match="bg_nbd"):
            fit("bg_nbdd", groups)
        with pytest.raises(DefinitionError, match="SpendGroups"):
            fit("gamma_gamma", groups)

    def test_without_customers(self) -> None:
        empty = PurchaseGroups(np.empty(0), np.empty(0), np.empty(0))
        with pytest.raises(DataError, match="no customers"):
            fit("bg_nbd", empty)

    def test_of_parameters_that_are_not_the_models(self) -> None:
        with pytest.raises(DataError, match="parameters of bg_nbd"):
            model_from_dict({"model": "bg_nbd", "r": 1.0, "alpha": 2.0})
        with pytest.raises(DataError, match="no lifetime model"):
            model_from_dict({"model": "nbd"})
