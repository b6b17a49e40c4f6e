"""The scale on which a metric's months vary evenly: logs for what is positive, log odds for shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from rapport.engine.metrics.spec import Unit

Array = npt.NDArray[np.float64]

_EDGE = 0.001  # shares are kept this far from 0 and 1
_MOST = 700.0  # exp of more is infinite
_FLOORS = {"log": 0.03, "log odds": 0.05}


class Kind(StrEnum):
    LOG = "log"
    ROOT = "root"
    LOG_ODDS = "log odds"
    PLAIN = "plain"


@dataclass(frozen=True)
class Scale:
    """How values become numbers that vary evenly, and back.

    floor: the standard deviation of a month that is assumed before any is seen.
    """

    kind: Kind
    floor: float

    @property
    def is_positive(self) -> bool:
        return self.kind in (Kind.LOG, Kind.ROOT)

    def there(self, values: Sequence[float | None]) -> list[float | None]:
        return [None if v is None else float(self._there(v)) for v in values]

    def _there(self, value: float) -> float:
        if self.kind is Kind.LOG:
            return float(np.log(value))
        if self.kind is Kind.ROOT:
            return float(np.sqrt(value))
        if self.kind is Kind.LOG_ODDS:
            kept = min(max(value, _EDGE), 1 - _EDGE)
            return float(np.log(kept / (1 - kept)))
        return value

    def back(self, numbers: Array) -> Array:
        if self.kind is Kind.LOG:
            return np.asarray(np.exp(np.minimum(numbers, _MOST)))
        if self.kind is Kind.ROOT:
            return np.asarray(np.maximum(numbers, 0.0) ** 2)
        if self.kind is Kind.LOG_ODDS:
            return np.asarray(1 / (1 + np.exp(-np.clip(numbers, -_MOST, _MOST))))
        return numbers


def scale_of(values: Sequence[float | None], unit: Unit) -> Scale:
    """Log odds for shares, logs for what is always above 0, roots where it is 0 at times, else as it is."""
    known = np.array([v for v in values if v is not None] or [0.0])
    if unit is Unit.FRACTION:
        return Scale(Kind.LOG_ODDS, _FLOORS["log odds"])
    if unit in (Unit.POINTS, Unit.RATE) or known.min() < 0:
        return Scale(Kind.PLAIN, max(1e-9, 0.03 * float(np.abs(known).mean())))
    if known.min() > 0:
        return Scale(Kind.LOG, _FLOORS["log"])
    return Scale(Kind.ROOT, max(0.05, 0.03 * float(np.sqrt(known).mean())))
