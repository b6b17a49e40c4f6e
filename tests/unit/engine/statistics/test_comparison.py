"""Models side by side, and the choice of the simplest."""

import sys
from typing import Any

import numpy as np
import pytest

from rapport.engine.errors import EngineCannot
from rapport.engine.statistics.additive import Features, fit_additive, fit_boosted, fit_linear
from rapport.engine.statistics.auc import Flags
from rapport.engine.statistics.comparison import choose, compare
from rapport.engine.statistics.folds import random_folds
from unit.engine.statistics.additive.companies import company

FITS: dict[str, Any] = {
    "linear": lambda f, e, g: fit_linear(f, e, groups=g),
    "stumps": lambda f, e, g: fit_additive(f, e, groups=g),
    "boosted": lambda f, e, g: fit_boosted(f, e),
}


def test_the_linear_model_is_preferred_where_boosting_is_no_better_and_the_sentence_says_so() -> None:
    features, events = company(3000)
    measured = compare(FITS, features, events, folds=random_folds(events))
    choice = choose(measured)
    assert [m.name for m in measured] == ["linear", "stumps", "boosted"]
    assert choice.name == "linear"
    assert choice.sentence.startswith("The linear model is used (AUC 0.")
    assert "boosted model" in choice.sentence


def test_a_curve_needs_more_than_a_line() -> None:
    rng = np.random.default_rng(0)
    age = rng.uniform(-3, 3, 4000)
    events = rng.random(4000) < np.where(np.abs(age) > 1.5, 0.6, 0.1)
    choice = choose(compare(FITS, Features.of({"age": age}), events, folds=random_folds(events)))
    assert choice.name == "stumps"
    assert "the boosted model" in choice.sentence


def test_products_need_trees_and_it_is_said_that_they_are_surely_better() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=4000), rng.normal(size=4000)
    events = rng.random(4000) < np.where(a * b > 0, 0.7, 0.1)
    choice = choose(compare(FITS, Features.of({"a": a, "b": b}), events, folds=random_folds(events)))
    assert choice.name == "boosted"
    assert "surely better" in choice.sentence
    assert choice.gap.value == 0.0


def test_few_cases_take_the_simplest() -> None:
    rng = np.random.default_rng(1)
    features, events = Features.of({"a": rng.normal(size=30)}), rng.random(30) < 0.3
    assert choose(compare(FITS, features, events, folds=random_folds(events))).name == "linear"
    nobody: Flags = np.zeros(30, dtype=bool)
    choice = choose(compare(FITS, features, nobody, folds=random_folds(nobody)))
    assert choice.name == "linear"
    assert "not enough cases" in choice.sentence


def test_where_lightgbm_does_not_load_the_others_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    features, events = company(300)
    with pytest.raises(EngineCannot, match="LightGBM does not load"):
        fit_boosted(features, events)
    assert [m.name for m in compare(FITS, features, events, folds=random_folds(events))] == ["linear", "stumps"]
