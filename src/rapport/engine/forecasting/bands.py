"""Bands: what a forecast expects, and between which values the truth should lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SHARES = (50, 80, 95)  # per cent of outcomes that a band should hold
_POINTS = tuple(q for share in SHARES for q in (0.5 - share / 200, 0.5 + share / 200))


@dataclass(frozen=True, kw_only=True)
class Bands:
    """One figure that is to come.

    Attributes: expected, the mean; median; low and high ends of the 50, 80 and 95 % bands.
    """

    expected: float
    median: float
    low_50: float
    high_50: float
    low_80: float
    high_80: float
    low_95: float
    high_95: float

    def band(self, share: int) -> tuple[float, float]:
        return getattr(self, f"low_{share}"), getattr(self, f"high_{share}")


def bands_of(drawn: npt.NDArray[np.float64], *, expected: float | None = None) -> Bands:
    """From values as they may turn out; expected, where the mean is known without drawing."""
    low_50, high_50, low_80, high_80, low_95, high_95 = np.quantile(drawn, _POINTS).tolist()
    return Bands(
        expected=float(drawn.mean()) if expected is None else expected,
        median=float(np.median(drawn)),
        low_50=low_50,
        high_50=high_50,
        low_80=low_80,
        high_80=high_80,
        low_95=low_95,
        high_95=high_95,
    )
