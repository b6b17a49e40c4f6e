"""From a model's log-odds to probabilities that mean what they say, with an interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, logit

from rapport.engine.statistics.auc import Flags, Floats
from rapport.engine.statistics.ridge import ridge_logistic
from rapport.engine.statistics.venn_abers import venn_abers_steps

_ENOUGH_FOR_VENN_ABERS = 1000
_NEAR = 0.1  # a slope or a level this near to right is left alone
_Z_95 = 1.959963984540054
_Z_90 = 1.6448536269514722
_SLOPE_PRIOR = 0.5  # standard deviation of slope - 1 before any case is seen
_LEVEL_PRIOR = 1.0
_EDGE = 1e-6


@dataclass(frozen=True, kw_only=True)
class Calibrator:
    """What turns log-odds into probabilities.

    Attributes:
        method: "identity" (nothing asks for a change), "platt" (slope and shift) or "venn_abers".
        slope, shift: the logistic regression of events on log-odds, shrunk toward 1 and 0.
        covariance: of (shift, slope), three numbers: shift's, both, slope's.
        steps: Venn-Abers: scores, p0 and p1; empty otherwise.
        n, event_count: the cases it was fitted on.
    """

    method: str
    slope: float
    shift: float
    covariance: tuple[float, float, float]
    n: int
    event_count: int
    steps: tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]] = ((), (), ())

    def log_odds(self, log_odds: Floats) -> Floats:
        """Calibrated log-odds."""
        if self.method == "venn_abers":
            low, high = self._venn_abers(log_odds)
            return np.asarray(logit(np.clip(high / (1 - low + high), _EDGE, 1 - _EDGE)), dtype=np.float64)
        if self.method == "platt":
            return self.slope * log_odds + self.shift
        return np.asarray(log_odds, dtype=np.float64)

    def probabilities(self, log_odds: Floats) -> Floats:
        return np.asarray(expit(self.log_odds(log_odds)), dtype=np.float64)

    def interval(self, log_odds: Floats) -> tuple[Floats, Floats]:
        """90 % interval of the rate among cases told these log-odds: wide where few were seen.

        By the covariance of slope and shift, and never narrower than Venn-Abers' own two probabilities.
        It is about the rate, not about whether one case has the event.
        """
        middle = self.log_odds(log_odds)
        of_shift, both, of_slope = self.covariance
        spread = _Z_90 * np.sqrt(np.maximum(of_shift + 2 * both * log_odds + of_slope * log_odds**2, 0.0))
        low, high = expit(middle - spread), expit(middle + spread)
        if self.method == "venn_abers":
            lower, upper = self._venn_abers(log_odds)
            low, high = np.minimum(low, lower), np.maximum(high, upper)
        return np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)

    def _venn_abers(self, log_odds: Floats) -> tuple[Floats, Floats]:
        scores, low, high = (np.array(part) for part in self.steps)
        return np.interp(log_odds, scores, low), np.interp(log_odds, scores, high)

    @property
    def sentence(self) -> str:
        """What was done and why, for people."""
        seen = f"{self.n:,} cases the model had not learned from"
        if self.method == "identity":
            return f"Probabilities are the model's own: on {seen} nothing asked for a change (slope {self.slope:.2f})."
        how = "by slope and level" if self.method == "platt" else "by Venn-Abers"
        return (
            f"Probabilities are corrected {how}: on {seen} the slope was {self.slope:.2f}, the shift {self.shift:+.2f}."
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "method": self.method,
            "slope": self.slope,
            "shift": self.shift,
            "covariance": list(self.covariance),
            "n": self.n,
            "event_count": self.event_count,
            "steps": [list(part) for part in self.steps],
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Calibrator:
        of_shift, both, of_slope = stored["covariance"]
        scores, low, high = (tuple(part) for part in stored["steps"])
        figures = {name: stored[name] for name in ("method", "slope", "shift", "n", "event_count")}
        return cls(**figures, covariance=(of_shift, both, of_slope), steps=(scores, low, high))


def fit_calibrator(log_odds: Floats, events: Flags, *, method: str | None = None) -> Calibrator:
    """The least that makes the probabilities right, judged on cases that the model had not learned from.

    Identity where slope and level are right within their 95 % interval or .1; else slope and shift under
    1,000 cases, Venn-Abers from there on. Slope and shift are shrunk toward 1 and 0, so that a handful of
    cases changes little and has a wide interval.

    Parameters: log_odds, out-of-fold or forward in time; nan (not told) is left out. method, to force one.
    Source: Cox 1958 (slope and level); Platt 1999; Vovk, Petej and Fedorova 2015.
    """
    told = ~np.isnan(log_odds)
    odds, truth = np.asarray(log_odds[told], dtype=np.float64), np.asarray(events, dtype=bool)[told]
    shift, slope, covariance = _line(odds, truth)
    chosen = method or _method(shift, slope, covariance, len(odds))
    steps: Any = ((), (), ())
    if chosen == "venn_abers":
        steps = tuple(tuple(float(v) for v in part) for part in venn_abers_steps(odds, truth))
    return Calibrator(
        method=chosen,
        slope=slope,
        shift=shift,
        covariance=covariance,
        n=len(odds),
        event_count=int(truth.sum()),
        steps=steps,
    )


def _line(odds: Floats, truth: Flags) -> tuple[float, float, tuple[float, float, float]]:
    """shift, slope and their covariance; the prior alone where there are no cases."""
    design = np.column_stack([np.ones(len(odds)), odds])
    penalties = np.array([_LEVEL_PRIOR**-2, _SLOPE_PRIOR**-2])
    beta, spread = ridge_logistic(design, truth, weights=np.ones(len(odds)), penalties=penalties, offset=odds)
    return float(beta[0]), 1 + float(beta[1]), (float(spread[0, 0]), float(spread[0, 1]), float(spread[1, 1]))


def _method(shift: float, slope: float, covariance: tuple[float, float, float], n: int) -> str:
    slope_right = abs(slope - 1) <= max(_NEAR, _Z_95 * np.sqrt(covariance[2]))
    level_right = abs(shift) <= max(_NEAR, _Z_95 * np.sqrt(covariance[0]))
    if slope_right and level_right:
        return "identity"
    return "venn_abers" if n >= _ENOUGH_FOR_VENN_ABERS else "platt"
