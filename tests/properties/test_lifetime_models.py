"""What must hold of lifetime models whatever the parameters and histories."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rapport.engine.scores.lifetime.models import (
    Bdw,
    BgBb,
    BgNbd,
    GammaGamma,
    MbgNbd,
    ParetoNbd,
    PurchaseGroups,
    SpendGroups,
    fit,
)

shape = st.floats(-2, 2).map(lambda e: 10.0**e)
time = st.floats(-1, 3.5).map(lambda e: 10.0**e)
two_state = st.one_of(
    st.builds(BgNbd, shape, time, shape, shape),
    st.builds(MbgNbd, shape, time, shape, shape),
    st.builds(ParetoNbd, shape, time, shape, time),
)


@st.composite
def history(draw: Any) -> PurchaseGroups:
    count = draw(st.integers(1, 12))
    x = np.array(draw(st.lists(st.integers(0, 300), min_size=count, max_size=count)), dtype=float)
    age = np.array(draw(st.lists(st.floats(0.1, 2_000), min_size=count, max_size=count)))
    share = np.array(draw(st.lists(st.floats(0, 1), min_size=count, max_size=count)))
    return PurchaseGroups(x, np.where(x > 0, age * share, 0.0), age)


@given(two_state, history(), st.floats(0.1, 1_000))
@settings(max_examples=120, deadline=None)
def test_everything_is_finite_and_within_its_bounds(model: Any, groups: PurchaseGroups, horizon: float) -> None:
    alive = model.probability_alive(groups)
    expected = model.expected_purchases(groups, horizon=horizon)
    assert np.isfinite(model.log_likelihood(groups)).all()
    assert ((alive >= 0) & (alive <= 1)).all()
    ceiling = alive * (model.r + groups.x) / (model.alpha + groups.T) * horizon  # those alive never leave
    assert (expected >= 0).all()
    assert (expected <= ceiling * (1 + 1e-7) + 1e-12).all()


@given(two_state, history(), st.floats(0.1, 500), st.floats(1e-5, 0.05))
@settings(max_examples=60, deadline=None)
def test_longer_means_more_and_discounted_means_less(
    model: Any, groups: PurchaseGroups, horizon: float, rate: float
) -> None:
    short = model.expected_purchases(groups, horizon=horizon)
    long = model.expected_purchases(groups, horizon=2 * horizon)
    discounted = model.discounted_purchases(groups, horizon=horizon, rate=rate)
    assert (long >= short * (1 - 1e-8)).all()
    assert (long <= 2 * short * (1 + 1e-7) + 1e-12).all()  # customers only ever leave
    assert (discounted <= short * (1 + 1e-7) + 1e-12).all()
    assert (discounted >= short * np.exp(-rate * horizon) * (1 - 1e-6) - 1e-12).all()


@given(two_state, st.integers(0, 60), st.floats(1, 300), st.floats(1, 500), st.floats(1, 500))
@settings(max_examples=100, deadline=None)
def test_longer_silence_never_makes_a_customer_likelier_alive(
    model: Any, x: int, last: float, silence: float, more: float
) -> None:
    t_x = last if x else 0.0
    both = PurchaseGroups(np.full(2, float(x)), np.full(2, t_x), t_x + np.array([silence, silence + more]))
    first, second = model.probability_alive(both)
    assert second <= first + 1e-12


@given(two_state, st.floats(50, 400))
@settings(max_examples=60, deadline=None)
def test_silence_counts_the_more_the_more_often_one_bought(model: Any, age: float) -> None:
    """The increasing-frequency paradox: with the same silence, the most frequent buyer is the likeliest gone."""
    x = np.array([60.0, 120.0, 240.0])
    alive = model.probability_alive(PurchaseGroups(x, np.full(3, age / 2), np.full(3, age)))
    scale = np.log((model.alpha + age) / (model.alpha + age / 2))
    if 60 * scale > 3:  # the silence is long against the usual time between purchases
        assert alive[2] <= alive[1] + 1e-12


def test_a_score_that_grows_with_frequency_would_be_wrong() -> None:
    """BG/NBD on CDNOW's parameters, last purchase in week 20 of 39: 25 purchases are worth less than 10."""
    groups = PurchaseGroups(np.array([2, 10, 25.0]), np.full(3, 20.0), np.full(3, 39.0))
    few, some, many = BgNbd(0.243, 4.414, 0.793, 2.426).expected_purchases(groups, horizon=52)
    assert many < some < few


@given(two_state, history(), st.permutations(range(12)))
@settings(max_examples=40, deadline=None)
def test_the_order_of_rows_and_other_rows_change_nothing(model: Any, groups: PurchaseGroups, order: list[int]) -> None:
    places = np.array([place for place in order if place < len(groups)])
    for figure in (model.log_likelihood, model.probability_alive):
        assert np.array_equal(figure(groups)[places], figure(groups.take(places)))
    whole = model.expected_purchases(groups, horizon=30)
    one = model.expected_purchases(groups.take(places[:1]), horizon=30)
    assert np.allclose(whole[places[:1]], one, rtol=1e-8, atol=1e-14)


@given(st.lists(shape, min_size=4, max_size=4), st.lists(st.tuples(st.integers(0, 8), st.floats(0, 1)), min_size=1))
@settings(max_examples=60, deadline=None)
def test_opportunities(parameters: list[float], drawn: list[tuple[int, float]]) -> None:
    model = BgBb(*parameters)
    x = np.array([float(n) for n, _ in drawn])
    t_x = np.array([float(n + round(share * (8 - n))) if n else 0.0 for n, share in drawn])
    groups = PurchaseGroups(x, t_x, np.full(len(x), 8.0))
    assert (model.log_likelihood(groups) <= 1e-12).all()
    alive = model.probability_alive(groups)
    expected = model.expected_purchases(groups, horizon=5)
    assert ((alive >= 0) & (alive <= 1)).all()
    assert ((expected >= 0) & (expected <= 5 * alive + 1e-9)).all()


@given(shape, shape, st.floats(0.2, 3), st.integers(0, 40))
@settings(max_examples=60, deadline=None)
def test_survival_only_falls(a: float, b: float, c: float, k: int) -> None:
    model = Bdw(a, b, c)
    survival = model.survival(np.arange(60.0))
    assert survival[0] == 1
    assert (np.diff(survival) <= 1e-12).all()
    left = model.expected_residual_life(np.array([float(k)]), horizon=12)[0]
    assert 0 <= left <= 12
    assert model.expected_residual_life(np.array([float(k)]), horizon=12, discount=0.05)[0] <= left


@given(st.floats(0.5, 20), st.floats(1.1, 20), st.floats(0.1, 1e4), st.integers(1, 200), st.floats(0.01, 1e5))
@settings(max_examples=60, deadline=None)
def test_expected_spend_lies_between_ones_own_and_everybodys(
    p: float, q: float, v: float, x: int, spend: float
) -> None:
    model = GammaGamma(p, q, v)
    found = float(model.expected_value(np.array([float(x)]), np.array([spend]))[0])
    ends = sorted((spend, model.expected_value_of_new))
    assert ends[0] * (1 - 1e-9) <= found <= ends[1] * (1 + 1e-9)


@given(st.floats(0.01, 1_000), st.integers(0, 10_000))
@settings(max_examples=8, deadline=None)
def test_the_unit_of_money_changes_nothing(unit: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    x = random.geometric(0.4, 400).astype(float)
    spend = random.gamma(6 * x) / (random.gamma(4, size=400) / 15 * x)
    here, there = (fit("gamma_gamma", SpendGroups(x, scale * spend)) for scale in (1.0, unit))
    model, other = here.model, there.model
    assert isinstance(model, GammaGamma)
    assert isinstance(other, GammaGamma)
    assert np.isclose(other.v, model.v * unit, rtol=1e-3)
    probe = np.array([3.0])
    assert np.isclose(
        other.expected_value(probe, probe * 10 * unit), unit * model.expected_value(probe, probe * 10), rtol=1e-4
    )
