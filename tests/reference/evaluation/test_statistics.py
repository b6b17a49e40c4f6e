"""AUC, its standard error, calibration and naive Bayes against other implementations and their published figures."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.stats import mannwhitneyu
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.naive_bayes import CategoricalNB

from rapport.engine.evaluation.naive_bayes import naive_bayes
from rapport.engine.statistics.auc import Cases, auc, auc_difference
from rapport.engine.statistics.calibration import calibration


def drawn(seed: int, size: int, levels: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores with ties and events that follow them."""
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, levels, size).astype(float)
    return scores, rng.random(size) < 0.1 + 0.5 * scores / levels


def cases(scores: np.ndarray, events: np.ndarray) -> Cases:
    return Cases(scores=scores, events=events, clusters=np.arange(len(scores)))


@pytest.mark.parametrize(("seed", "size", "levels"), [*product(range(3), (50, 1000), (3, 20, 10_000))])
def test_auc_is_that_of_scikit_learn_and_of_the_rank_sum(seed: int, size: int, levels: int) -> None:
    scores, events = drawn(seed, size, levels)
    area = auc([cases(scores, events)])
    assert area.value == pytest.approx(roc_auc_score(events, scores), abs=1e-12)
    pairs = events.sum() * (~events).sum()
    assert area.value == pytest.approx(mannwhitneyu(scores[events], scores[~events]).statistic / pairs, abs=1e-12)


@pytest.mark.parametrize("levels", [4, 10_000])
def test_the_interval_is_delongs_by_its_definition(levels: int) -> None:
    scores, events = drawn(7, 120, levels)
    x, y = scores[events], scores[~events]
    wins = (x[:, None] > y[None, :]) + 0.5 * (x[:, None] == y[None, :])
    variance = wins.mean(axis=1).var(ddof=1) / len(x) + wins.mean(axis=0).var(ddof=1) / len(y)
    area = auc([cases(scores, events)])
    assert area.low == pytest.approx(wins.mean() - 1.959963984540054 * variance**0.5, abs=1e-12)
    assert area.high == pytest.approx(wins.mean() + 1.959963984540054 * variance**0.5, abs=1e-12)


def test_the_difference_has_delongs_covariance_by_its_definition() -> None:
    scores, events = drawn(8, 150, 30)
    other = scores + np.random.default_rng(1).normal(size=150) * 6
    parts = []
    for values in (scores, other):
        x, y = values[events], values[~events]
        wins = (x[:, None] > y[None, :]) + 0.5 * (x[:, None] == y[None, :])
        parts.append((wins.mean(axis=1), wins.mean(axis=0)))
    of_events, of_nonevents = (np.cov(parts[0][i], parts[1][i]) for i in (0, 1))
    covariance = of_events / events.sum() + of_nonevents / (~events).sum()
    error = (covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]) ** 0.5
    gap = auc_difference([cases(scores, events)], [cases(other, events)])
    expected = parts[0][0].mean() - parts[1][0].mean()
    assert gap.value == pytest.approx(expected)
    assert gap.low == pytest.approx(expected - 1.959963984540054 * error)


def test_calibration_slope_and_brier_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    odds = rng.normal(-1, 1.5, 3000)
    events = rng.random(3000) < 1 / (1 + np.exp(-(0.3 + 0.7 * odds)))
    told = 1 / (1 + np.exp(-odds))
    ours = calibration(told, events)
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(odds[:, None], events)
    assert ours is not None
    assert ours.brier == pytest.approx(brier_score_loss(events, told))
    assert ours.slope == pytest.approx(theirs.coef_[0, 0], abs=1e-4)


def test_naive_bayes_is_that_of_scikit_learn_with_a_tenth_added_and_the_same_prior() -> None:
    rng = np.random.default_rng(4)
    won = rng.random(500) < 0.3
    country = np.where(won, rng.integers(0, 3, 500), rng.integers(0, 4, 500))
    source = np.where(won, rng.integers(0, 2, 500), rng.integers(0, 5, 500))
    prior = (won.sum() + 0.1) / 500.2
    theirs = CategoricalNB(alpha=0.1, class_prior=[1 - prior, prior]).fit(np.column_stack([country, source]), won)
    fields = {"country": [str(v) for v in country], "source": [str(v) for v in source]}
    ours = naive_bayes(fields, won)
    assert ours is not None
    expected = theirs.predict_proba(np.column_stack([country, source]))[:, 1].clip(0.0001, 0.9999)
    assert ours.probabilities(fields) == pytest.approx(expected, abs=0.00005 + 1e-9)
