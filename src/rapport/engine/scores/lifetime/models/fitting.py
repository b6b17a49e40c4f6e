"""Maximum likelihood on grouped rows, with what the data leave open said in numbers and in words.

Two stages where there are many groups: a search on coarser groups that keep their means, then Newton
steps on all of them, so that the result is the exact maximum at the cost of a few passes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import nan, sqrt
from typing import Any

import numpy as np

from rapport.engine.errors import DataError, DefinitionError
from rapport.engine.scores.lifetime.models.base import Model
from rapport.engine.scores.lifetime.models.groups import Floats, Groups
from rapport.engine.scores.lifetime.models.optimum import Objective, Optimum, best_maximum, maximum

_HARDLY_KNOWN = 1.5  # standard error of a log parameter: a factor of about 4.5 either way


@dataclass(frozen=True, kw_only=True)
class Prior:
    """What a parent (all customers, the sector) says about the parameters of a small cohort.

    Attributes:
        model: the parent's parameters, where the penalty is 0.
        precision: of the penalty -1/2 d' precision d, d the difference of log parameters.
    """

    model: Model
    precision: Floats

    @classmethod
    def of(cls, parent: Fit, *, customers: float = 50.0) -> Prior:
        """A parent that counts as much as `customers` further customers of its own kind would."""
        values, vectors = np.linalg.eigh(parent.information)
        firm = np.maximum(values, 1e-3 * parent.n)  # directions of which the parent knows nothing hold a little
        return cls(model=parent.model, precision=(vectors * firm) @ vectors.T * (customers / parent.n))

    def penalty(self, theta: Floats) -> tuple[float, Floats]:
        pull = self.precision @ (theta - self.model.log_parameters)
        return -float((theta - self.model.log_parameters) @ pull) / 2, -pull


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A fitted model and how well it is known.

    Attributes:
        model: with the fitted parameters.
        log_likelihood: of the data alone (a prior's penalty is not in it), summed over customers.
        standard_errors: by parameter, on its own scale (delta method from the logarithm); nan where the data
            do not determine it.
        information: minus the Hessian in log parameters, prior included; its inverse is their covariance.
        n: customers.
        converged: the gradient vanishes, or points outward on the edge of what is searched.
        warnings: sentences; empty where nothing is to be said.
    """

    model: Model
    log_likelihood: float
    standard_errors: Mapping[str, float]
    information: Floats
    n: float
    converged: bool
    warnings: tuple[str, ...]

    @property
    def covariance(self) -> Floats:
        """Of the log parameters. Directions the data do not determine get a wide but finite variance (10^2)."""
        values, vectors = np.linalg.eigh(self.information)
        return np.asarray((vectors / np.maximum(values, 1e-2)) @ vectors.T)

    def to_dict(self) -> dict[str, Any]:
        return {
            "model": self.model.to_dict(),
            "log_likelihood": self.log_likelihood,
            "standard_errors": {k: None if np.isnan(v) else v for k, v in self.standard_errors.items()},
            "information": self.information.tolist(),
            "n": self.n,
            "converged": self.converged,
            "warnings": list(self.warnings),
        }


def fit_model(kind: type[Model], groups: Groups, *, prior: Prior | None = None) -> Fit:
    """The most likely parameters of one model class. Source: maximum likelihood; see each model for its own.

    Raises: DataError where there are no customers.
    """
    n = groups.customers
    if n <= 0:
        raise DataError(
            "There are no customers to fit a model on.", where=kind.name, next_step="Widen the period or the audience."
        )
    if prior is not None and type(prior.model) is not kind:
        raise DefinitionError(
            "A prior must be of the same model.", where=kind.name, received=prior.model.name, allowed=(kind.name,)
        )
    low, high = kind.box(groups)
    coarse = kind.coarse(groups)
    rough = _with_prior(kind.objective(coarse), prior)
    starts = kind.starts(coarse) if prior is None else [prior.model.log_parameters, *kind.starts(coarse)]
    near = best_maximum(rough, starts, low, high)
    plain = kind.objective(groups)
    found = near
    if coarse is not groups:
        found = maximum(_with_prior(plain, prior), near.at, low, high, hessian=near.hessian)
    log_likelihood = found.value if prior is None else plain(found.at)[0]
    return _fit(kind.at(found.at), found, log_likelihood, n)


def _with_prior(objective: Objective, prior: Prior | None) -> Objective:
    if prior is None:
        return objective

    def penalised(theta: Floats) -> tuple[float, Floats]:
        value, gradient = objective(theta)
        penalty, pull = prior.penalty(theta)
        return value + penalty, gradient + pull

    return penalised


def _fit(model: Model, found: Optimum, log_likelihood: float, n: float) -> Fit:
    names = model.parameter_names()
    errors = _log_errors(found)
    fit = Fit(
        model=model,
        log_likelihood=log_likelihood,
        standard_errors={k: getattr(model, k) * e for k, e in zip(names, errors, strict=True)},
        information=-found.hessian,
        n=n,
        converged=found.settled,
        warnings=(),
    )
    return replace(fit, warnings=_warnings(fit, found, errors))


def _log_errors(found: Optimum) -> list[float]:
    """Standard errors of the log parameters; nan on the edge and where the curvature has the wrong sign."""
    free = ~np.array(found.at_edge)
    errors = [nan] * len(free)
    if not free.any():
        return errors
    information = -found.hessian[np.ix_(free, free)]
    values = np.linalg.eigvalsh(information)
    if not np.isfinite(values).all() or values.min() <= 1e-12 * max(values.max(), 1e-300):
        return errors
    for place, variance in zip(np.flatnonzero(free), np.diag(np.linalg.inv(information)), strict=True):
        errors[place] = sqrt(variance)
    return errors


def _warnings(fit: Fit, found: Optimum, errors: list[float]) -> tuple[str, ...]:
    said = list(fit.model.cautions())
    if not found.settled:
        said.append(f"The search for {fit.model.name} did not settle: {found.to_gain:.3g} log-likelihood left to gain.")
    for name, edge, error in zip(fit.model.parameter_names(), found.at_edge, errors, strict=True):
        value = getattr(fit.model, name)
        if edge:
            said.append(f"{name} ran to the edge of what is searched ({value:.3g}): the data do not determine it.")
        elif not error < _HARDLY_KNOWN:
            known = "unknown" if np.isnan(error) else f"a factor of {np.exp(min(error, 50)):.3g}"
            said.append(f"{name} ({value:.3g}) is hardly determined by the data: standard error {known}.")
    return tuple(said)
