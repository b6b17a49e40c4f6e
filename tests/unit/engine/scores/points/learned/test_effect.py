"""The top tenth, with ties shared out."""

import numpy as np
import pytest

from rapport.engine.scores.points.learned.effect import top_events


def test_the_top_tenth_of_twenty_are_two() -> None:
    scores = np.arange(20.0)
    assert top_events(scores, scores >= 17) == 2.0
    assert top_events(scores, scores < 18) == 0.0


def test_a_tie_at_the_edge_is_shared_out() -> None:
    """Of 20, one scores 9 and four tie at 8: one place is left for four, of whom two had the outcome."""
    scores = np.array([9.0, 8, 8, 8, 8, *[1.0] * 15])
    events = np.array([True, True, True, False, False, *[False] * 15])
    assert top_events(scores, events) == pytest.approx(1 + 2 / 4)


def test_scores_that_are_all_alike_have_a_tenth_of_the_outcomes() -> None:
    assert top_events(np.full(50, 3.0), np.arange(50) < 10) == pytest.approx(1.0)
