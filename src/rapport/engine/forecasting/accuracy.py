"""How good forecasts were: error, bias, pinball loss, coverage of the bands; and whether chances came true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rapport.engine.forecasting.bands import SHARES, Bands

_CLASSES = 10


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """Of some point forecasts against what came.

    Attributes:
        count: forecasts judged.
        wape: sum of absolute errors over the sum of what came; bias: the same of signed errors (above 0: too high).
            None where nothing came.
    """

    count: int
    wape: float | None
    bias: float | None


@dataclass(frozen=True, kw_only=True)
class BandAccuracy:
    """Attributes: covered, the share of truths inside each band (50, 80, 95); pinball, the mean loss of their ends and
    the median over the mean truth (smaller is better; None where nothing came)."""

    count: int
    covered: dict[int, float]
    pinball: float | None


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Of chances against what happened: Brier score, its value for the base rate, expected calibration error, and
    (mean chance, share that happened, count) by tenth of the deals, lowest chances first."""

    count: int
    brier: float
    brier_of_base_rate: float
    error: float
    classes: tuple[tuple[float, float, int], ...]


def accuracy(forecasts: Sequence[float], came: Sequence[float]) -> Accuracy:
    """Source: WAPE as in Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 5.8 (MAE over the mean)."""
    off, truth = np.asarray(forecasts, float) - np.asarray(came, float), float(np.abs(came).sum())
    if not truth:
        return Accuracy(count=len(off), wape=None, bias=None)
    return Accuracy(count=len(off), wape=float(np.abs(off).sum()) / truth, bias=float(off.sum()) / truth)


def band_accuracy(bands: Sequence[Bands], came: Sequence[float]) -> BandAccuracy | None:
    """None without forecasts. Pinball: Koenker & Bassett 1978."""
    if not bands:
        return None
    truth = np.asarray(came, float)
    covered = {}
    losses = [_pinball(np.array([b.median for b in bands]), truth, 0.5)]
    for share in SHARES:
        low, high = np.array([b.band(share) for b in bands]).T
        covered[share] = float(((truth >= low) & (truth <= high)).mean())
        tail = 0.5 - share / 200
        losses += [_pinball(low, truth, tail), _pinball(high, truth, 1 - tail)]
    mean = float(truth.mean())
    return BandAccuracy(count=len(truth), covered=covered, pinball=float(np.mean(losses)) / mean if mean else None)


def calibration(chance: npt.NDArray[np.float64], happened: npt.NDArray[np.bool_]) -> Calibration | None:
    """None without deals."""
    if not len(chance):
        return None
    order = np.argsort(chance, kind="stable")
    parts = [part for part in np.array_split(order, _CLASSES) if len(part)]
    classes = tuple((float(chance[p].mean()), float(happened[p].mean()), len(p)) for p in parts)
    base = float(happened.mean())
    return Calibration(
        count=len(chance),
        brier=float(((chance - happened) ** 2).mean()),
        brier_of_base_rate=base * (1 - base),
        error=sum(n * abs(p - h) for p, h, n in classes) / len(chance),
        classes=classes,
    )


def _pinball(quantile: npt.NDArray[np.float64], truth: npt.NDArray[np.float64], level: float) -> float:
    off = truth - quantile
    return float(np.maximum(level * off, (level - 1) * off).mean())
