"""From log-odds to the score: the chance in percent, by a table of whole micro-logits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rapport.engine.statistics.additive import MICRO
from rapport.engine.statistics.additive.tables import Micros
from rapport.engine.statistics.auc import Floats
from rapport.engine.statistics.calibrator import Calibrator

STEPS_PER_POINT = 100  # chances are told to the hundredth of a percent
LOWEST, HIGHEST = 1, 99
_POINT = 1_000_000  # micro-points
_STEP = _POINT // STEPS_PER_POINT
_FARTHEST = 40 * MICRO


@dataclass(frozen=True)
class Scale:
    """Where each hundredth of a percent begins, in micro-logits, ascending: the k-th from 1.01 on.

    Kept with the model, so that every engine and every machine finds the same value for the same log-odds.
    """

    begins: Micros

    @classmethod
    def of(cls, calibrator: Calibrator) -> Scale:
        """The least micro-logits whose calibrated chance rounds to 1.01, 1.02 ... 99 percent, by bisection."""
        steps = np.arange(LOWEST * STEPS_PER_POINT + 1, HIGHEST * STEPS_PER_POINT + 1)
        wanted = (steps - 0.5) / (100 * STEPS_PER_POINT)
        low = np.full(len(steps), -_FARTHEST, dtype=np.int64)
        high = np.full(len(steps), _FARTHEST, dtype=np.int64)
        while (high - low > 1).any():
            middle = (low + high) // 2
            reached = calibrator.probabilities(middle / MICRO) >= wanted
            high, low = np.where(reached, middle, high), np.where(reached, low, middle)
        return cls(np.maximum.accumulate(high))

    def micro_points(self, micro_logits: Micros) -> Micros:
        """The score of each in whole micro-points."""
        found = np.searchsorted(self.begins, micro_logits, side="right")
        return np.asarray(LOWEST * _POINT + found * _STEP, dtype=np.int64)


def percent_micro(probabilities: Floats) -> Micros:
    """Probabilities as micro-points of the score, half-even, cut to its range."""
    hundredths = np.rint(probabilities * 100 * STEPS_PER_POINT).astype(np.int64)
    return np.clip(hundredths, LOWEST * STEPS_PER_POINT, HIGHEST * STEPS_PER_POINT) * _STEP
