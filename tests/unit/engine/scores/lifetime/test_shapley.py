"""Attribution of a difference to its inputs."""

from __future__ import annotations

import pytest

from rapport.engine.scores.lifetime.shapley import shapley


def test_a_sum_is_attributed_term_by_term() -> None:
    worth = {"a": 3.0, "b": -1.0, "c": 0.5}
    assert shapley(list(worth), lambda group: 10 + sum(worth[name] for name in group)) == pytest.approx(worth)


def test_a_product_of_two_is_shared_evenly_and_an_idle_input_has_none_of_it() -> None:
    parts = shapley(["a", "b", "idle"], lambda group: 6.0 if {"a", "b"} <= group else 0.0)
    assert parts == pytest.approx({"a": 3.0, "b": 3.0, "idle": 0.0})


def test_the_glove_game() -> None:
    """One left glove and two right ones: the left owner gets 2/3, the others 1/6 each (Shapley's textbook example)."""

    def pairs(group: frozenset[str]) -> float:
        return float("left" in group and bool(group & {"right", "other right"}))

    parts = shapley(["left", "right", "other right"], pairs)
    assert parts == pytest.approx({"left": 2 / 3, "right": 1 / 6, "other right": 1 / 6})
