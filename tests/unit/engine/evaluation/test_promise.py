"""What a backtest promised, against what a score has done since."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from rapport.engine.evaluation.lift import deciles
from rapport.engine.evaluation.matured import Matured
from rapport.engine.evaluation.promise import Figure, change_of, kept_promises
from rapport.engine.statistics.auc import Auc, Cases, auc
from rapport.engine.statistics.calibration import calibration
from rapport.engine.statistics.wilson import share

_AT = datetime(2026, 1, 1, tzinfo=UTC)


def _matured(n: int, *, truth: float, seed: int = 1) -> Matured:
    """n cases whose log-odds rise by `truth` with each standard deviation of the score; told as if they rose by 2."""
    random = np.random.default_rng(seed)
    scores = random.normal(size=n)
    events = random.random(n) < 1 / (1 + np.exp(1 - truth * scores))
    cases = Cases(scores=scores, events=events, clusters=np.arange(n))
    return Matured(
        as_ofs=(_AT,),
        waiting=0,
        auc=auc([cases]),
        deciles=deciles([cases]),
        calibration=calibration(1 / (1 + np.exp(1 - 2 * scores)), events),
        conversion=share(float(events.sum()), n),
        bands=(),
    )


def _promised(value: float, reach: float) -> dict[str, Any]:
    return {"score": {"auc": {"value": value, "low": value - reach, "high": value + reach}, "deciles": []}}


def _levels(found: Matured, promised: dict[str, Any] | None) -> dict[str, str]:
    return {f.about: f.level for f in kept_promises(found, promised, version="version 2")}


def test_the_change_takes_in_how_unsure_both_are() -> None:
    found = change_of(Figure(value=0.70, low=0.66, high=0.73), Figure(value=0.80, low=0.76, high=0.83))
    # the distances .04 and .03, and .03 and .04, are added in squares: .05 either way
    assert (found.value, found.low, found.high) == pytest.approx((-0.10, -0.15, -0.05))


class TestRanking:
    def test_as_promised(self) -> None:
        found = _matured(4000, truth=2)
        assert found.auc.value == pytest.approx(0.87, abs=0.02)
        assert _levels(found, _promised(0.87, 0.01))["ranking"] == "ok"

    def test_worse_than_promised_alarms(self) -> None:
        assert _levels(_matured(4000, truth=0.8), _promised(0.87, 0.01))["ranking"] == "alarm"

    def test_worse_than_a_vague_promise_is_watched(self) -> None:
        found = _matured(4000, truth=1.7)
        assert (found.auc.high or 1) < 0.86
        assert _levels(found, _promised(0.87, 0.06))["ranking"] == "watch"

    def test_no_better_than_chance_alarms_whatever_was_promised(self) -> None:
        assert _levels(_matured(2000, truth=-0.5), None)["ranking"] == "alarm"

    def test_few_events_say_nothing(self) -> None:
        assert _levels(_matured(20, truth=2), _promised(0.87, 0.01))["ranking"] == "unknown"

    def test_no_window_over_says_nothing(self) -> None:
        nothing = Auc(value=None, low=None, high=None, event_count=0, nonevent_count=0)
        found = Matured(
            as_ofs=(), waiting=3, auc=nothing, deciles=(), calibration=None, conversion=share(0, 0), bands=()
        )
        assert _levels(found, _promised(0.8, 0.1)) == {"ranking": "unknown"}


class TestCalibration:
    def test_true_probabilities(self) -> None:
        assert _levels(_matured(4000, truth=2), None)["calibration"] == "ok"

    def test_too_sure_ones_are_seen(self) -> None:
        found = kept_promises(_matured(4000, truth=0.8), None, version="version 2")
        told = next(f for f in found if f.about == "calibration")
        assert told.level in ("watch", "alarm")
        assert "too sure" in told.sentence
        assert told.figures["slope"] == pytest.approx(0.4, abs=0.06)


def test_the_best_tenth_is_held_against_its_lift() -> None:
    now = _matured(4000, truth=0.5)
    then = {"conversion": {"rate": 0.9, "low": 0.87, "high": 0.93}, "lift": 2.6}
    promised = {"score": {"auc": {}, "deciles": [then]}}
    assert _levels(now, promised)["best tenth"] == "watch"
