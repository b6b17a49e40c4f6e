"""How far predictions may be off, in two kinds that must not be taken for each other.

- `parameter_interval`: the *expected* value, given that the parameters are only estimated. It shrinks as customers
  are added, and is narrow for most companies.
- `outcome_interval`: what *one customer* will turn out to do, parameters' uncertainty included. It does not shrink:
  buying is a matter of chance even where every parameter is known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rapport.engine.scores.lifetime.models.fitting import Fit
from rapport.engine.scores.lifetime.models.groups import Floats, PurchaseGroups

_STEP = 1e-4
_BLOCK = 4_000_000  # values held at once


@dataclass(frozen=True, kw_only=True)
class Interval:
    """Attributes: low, high: one entry per row; `of`: "expected value" or "outcome", for the label beside it."""

    low: Floats
    high: Floats
    of: str


def parameter_standard_errors(fit: Fit, predict: Callable[[Any], Floats]) -> Floats:
    """Delta method: the spread of a prediction that comes from the parameters' covariance.

    Parameters: predict, of a model of the fit's kind: one value per row.
    """
    theta, kind = fit.model.log_parameters, type(fit.model)
    slopes = []
    for i in range(len(theta)):
        step = np.zeros(len(theta))
        step[i] = _STEP
        slopes.append((predict(kind.at(theta + step)) - predict(kind.at(theta - step))) / (2 * _STEP))
    jacobian = np.stack(slopes, axis=-1)
    variance = np.einsum("...i,ij,...j->...", jacobian, fit.covariance, jacobian)
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)))


def parameter_interval(
    fit: Fit,
    predict: Callable[[Any], Floats],
    *,
    seed: int,
    confidence: float = 0.9,
    draws: int = 200,
) -> Interval:
    """Interval of the expected value: quantiles over parameters drawn from their normal approximation.

    Same seed, same interval. Log parameters are drawn, so all stay above 0.
    """
    kind = type(fit.model)
    random = np.random.default_rng(seed)
    drawn = _parameter_draws(fit, draws, random)
    values = np.stack([predict(kind.at(theta)) for theta in drawn])
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    return Interval(low=low, high=high, of="expected value")


def _parameter_draws(fit: Fit, draws: int, random: np.random.Generator) -> Floats:
    """At most 3 in any log parameter from the estimate: a direction that is not known is no reason to overflow."""
    values, vectors = np.linalg.eigh(fit.covariance)
    spread = vectors * np.sqrt(np.maximum(values, 0.0))
    theta = fit.model.log_parameters
    away = random.standard_normal((draws, len(theta))) @ spread.T
    return np.asarray(theta + np.clip(away, -3.0, 3.0))


def outcome_interval(
    fit: Fit,
    customers: PurchaseGroups,
    *,
    horizon: float,
    seed: int,
    confidence: float = 0.9,
    draws: int = 400,
    spend: Fit | None = None,
    mean_spend: Floats | None = None,
) -> Interval:
    """Interval of what each customer will do within the horizon: purchases or, with a spend model, their total amount.

    Both kinds of chance are in it: parameters are drawn (20 times), then for each the customer's dropping out,
    buying and spending. Same seed, same interval. Amounts are not discounted.

    Parameters: spend, mean_spend: a Gamma-Gamma fit and each row's mean spend (any number where x = 0).
    """
    random = np.random.default_rng(seed)
    versions = 20
    each = max(1, draws // versions)
    purchases = _parameter_draws(fit, versions, random)
    amounts = _parameter_draws(spend, versions, random) if spend is not None else None
    low, high = np.empty(len(customers)), np.empty(len(customers))
    for rows in np.array_split(np.arange(len(customers)), 1 + len(customers) * draws // _BLOCK):
        part = customers.take(rows)
        drawn = []
        for number, theta in enumerate(purchases):
            model: Any = type(fit.model).at(theta)
            counts = model.draw_future(part, horizon=horizon, draws=each, random=random)
            if spend is not None and amounts is not None and mean_spend is not None:
                payer: Any = type(spend.model).at(amounts[number])
                counts = payer.draw_spend(part.x, np.asarray(mean_spend)[rows], counts, random=random)
            drawn.append(counts)
        both = np.concatenate(drawn, axis=1)
        low[rows], high[rows] = np.quantile(both, [(1 - confidence) / 2, (1 + confidence) / 2], axis=1)
    return Interval(low=low, high=high, of="outcome")
