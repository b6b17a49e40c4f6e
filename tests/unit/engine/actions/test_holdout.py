"""Who is held out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2_contingency, kstest

from rapport.engine.actions.holdout import HOLDOUT, Split, arm_of, number_of
from rapport.engine.errors import DefinitionError

_PEOPLE = [f"contact-{i}" for i in range(20_000)]


def _split(action: str = "call", salt: str = "0123456789abcdef", **more: object) -> Split:
    return Split(**{"action": action, "salt": salt, "held_out": 0.2, "by_band": {}, **more})  # type: ignore[arg-type]


def _held(split: Split, band: str | None = None) -> set[str]:
    return {p for p in _PEOPLE if arm_of(p, split, band=band) == HOLDOUT}


def test_the_share_asked_for_is_held_out() -> None:
    assert len(_held(_split())) / len(_PEOPLE) == pytest.approx(0.2, abs=0.01)


def test_numbers_are_uniform() -> None:
    assert kstest([number_of(p, _split()) for p in _PEOPLE], "uniform").pvalue > 0.001


def test_a_subject_keeps_its_arm_and_its_number_is_written_down() -> None:
    assert number_of("contact-1", _split()) == number_of("contact-1", _split())
    assert arm_of("contact-1", _split(by_band={"A": 1})) == arm_of("contact-1", _split())


def test_another_action_divides_anew() -> None:
    """Held out from one says nothing of being held out from the other."""
    one, other = _held(_split("call")), _held(_split("mail"))
    table = np.array(
        [
            [len(one & other), len(one - other)],
            [len(other - one), len(_PEOPLE) - len(one | other)],
        ]
    )
    assert chi2_contingency(table).pvalue > 0.001


def test_another_salt_divides_anew() -> None:
    assert _held(_split()) != _held(_split(salt="fedcba9876543210"))


def test_names_that_run_together_are_not_confused() -> None:
    assert number_of("bc", _split("a")) != number_of("c", _split("ab"))


def test_a_band_may_be_spared() -> None:
    split = _split(by_band={"A": 0.0, "D": 0.5})
    assert _held(split, "A") == set()
    assert len(_held(split, "D")) / len(_PEOPLE) == pytest.approx(0.5, abs=0.012)
    assert _held(split, "B") == _held(_split())


def test_a_larger_share_only_adds() -> None:
    assert _held(_split()) < _held(_split(held_out=0.3))


def test_a_guessable_salt_is_refused() -> None:
    with pytest.raises(DefinitionError, match="16 characters"):
        _split(salt="short")


def test_a_share_beyond_one_is_refused() -> None:
    with pytest.raises(DefinitionError, match="between 0 and 1"):
        _split(by_band={"A": 20})
