"""Intervals against published numbers and the vectors of the catalogue."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rapport.engine.statistics.intervals import (
    net_promoter,
    net_promoter_adjusted_wald,
    net_promoter_interval,
    net_promoter_wald,
    wilson,
)


def middle_and_width(interval: tuple[float, float] | None) -> tuple[float, float]:
    assert interval is not None
    return (interval[0] + interval[1]) / 2, (interval[1] - interval[0]) / 2


def test_wilson_for_8_of_10() -> None:
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=5e-5)


def test_wilson_stays_between_0_and_1_and_needs_trials() -> None:
    low, high = wilson(0, 5) or (None, None)
    assert low == 0
    assert high == pytest.approx(0.4345, abs=5e-5)
    assert wilson(0, 0) is None


@example(trials=2, share=0.0)
@example(trials=2, share=1.0)
@given(trials=st.integers(1, 10**6), share=st.floats(0, 1))
def test_a_share_lies_in_its_interval(trials: int, share: float) -> None:
    successes = round(trials * share)
    low, high = wilson(successes, trials) or (1, 0)
    assert 0 <= low <= successes / trials <= high <= 1


@pytest.mark.parametrize(
    ("answers", "width"),
    [((50, 30, 20), 15.31), ((5, 3, 2), 48.41), ((10, 0, 0), 0.0)],
)
def test_net_promoter_score_with_walds_interval(answers: tuple[int, int, int], width: float) -> None:
    middle, found = middle_and_width(net_promoter_wald(*answers))
    assert net_promoter(*answers) == pytest.approx(middle)
    assert found == pytest.approx(width, abs=0.005)


@pytest.mark.parametrize(
    ("answers", "middle", "width"),
    [((5, 3, 2), 23.08, 42.13), ((10, 0, 0), 76.92, 29.42)],
)
def test_adjusted_wald_pulls_few_answers_to_the_middle(
    answers: tuple[int, int, int], middle: float, width: float
) -> None:
    found = middle_and_width(net_promoter_adjusted_wald(*answers))
    assert found == pytest.approx((middle, width), abs=0.005)


def test_the_interval_shown_is_adjusted_where_wald_fails() -> None:
    assert net_promoter_interval(50, 30, 20) == net_promoter_wald(50, 30, 20)
    assert net_promoter_interval(5, 3, 2) == net_promoter_adjusted_wald(5, 3, 2)
    assert net_promoter_interval(200, 0, 0) == net_promoter_adjusted_wald(200, 0, 0)
    assert net_promoter_interval(0, 0, 0) is None
    assert net_promoter(0, 0, 0) is None
