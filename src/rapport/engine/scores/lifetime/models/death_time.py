"""When a Pareto/NBD customer may have died: the integral over death times in closed form's place.

A customer with x purchases, the last at t_x, who was not seen until T, either lives or died at some t in (t_x, T]:

    alive: (alpha + T)^-(r + x) (beta + T)^-s
    dead:  s x integral over t of (alpha + t)^-(r + x) (beta + t)^-(s + 1)

The textbook form of the integral is a difference of two hypergeometric functions, which overflows for frequent
buyers. Here it is summed by Gauss-Legendre in log(t + min(alpha, beta)), cut where the integrand has fallen below
e^-34. Gradients and Hessians are means over the same death times, so nothing is differenced.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rapport.engine.scores.lifetime.models.groups import Floats

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_CUT = 34.0
_ROWS = 4_000  # at once: keeps the nodes of a block in the processor's cache


@dataclass(frozen=True)
class DeathTimes:
    """Per row of (x, t_x, T).

    Attributes:
        log_alive, log_dead: logarithms of the two parts above; log_dead -inf where T = t_x.
        log_buying, log_dying: mean of log(alpha + t), log(beta + t) over death times; None unless asked for.
        per_buying, per_dying: mean of 1 / (alpha + t), 1 / (beta + t).
    """

    log_alive: Floats
    log_dead: Floats
    log_buying: Floats | None = None
    log_dying: Floats | None = None
    per_buying: Floats | None = None
    per_dying: Floats | None = None


def death_times(
    parameters: tuple[float, float, float, float], x: Floats, t_x: Floats, age: Floats, *, means: bool = False
) -> DeathTimes:
    """Both parts for each row, with the means over death times that gradients are made of where asked for."""
    r, alpha, s, beta = parameters
    columns = np.empty((5 if means else 1, len(x)))
    for start in range(0, len(x), _ROWS):
        rows = slice(start, start + _ROWS)
        columns[:, rows] = _block(parameters, x[rows], t_x[rows], age[rows], means)
    log_alive = -(r + x) * np.log(alpha + age) - s * np.log(beta + age)
    return DeathTimes(log_alive, *columns)


def _block(
    parameters: tuple[float, float, float, float], x: Floats, t_x: Floats, age: Floats, means: bool
) -> list[Floats]:
    r, alpha, s, beta = parameters
    buying_is_near = alpha <= beta
    near, far = (alpha, beta) if buying_is_near else (beta, alpha)
    steep, steep_far = (r + x, s + 1 + 0 * x) if buying_is_near else (s + 1 + 0 * x, r + x)
    first, first_far = near + t_x, far + t_x
    falls = steep - 1 + steep_far * first / first_far  # -d log f / dy at y = 0; grows or stays from there on
    length = np.log((near + age) / first)
    length = np.where(falls > 0, np.minimum(length, _CUT / np.maximum(falls, 1e-300)), length)
    y = length[:, None] * ((_NODES + 1) / 2)
    from_near = first[:, None] * np.exp(y)
    from_far = from_near + (far - near)
    log_far = np.log(from_far)
    log_first_far = np.log(first_far)
    shape = -(steep - 1)[:, None] * y - steep_far[:, None] * (log_far - log_first_far[:, None])
    top = np.maximum(shape.max(axis=1), 0.0)
    mass = np.exp(shape - top[:, None])
    mass *= _WEIGHTS
    whole = mass.sum(axis=1)
    with np.errstate(divide="ignore"):
        log_first = np.log(first)
        log_dead = np.log(s) + np.log(length * whole / 2) + top - (steep - 1) * log_first - steep_far * log_first_far
    if not means:
        return [log_dead]
    mean_y = np.einsum("ij,ij->i", mass, y) / whole + log_first
    mean_far = np.einsum("ij,ij->i", mass, log_far) / whole
    per_near = (mass / from_near).sum(axis=1) / whole
    per_far = (mass / from_far).sum(axis=1) / whole
    if buying_is_near:
        return [log_dead, mean_y, mean_far, per_near, per_far]
    return [log_dead, mean_far, mean_y, per_far, per_near]
