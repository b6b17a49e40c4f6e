"""Calibration: whether 20 % means that one in five converts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from rapport.engine.statistics.auc import Flags, Floats
from rapport.engine.statistics.wilson import Share, share

_STEPS = 50
_EDGE = 1e-6


@dataclass(frozen=True, kw_only=True)
class CalibrationBin:
    """Cases with similar probabilities.

    Attributes: predicted, their mean probability; observed, the share that had the event.
    """

    predicted: float
    observed: Share


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How probabilities compare with what happened.

    Attributes:
        brier: mean squared error of the probabilities, 0 is perfect.
        skill: 1 - brier / brier of the base rate; 0 is no better than the base rate, None where nothing varies.
        slope, intercept: logistic regression of the event on the log-odds. Slope 1 is right, below 1
            overconfident; intercept at slope 1 is how much the level is off, in log-odds. None where
            they cannot be fitted (one kind of outcome, or one probability).
        bins: up to ten bins of equal size by probability; equal probabilities share a bin.
    """

    brier: float
    skill: float | None
    slope: float | None
    intercept: float | None
    bins: tuple[CalibrationBin, ...]


def calibration(probabilities: Floats, events: Flags, *, bin_count: int = 10) -> Calibration | None:
    """Calibration of probabilities (0..1) against events; None without cases."""
    if len(probabilities) == 0:
        return None
    truth = events.astype(float)
    brier = float(np.mean((probabilities - truth) ** 2))
    base = float(truth.mean() * (1 - truth.mean()))
    varied = 0 < truth.mean() < 1
    odds = np.asarray(logit(np.clip(probabilities, _EDGE, 1 - _EDGE)), dtype=float)
    fitted = _fit(odds, truth) if varied and np.ptp(odds) > 0 else None
    return Calibration(
        brier=brier,
        skill=1 - brier / base if base else None,
        slope=fitted,
        intercept=_level(odds, truth) if varied else None,
        bins=_bins(probabilities, events, bin_count),
    )


def _bins(probabilities: Floats, events: Flags, bin_count: int) -> tuple[CalibrationBin, ...]:
    edges = np.unique(np.quantile(probabilities, np.arange(1, bin_count) / bin_count, method="inverted_cdf"))
    position = np.searchsorted(edges, probabilities, side="left")
    return tuple(
        CalibrationBin(
            predicted=float(probabilities[position == p].mean()),
            observed=share(float(events[position == p].sum()), float((position == p).sum())),
        )
        for p in np.unique(position)
    )


def _fit(odds: Floats, truth: Floats) -> float | None:
    """Slope of truth ~ intercept + slope x odds, by Newton's method; None where it does not settle (separation)."""
    design = np.column_stack([np.ones_like(odds), odds])
    beta = np.array([0.0, 1.0])
    for _ in range(_STEPS):
        p = np.asarray(expit(design @ beta), dtype=float)
        information = design.T @ (design * (p * (1 - p))[:, None])
        if np.linalg.cond(information) > 1e12:
            return None
        step = np.linalg.solve(information, design.T @ (truth - p))
        beta = beta + step
        if np.abs(step).max() < 1e-9:
            return float(beta[1])
    return None


def _level(odds: Floats, truth: Floats) -> float | None:
    """Intercept with the slope held at 1, by Newton's method."""
    shift = 0.0
    for _ in range(_STEPS):
        p = np.asarray(expit(odds + shift), dtype=float)
        weight = float((p * (1 - p)).sum())
        if weight < 1e-12:
            return None
        step = float((truth - p).sum()) / weight
        shift += max(-5.0, min(5.0, step))
        if abs(step) < 1e-9:
            return shift
    return None
