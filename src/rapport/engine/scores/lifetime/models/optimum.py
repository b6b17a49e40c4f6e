"""The highest point of a log-likelihood over log parameters, by Newton steps that never lead downhill.

Analytic gradients throughout; Hessians are differences of them, exact to about five digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rapport.engine.scores.lifetime.models.groups import Floats

Objective = Callable[[Floats], tuple[float, Floats]]  # log parameters -> log-likelihood and its gradient

_STEP = 1e-5
_NEWTON_STEPS = 40
_SETTLED = 1e-9  # half the Newton decrement: how much log-likelihood is still to be gained


@dataclass(frozen=True, kw_only=True)
class Optimum:
    """Where the search ended.

    Attributes:
        at: log parameters.
        value: the objective there.
        hessian: of the objective there, in log parameters.
        at_edge: which parameters lie on the edge of the box that is searched, pushed outward.
        to_gain: log-likelihood that a further Newton step promises; about 0 where the search settled.
        settled: the gradient is zero to working precision inside the box, and points outward on its edge.
    """

    at: Floats
    value: float
    hessian: Floats
    at_edge: tuple[bool, ...]
    to_gain: float
    settled: bool


def hessian_of(objective: Objective, at: Floats, gradient: Floats) -> Floats:
    """Differences of the gradient, made symmetric.

    Parameters: gradient, at the same place.
    """
    rows = np.empty((len(at), len(at)))
    for i in range(len(at)):
        step = np.zeros(len(at))
        step[i] = _STEP
        rows[i] = (objective(at + step)[1] - gradient) / _STEP
    return (rows + rows.T) / 2


def best_maximum(objective: Objective, starts: Sequence[Floats], low: Floats, high: Floats) -> Optimum:
    """The highest of the maxima reached from several starts."""
    return max((maximum(objective, start, low, high) for start in starts), key=lambda found: found.value)


def maximum(
    objective: Objective, start: Floats, low: Floats, high: Floats, *, hessian: Floats | None = None
) -> Optimum:
    """Newton steps, halved until they do not lead downhill.

    Parameters: hessian, one from nearby (a coarser fit): used as long as it makes the steps shrink fast.
    """
    at = np.clip(start, low, high)
    value, gradient = objective(at)
    curvature = hessian_of(objective, at, gradient) if hessian is None else hessian
    exact = hessian is None
    previous = np.inf
    for _ in range(_NEWTON_STEPS):
        free = ~_held(at, gradient, low, high)
        step, gain = _newton(gradient, curvature, free)
        if gain < _SETTLED and exact:
            break
        if gain < _SETTLED or gain > previous / 10:
            curvature, exact = hessian_of(objective, at, gradient), True
            step, gain = _newton(gradient, curvature, free)
            if gain < _SETTLED:
                break
        at, value, gradient, moved = _walk(objective, at, value, step, low, high)
        exact, previous = False, gain
        if not moved:
            break
    curvature = curvature if exact else hessian_of(objective, at, gradient)
    held = _held(at, gradient, low, high)
    gain = _newton(gradient, curvature, ~held)[1]
    noise = 1e-6 + 1e-12 * abs(value)
    return Optimum(
        at=at,
        value=value,
        hessian=curvature,
        at_edge=tuple(bool(h) for h in held),
        to_gain=gain,
        settled=bool(np.isfinite(value) and gain < noise),
    )


def _held(at: Floats, gradient: Floats, low: Floats, high: Floats) -> np.ndarray:
    return ((at <= low) & (gradient <= 0)) | ((at >= high) & (gradient >= 0))


def _newton(gradient: Floats, hessian: Floats, free: np.ndarray) -> tuple[Floats, float]:
    """The step uphill and the gain it promises; curvature of the wrong sign is turned round."""
    step = np.zeros_like(gradient)
    if not free.any():
        return step, 0.0
    values, vectors = np.linalg.eigh(-hessian[np.ix_(free, free)])
    curvature = np.maximum(np.abs(values), 1e-10 * max(float(np.abs(values).max()), 1e-300))
    along = vectors.T @ gradient[free]
    step[free] = vectors @ (along / curvature)
    return step, float((along**2 / curvature).sum() / 2)


def _walk(
    objective: Objective, at: Floats, value: float, step: Floats, low: Floats, high: Floats
) -> tuple[Floats, float, Floats, bool]:
    """As far along the step as the objective does not fall, at most 2 in any log parameter."""
    step = step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-300))
    for _ in range(25):
        there = np.clip(at + step, low, high)
        found, gradient = objective(there)
        if np.isfinite(found) and found >= value - 1e-13 * abs(value):
            return there, found, gradient, True
        step = step / 2
    return at, value, objective(at)[1], False
