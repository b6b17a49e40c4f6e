"""Predictions against simulation, against each other, and against the textbook's closed forms."""

from __future__ import annotations

from itertools import pairwise
from math import comb
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import gamma, hyp2f1, hyperu
from scipy.stats import beta

from rapport.engine.errors import DataError
from rapport.engine.scores.lifetime.models import Bdw, BgBb, BgNbd, GammaGamma, MbgNbd, ParetoNbd, PurchaseGroups
from rapport.engine.scores.lifetime.models.beta_mixture import discounted_mean, purchases_mean
from unit.engine.scores.lifetime.models import simulated

MODELS = [BgNbd(0.6, 40.0, 0.8, 2.5), MbgNbd(0.8, 40.0, 0.6, 2.0), ParetoNbd(0.7, 40.0, 0.6, 150.0)]
ids = [m.name for m in MODELS]


def some() -> PurchaseGroups:
    x = np.array([0, 0, 1, 1, 4, 9, 30.0])
    t_x = np.array([0, 0, 5, 300, 200, 350, 290.0])
    return PurchaseGroups(x, t_x, np.array([10, 400, 400, 310, 400, 360, 400.0]))


def g_of(r: float, a: float, b: float, z: float) -> float:
    kinds = np.zeros(1, dtype=np.intp)
    return float(purchases_mean(np.array([r]), np.array([b]), a, kinds, np.array([z]))[0])


@pytest.mark.parametrize("model", MODELS, ids=ids)
class TestPurchaseModels:
    def test_future_purchases_come_as_often_as_expected(self, model: Any) -> None:
        """Simulated customers: expected and actual purchases of the next 120 days, in total and by class."""
        parameters = tuple(getattr(model, n) for n in model.parameter_names())
        groups, later = simulated.customers(model.name, parameters, count=12_000, seed=11, ahead=120)
        expected = model.expected_purchases(groups, horizon=120)
        alive = model.probability_alive(groups)
        silent = groups.T - groups.t_x > 100
        for rows in (groups.x == 0, (groups.x > 0) & silent, (groups.x > 0) & ~silent, alive < 0.5, alive > 0.9):
            count = rows.sum()
            error = np.sqrt(later[rows].var() / count)
            assert count > 200
            assert abs(later[rows].mean() - expected[rows].mean()) < 4 * error

    def test_counts_come_as_often_as_the_pmf_says(self, model: Any) -> None:
        parameters = tuple(getattr(model, n) for n in model.parameter_names())
        groups, later = simulated.customers(model.name, parameters, count=6_000, seed=12, ahead=90)
        table = model.future_pmf(groups, horizon=90, most=60)
        for n in (0, 1, 2, 5):
            share, expected = (later == n).mean(), table[:, n].mean()
            assert abs(share - expected) < 4 * np.sqrt(expected * (1 - expected) / len(later))

    def test_a_distribution_adds_up_and_has_the_expected_mean(self, model: Any) -> None:
        groups = some()
        table = model.future_pmf(groups, horizon=60, most=400)
        n = np.arange(401.0)
        assert (table >= 0).all()
        assert table.sum(axis=1) == pytest.approx(np.ones(len(groups)), abs=1e-7)
        assert table @ n == pytest.approx(model.expected_purchases(groups, horizon=60), rel=1e-5)
        new = model.pmf(n, 60.0)
        assert new.sum() == pytest.approx(1, abs=1e-7)
        assert new @ n == pytest.approx(model.expected_purchases_of_new(np.array([60.0]))[0], rel=1e-5)

    def test_draws_follow_the_distribution(self, model: Any) -> None:
        groups = some()
        drawn = model.draw_future(groups, horizon=60, draws=20_000, random=np.random.default_rng(4))
        table = model.future_pmf(groups, horizon=60, most=3)
        for n in range(4):
            assert (drawn == n).mean(axis=1) == pytest.approx(table[:, n], abs=0.016)

    def test_discounting(self, model: Any) -> None:
        groups = some()
        plain = model.expected_purchases(groups, horizon=200)
        assert model.discounted_purchases(groups, horizon=200, rate=0.0) == pytest.approx(plain, rel=1e-9)
        assert model.discounted_purchases(groups, horizon=200, rate=1e-9) == pytest.approx(plain, rel=1e-6)
        rate = 0.004
        # day by day: what is bought in a day, worth what it is worth at noon
        edges = [model.expected_purchases(groups, horizon=float(t)) for t in range(201)]
        daily = sum((edges[t + 1] - edges[t]) * np.exp(-rate * (t + 0.5)) for t in range(200))
        assert model.discounted_purchases(groups, horizon=200, rate=rate) == pytest.approx(daily, rel=1e-5)

    def test_an_endless_horizon_is_the_limit_of_long_ones(self, model: Any) -> None:
        groups, rate = some(), 0.01
        endless = model.discounted_purchases(groups, horizon=np.inf, rate=rate)
        edges = [model.expected_purchases(groups, horizon=float(t)) for t in range(0, 2_001, 4)]
        daily = sum((late - early) * np.exp(-rate * (4 * n + 2)) for n, (early, late) in enumerate(pairwise(edges)))
        assert endless == pytest.approx(daily, rel=3e-4)
        with pytest.raises(DataError, match="needs a discount"):
            model.discounted_purchases(groups, horizon=np.inf, rate=0.0)

    def test_the_likelihood_is_a_density(self, model: Any) -> None:
        """P(no purchase until T), in closed form elsewhere, is the likelihood of x = 0."""
        nothing = PurchaseGroups(np.zeros(1), np.zeros(1), np.array([90.0]))
        assert np.exp(model.log_likelihood(nothing)) == pytest.approx(model.pmf(np.zeros(1), 90.0), rel=1e-9)
        # one purchase at any time within 90 days: the density over t_x adds up to P(X = 1)
        once = quad(
            lambda t: float(
                np.exp(model.log_likelihood(PurchaseGroups(np.ones(1), np.array([t]), np.array([90.0]))))[0]
            ),
            0,
            90,
        )
        assert once[0] == pytest.approx(model.pmf(np.ones(1), 90.0)[0], rel=1e-7)


class TestBetaMixture:
    @pytest.mark.parametrize("r", [0.3, 2.0, 12.0])
    @pytest.mark.parametrize("a", [0.2, 0.8, 1.7, 6.0])
    @pytest.mark.parametrize("z", [0.01, 0.7, 8.0])
    def test_is_the_closed_form_where_that_can_be_worked_out(self, r: float, a: float, z: float) -> None:
        """Fader, Hardie & Lee 2005, equation 10, as printed."""
        b = 3.0
        printed = (a + b - 1) / (a - 1) * (1 - (1 + z) ** -r * hyp2f1(r, b, a + b - 1, z / (1 + z)))
        assert g_of(r, a, b, z) == pytest.approx(printed, rel=1e-9)

    @pytest.mark.parametrize("a", [1.0, 1.0 + 1e-9, 0.9999])
    def test_has_no_hole_at_one(self, a: float) -> None:
        assert g_of(3.0, a, 2.5, 2.0) == pytest.approx(
            (g_of(3.0, 0.999, 2.5, 2.0) + g_of(3.0, 1.001, 2.5, 2.0)) / 2, rel=3e-4
        )

    @pytest.mark.parametrize(("r", "b", "z"), [(57.8, 112.6, 4.8), (200.0, 205.0, 3.0), (20.0, 45.0, 0.5)])
    def test_holds_for_frequent_buyers(self, r: float, b: float, z: float) -> None:
        """Against adaptive integration; SciPy's hypergeometric function is off by factors here."""
        a = 0.8

        def bought(p: float) -> float:
            return float(-np.expm1(-r * np.log1p(p * z)) / p * beta.pdf(p, a, b))

        knots = [1e-6, 1e-4, 1e-3, 1e-2, 0.03, 0.1, 0.3, 1.0]
        total = sum(quad(bought, low, high, epsrel=1e-11)[0] for low, high in pairwise(knots))
        total += r * z * beta.cdf(1e-6, a, b)  # below, a customer buys as if they never left
        assert g_of(r, a, b, z) == pytest.approx(total, rel=1e-4)

    def test_many_customers_at_once_are_interpolated_without_loss(self) -> None:
        z = np.geomspace(0.02, 60, 3_000)
        r, b = np.array([0.3, 40.3]), np.array([2.4, 42.4])
        kinds = np.arange(3_000) % 2
        found = purchases_mean(r, b, 0.8, kinds, z)
        one_by_one = [g_of(r[k], 0.8, b[k], t) for k, t in zip(kinds[::97], z[::97], strict=True)]
        assert found[::97] == pytest.approx(one_by_one, rel=1e-8)

    def test_hardly_any_dropout_is_no_harder(self) -> None:
        assert g_of(2.0, 1e-4, 3.0, 5.0) == pytest.approx(10.0, rel=1e-3)
        assert 0 < g_of(2.0, 3.0, 1e-4, 5.0) < 1.01  # everybody leaves after one purchase

    def test_a_horizon_of_nothing(self) -> None:
        kinds = np.zeros(2, dtype=np.intp)
        assert purchases_mean(np.ones(1), np.ones(1), 0.8, kinds, np.zeros(2)).tolist() == [0, 0]
        found = discounted_mean(np.ones(1), np.ones(1), 0.8, kinds, np.ones(2), 0.0, 0.1)
        assert found.tolist() == [0, 0]


class TestParetoNbd:
    MODEL = ParetoNbd(0.7, 12.0, 0.6, 15.0)
    OTHER = ParetoNbd(0.7, 15.0, 0.6, 12.0)

    @pytest.mark.parametrize("model", [MODEL, OTHER], ids=["alpha < beta", "alpha > beta"])
    def test_likelihood_is_the_hypergeometric_one(self, model: ParetoNbd) -> None:
        """Fader & Hardie note 009, equations 17 and 18."""
        x, t_x, age = np.array([0, 1, 5.0]), np.array([0, 7, 30.0]), np.array([39, 20, 36.0])
        r, alpha, s, b = model.r, model.alpha, model.s, model.beta
        largest, gap = max(alpha, b), abs(alpha - b)
        second = s + 1 if alpha >= b else r + x

        def part(t: np.ndarray) -> np.ndarray:
            f = hyp2f1(r + s + x, second, r + s + x + 1, gap / (largest + t))
            return np.asarray(f / (largest + t) ** (r + s + x))

        front = gamma(r + x) * alpha**r * b**s / gamma(r)
        printed = front * (1 / ((alpha + age) ** (r + x) * (b + age) ** s) + s / (r + s + x) * (part(t_x) - part(age)))
        assert np.exp(model.log_likelihood(PurchaseGroups(x, t_x, age))) == pytest.approx(printed, rel=1e-9)

    @pytest.mark.parametrize("s", [0.05, 0.6, 1.0, 1.5, 5.0])
    @pytest.mark.parametrize("rate", [0.0003, 0.0027, 0.05])
    def test_dert_is_tricomis_function(self, s: float, rate: float) -> None:
        """Fader, Hardie & Lee 2005, JMR, equation 2."""
        model = ParetoNbd(0.7, 12.0, s, 15.0)
        customer = PurchaseGroups(np.array([4.0]), np.array([60.0]), np.array([77.0]))
        z = rate * (model.beta + 77)
        life = rate ** (s - 1) * (model.beta + 77) ** s * hyperu(s, s, z)
        printed = model.probability_alive(customer) * (model.r + 4) / (model.alpha + 77) * life
        found = model.discounted_purchases(customer, horizon=np.inf, rate=rate)
        assert found == pytest.approx(printed, rel=1e-7)


class TestBgBb:
    MODEL = BgBb(1.2, 0.75, 0.66, 2.8)

    def customers(self) -> PurchaseGroups:
        return PurchaseGroups(np.array([0, 1, 2, 6.0]), np.array([0, 1, 5, 6.0]), np.full(4, 6.0))

    def test_all_histories_add_up_to_one(self) -> None:
        """Every way to give or not at 6 opportunities: comb(t_x - 1, x - 1) orders of each (x, t_x)."""
        total = 0.0
        for x in range(7):
            for t_x in range(x, 7) if x else [0]:
                orders = comb(t_x - 1, x - 1) if x else 1
                row = PurchaseGroups(np.array([float(x)]), np.array([float(t_x)]), np.array([6.0]))
                total += orders * float(np.exp(self.MODEL.log_likelihood(row))[0])
        assert total == pytest.approx(1, abs=1e-12)

    def test_future_distribution_has_the_expected_mean(self) -> None:
        table = self.MODEL.future_pmf(self.customers(), horizon=4, most=4)
        assert table.sum(axis=1) == pytest.approx(np.ones(4))
        assert table @ np.arange(5.0) == pytest.approx(self.MODEL.expected_purchases(self.customers(), horizon=4))

    def test_histories_of_different_length_do_not_mix(self) -> None:
        whole = self.MODEL.log_likelihood(
            PurchaseGroups(np.array([1, 0, 2.0]), np.array([2, 0, 3.0]), np.array([2, 8, 9.0]))
        )
        rows = [
            self.MODEL.log_likelihood(PurchaseGroups(np.array([x]), np.array([t]), np.array([n])))[0]
            for x, t, n in ((1.0, 2.0, 2.0), (0.0, 0.0, 8.0), (2.0, 3.0, 9.0))
        ]
        assert whole == pytest.approx(rows)

    def test_discounting_and_parts_of_an_opportunity(self) -> None:
        three = self.MODEL.expected_purchases(self.customers(), horizon=3)
        two = self.MODEL.expected_purchases(self.customers(), horizon=2)
        assert self.MODEL.expected_purchases(self.customers(), horizon=2.5) == pytest.approx((two + three) / 2)
        found = self.MODEL.discounted_purchases(self.customers(), horizon=3, rate=0.1)
        one = self.MODEL.expected_purchases(self.customers(), horizon=1)
        by_hand = one * np.exp(-0.1) + (two - one) * np.exp(-0.2) + (three - two) * np.exp(-0.3)
        assert found == pytest.approx(by_hand)


class TestSpend:
    MODEL = GammaGamma(6.25, 3.74, 15.44)

    def test_lies_between_a_customers_own_mean_and_everybodys(self) -> None:
        population = self.MODEL.expected_value_of_new
        assert population == pytest.approx(6.25 * 15.44 / 2.74)
        x = np.array([0, 1, 5, 500.0])
        found = self.MODEL.expected_value(x, np.array([np.nan, 80, 80, 80.0]))
        assert found[0] == pytest.approx(population)
        assert population < found[1] < found[2] < found[3] < 80
        assert found[3] == pytest.approx(80, rel=0.01)

    def test_is_a_weighted_mean(self) -> None:
        """Note 025, equation 5: weight (q - 1) / (p x + q - 1) on the population's mean."""
        weight = 2.74 / (6.25 * 3 + 2.74)
        by_hand = weight * self.MODEL.expected_value_of_new + (1 - weight) * 50
        assert self.MODEL.expected_value(np.array([3.0]), np.array([50.0])) == pytest.approx([by_hand])

    def test_draws_have_the_expected_mean(self) -> None:
        purchases = np.full((2, 40_000), 3.0)
        drawn = self.MODEL.draw_spend(
            np.array([0, 4.0]), np.array([0, 50.0]), purchases, random=np.random.default_rng(0)
        )
        expected = 3 * self.MODEL.expected_value(np.array([0, 4.0]), np.array([0, 50.0]))
        assert drawn.mean(axis=1) == pytest.approx(expected, rel=0.02)


class TestContracts:
    MODEL = Bdw(0.7, 3.0, 1.4)

    def test_retention_makes_survival(self) -> None:
        k = np.arange(1.0, 9.0)
        assert np.cumprod(self.MODEL.retention(k)) == pytest.approx(self.MODEL.survival(k))
        assert self.MODEL.survival(np.zeros(1)) == pytest.approx([1])
        assert self.MODEL.probability_of_renewals(np.array([2.0]), ahead=3) == pytest.approx(
            [np.prod(self.MODEL.retention(np.array([3.0, 4, 5])))]
        )

    def test_first_renewal_is_the_mean_of_the_beta(self) -> None:
        assert self.MODEL.survival(np.ones(1)) == pytest.approx([3 / 3.7])

    def test_residual_life_by_hand(self) -> None:
        s = self.MODEL.survival(np.arange(0.0, 6.0))
        by_hand = s[3] / s[2] / 1.1 + s[4] / s[2] / 1.21 + s[5] / s[2] / 1.331
        assert self.MODEL.expected_residual_life(np.array([2.0]), horizon=3, discount=0.1) == pytest.approx([by_hand])

    def test_residual_life_of_sbg_without_end(self) -> None:
        """Fader & Hardie 2010: E[further renewals] of sBG without discount is (b + k) / (a - 1) where a > 1."""
        model = Bdw(3.5, 6.0)
        found = model.expected_residual_life(np.array([0, 4.0]), horizon=60_000)
        assert found == pytest.approx([6 / 2.5, 10 / 2.5], rel=1e-4)
