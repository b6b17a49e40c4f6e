"""The model that tells the later purchases best comes first, and every candidate's figures are there."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from rapport.engine.errors import DataError
from rapport.engine.scores.lifetime.models import PurchaseGroups, TermGroups, choose, choose_terms
from rapport.engine.scores.lifetime.models.choice import ranked
from unit.engine.scores.lifetime.models import simulated


@pytest.mark.parametrize(
    ("truth", "parameters"), [("pareto_nbd", (0.9, 25.0, 0.5, 60.0)), ("bg_nbd", (0.6, 25.0, 0.5, 1.0))]
)
def test_the_model_customers_follow_is_not_beaten(truth: str, parameters: tuple[float, ...]) -> None:
    groups, later = simulated.customers(truth, parameters, count=6_000, seed=21, ahead=200)
    choice = choose(groups, later, horizon=200)
    by_name = {c.name: c for c in choice.candidates}
    assert set(by_name) == {"bg_nbd", "mbg_nbd", "pareto_nbd"}
    assert by_name[truth].held_out >= choice.best.held_out - 2
    assert all(c.usable for c in choice.candidates)
    mine = by_name[truth]
    assert mine.actual == later.sum()
    assert mine.expected == pytest.approx(mine.actual, rel=0.06)
    assert mine.correlation is not None
    assert mine.correlation > 0.5
    assert mine.rmse is not None
    assert mine.mae is not None
    assert mine.rmse >= mine.mae
    json.dumps(mine.to_dict())


def test_held_out_likelihood_is_the_probability_of_what_came() -> None:
    groups, later = simulated.customers("bg_nbd", (0.6, 25.0, 0.5, 1.0), count=200, seed=22, ahead=90)
    found = choose(groups, later, horizon=90, names=("bg_nbd",)).best
    model = found.fit.model
    by_hand = sum(
        np.log(model.future_pmf(groups.take(np.array([row])), horizon=90, most=int(n))[0, int(n)])  # type: ignore[attr-defined]
        for row, n in enumerate(later)
    )
    assert found.held_out == pytest.approx(by_hand)


def test_a_model_that_warns_comes_after_one_that_does_not() -> None:
    """Nobody drops out after the first purchase and few after others: one model has nothing to find."""
    groups, later = simulated.customers("bg_nbd", (0.6, 25.0, 300.0, 1700.0), count=3_000, seed=23, ahead=60)
    choice = choose(groups, later, horizon=60)
    usable = [c.usable for c in choice.candidates]
    assert False in usable
    assert usable == sorted(usable, reverse=True)


def test_a_warning_weighs_more_than_held_out_likelihood_and_a_tie_keeps_the_order() -> None:
    groups, later = simulated.customers("bg_nbd", (0.6, 25.0, 0.5, 1.0), count=500, seed=24, ahead=60)
    sound = choose(groups, later, horizon=60, names=("bg_nbd",)).best
    warned = replace(sound, fit=replace(sound.fit, warnings=("r is hardly determined.",)), held_out=sound.held_out + 50)
    better = replace(sound, held_out=sound.held_out + 1)
    best = replace(sound, held_out=sound.held_out + 9)
    assert ranked([warned, sound]) == (sound, warned)
    assert ranked([sound, better]) == (sound, better)
    assert ranked([sound, best]) == (best, sound)


def test_lengths_must_agree() -> None:
    groups = PurchaseGroups(np.zeros(3), np.zeros(3), np.ones(3))
    with pytest.raises(DataError, match="One count per history"):
        choose(groups, np.zeros(2), horizon=9)


def test_contracts_are_judged_by_later_renewals() -> None:
    whole = simulated.contracts((0.4, 2.5, 1.8), count=20_000, renewals=10, seed=3)
    first = TermGroups(whole.renewal[:4], whole.ended[:4], np.append(np.zeros(3), 20_000 - whole.ended[:4].sum()))
    stood = 20_000 - np.cumsum(whole.ended)
    later = TermGroups(whole.renewal[4:], whole.ended[4:], stood[4:])
    choice = choose_terms(first, later)
    assert [c.name for c in choice.candidates] == ["bdw", "sbg"]
    best, other = choice.candidates
    assert best.held_out > other.held_out + 10
    assert best.actual == whole.ended[4:].sum()
    assert abs(best.expected - best.actual) < abs(other.expected - other.actual)
