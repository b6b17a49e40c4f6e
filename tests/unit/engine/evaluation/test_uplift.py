"""On whom acting works, in companies whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from rapport.engine.errors import DataError
from rapport.engine.evaluation.uplift import Uplift, uplift
from rapport.engine.statistics.additive.features import Features
from rapport.engine.statistics.auc import Floats

_N = 2400


def _tested(*, base: Floats, added: Floats, size: Floats) -> Uplift:
    """A fair draw of halves: base rates, and what acting adds to them."""
    random = np.random.default_rng(5)
    treated = random.random(_N) < 0.5
    events = random.random(_N) < base + added * treated
    return uplift(Features.of({"size": size}), treated, events, seed=1, draws=200)


def _sizes() -> Floats:
    return np.random.default_rng(9).uniform(-1, 1, _N)


def test_those_on_whom_it_works_are_found() -> None:
    """It adds 30 points on the large and nothing on the small."""
    size = _sizes()
    found = _tested(base=np.full(_N, 0.2), added=np.where(size > 0, 0.3, 0.0), size=size)
    assert found.advice == "target"
    assert found.effect.low < 0.15 < found.effect.high
    assert found.ranked[0].top.low < 0.3 < found.ranked[0].top.high
    assert "Begin with those" in found.sentence


def test_who_converts_anyway_is_not_on_whom_it_works() -> None:
    """The large convert anyway, acting works on the small: a response model ranks the wrong way round."""
    size = _sizes()
    found = _tested(base=np.where(size > 0, 0.6, 0.1), added=np.where(size > 0, 0.0, 0.3), size=size)
    by_uplift, by_response = found.ranked
    assert by_uplift.qini.low > 0 > by_response.qini.high
    assert found.ahead.low > 0


def test_where_it_works_alike_on_all_the_advice_is_to_treat_all() -> None:
    found = _tested(base=np.full(_N, 0.2), added=np.full(_N, 0.15), size=_sizes())
    assert found.advice == "treat_all"
    assert "treat all" in found.sentence


def test_where_it_does_harm_to_all_the_advice_is_to_treat_none() -> None:
    assert _tested(base=np.full(_N, 0.4), added=np.full(_N, -0.2), size=_sizes()).advice == "treat_none"


def test_where_it_does_nothing_nothing_is_claimed() -> None:
    assert _tested(base=np.full(_N, 0.3), added=np.zeros(_N), size=_sizes()).advice == "undecided"


def test_too_few_outcomes_are_refused() -> None:
    treated = np.arange(100) < 50
    with pytest.raises(DataError, match="Too few of the held out"):
        uplift(Features.of({"x": np.arange(100.0)}), treated, (np.arange(100) % 2 == 0) & treated)
