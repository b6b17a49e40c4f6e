"""Intervals: of the expected value they shrink with data, of an outcome they do not; both are repeatable."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rapport.engine.scores.lifetime.models import (
    BgNbd,
    PurchaseGroups,
    fit,
    outcome_interval,
    parameter_interval,
    parameter_standard_errors,
)
from unit.engine.scores.lifetime.models import simulated

TRUTH = (0.6, 40.0, 0.8, 2.5)
PROBE = PurchaseGroups(np.array([0, 2, 9.0]), np.array([0, 150, 350.0]), np.array([200, 300, 360.0]))


def predict(model: Any) -> np.ndarray:
    return np.asarray(model.expected_purchases(PROBE, horizon=90))


def test_delta_method_and_draws_agree() -> None:
    found = fit("bg_nbd", simulated.customers("bg_nbd", TRUTH, count=8_000, seed=31)[0])
    errors = parameter_standard_errors(found, predict)
    interval = parameter_interval(found, predict, seed=1, draws=600)
    assert interval.of == "expected value"
    assert (interval.high - interval.low) / (2 * 1.645) == pytest.approx(errors, rel=0.12)
    assert ((interval.low < predict(found.model)) & (predict(found.model) < interval.high)).all()


def test_more_customers_narrow_the_expected_value_but_not_the_outcome() -> None:
    few = fit("bg_nbd", simulated.customers("bg_nbd", TRUTH, count=500, seed=32)[0])
    many = fit("bg_nbd", simulated.customers("bg_nbd", TRUTH, count=8_000, seed=32)[0])

    def widths(found: Any) -> tuple[np.ndarray, np.ndarray]:
        expected = parameter_interval(found, predict, seed=2)
        outcome = outcome_interval(found, PROBE, horizon=90, seed=2, draws=4_000)
        assert outcome.of == "outcome"
        return expected.high - expected.low, outcome.high - outcome.low

    narrow, wide = widths(many), widths(few)
    assert wide[0] == pytest.approx(4 * narrow[0], rel=0.5)  # 16 times the customers
    assert np.abs(wide[1] - narrow[1]).max() <= 1


def test_expected_values_lie_in_their_intervals_as_often_as_said() -> None:
    """60 companies of 400 customers: 90 % intervals hold the true expectation 44 to 60 times (a 3-sigma band)."""
    truth = predict(BgNbd(*TRUTH))
    held = []
    for seed in range(60):
        found = fit("bg_nbd", simulated.customers("bg_nbd", TRUTH, count=400, seed=1_000 + seed)[0])
        errors = parameter_standard_errors(found, lambda model: np.log(predict(model)))
        held.append(np.abs(np.log(predict(found.model)) - np.log(truth)) < 1.645 * errors)
    assert (np.sum(held, axis=0) >= 44).all()


def test_outcomes_lie_in_their_intervals_as_often_as_said() -> None:
    groups, later = simulated.customers("bg_nbd", TRUTH, count=3_000, seed=33, ahead=90)
    found = fit("bg_nbd", groups)
    interval = outcome_interval(found, groups, horizon=90, seed=4)
    inside = (interval.low <= later) & (later <= interval.high)
    assert 0.9 <= inside.mean() < 1  # counts are whole, so more than 90 % lie within whole ends


def test_amounts_are_spread_too() -> None:
    groups, _ = simulated.customers("bg_nbd", TRUTH, count=800, seed=34)
    buying = fit("bg_nbd", groups)
    spend = fit("gamma_gamma", simulated.spenders((6.0, 4.0, 15.0), count=800, seed=34))
    found = outcome_interval(
        buying, PROBE, horizon=90, seed=5, draws=2_000, spend=spend, mean_spend=np.array([0, 30, 30.0])
    )
    count = outcome_interval(buying, PROBE, horizon=90, seed=5, draws=2_000)
    assert (found.low >= 0).all()
    assert found.high[2] > 15 * count.high[2]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_gives_the_same_interval(seed: int) -> None:
    found = fit("bg_nbd", simulated.customers("bg_nbd", TRUTH, count=300, seed=35)[0])
    once, again = (outcome_interval(found, PROBE, horizon=30, seed=seed) for _ in range(2))
    assert (once.low == again.low).all()
    assert (once.high == again.high).all()
    first, second = (parameter_interval(found, predict, seed=seed) for _ in range(2))
    assert (first.low == second.low).all()
