"""Which model suits these customers: judged by what came after, and shown with every candidate's figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from rapport.engine.errors import DataError
from rapport.engine.scores.lifetime.models.fitting import Fit, Prior
from rapport.engine.scores.lifetime.models.groups import Floats, PurchaseGroups, TermGroups
from rapport.engine.scores.lifetime.models.registry import fit

_TIE = 2.0  # held-out log-likelihood that is no reason to prefer a model


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One model's figures, calibration and holdout.

    Attributes:
        fit: on the calibration period.
        held_out: log probability of what was bought in the holdout period given each history, summed over
            customers; higher is better. For contracts: of the later renewals.
        expected, actual: purchases (contracts that ended) in the holdout period, in total.
        mae, rmse, correlation: customer by customer; None for contracts.
        usable: it converged and has no warning.
    """

    fit: Fit
    held_out: float
    expected: float
    actual: float
    mae: float | None = None
    rmse: float | None = None
    correlation: float | None = None

    @property
    def name(self) -> str:
        return self.fit.model.name

    @property
    def usable(self) -> bool:
        return self.fit.converged and not self.fit.warnings

    def to_dict(self) -> dict[str, Any]:
        figures = ("held_out", "expected", "actual", "mae", "rmse", "correlation")
        return {"fit": self.fit.to_dict(), **{f: getattr(self, f) for f in figures}}


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The candidates, best first. Those that did not converge or carry warnings come after those that did not."""

    candidates: tuple[Candidate, ...]

    @property
    def best(self) -> Candidate:
        return self.candidates[0]


def choose(
    calibration: PurchaseGroups,
    later: Floats,
    *,
    horizon: float,
    names: Sequence[str] = ("mbg_nbd", "bg_nbd", "pareto_nbd"),
    prior: Prior | None = None,
) -> Choice:
    """Fit each model on the calibration period and judge it by the purchases after.

    Parameters: calibration, histories up to the cut-off; later, for each of its rows the purchases in the
        `horizon` after it (group by them too, so that each row has one count). On a tie, within 2 of held-out
        log-likelihood, the earlier name in `names` wins. A prior is used by the model it is of.
    Raises: DataError where lengths differ or there are no customers.
    """
    counts = np.asarray(later, dtype=float)
    if len(counts) != len(calibration):
        raise DataError("One count per history is needed.", received=len(counts), allowed=str(len(calibration)))
    found = [_judged(name, calibration, counts, horizon, prior) for name in names]
    return Choice(candidates=ranked(found))


def choose_terms(
    calibration: TermGroups, later: TermGroups, *, names: Sequence[str] = ("bdw", "sbg"), prior: Prior | None = None
) -> Choice:
    """The same for contracts: `later` has renewals that fell due after the cut-off, as ended / survived.

    A row of `later` is about contracts that stood at renewal - 1 at the cut-off.
    """
    found = []
    for name in names:
        fitted = fit(name, calibration, prior=_own(prior, name))
        model: Any = fitted.model
        stays = np.clip(model.retention(later.renewal), 1e-300, 1 - 1e-16)
        held_out = float(later.survived @ np.log(stays) + later.ended @ np.log1p(-stays))
        due = later.survived + later.ended
        expected = float(due @ (1 - stays))
        found.append(Candidate(fit=fitted, held_out=held_out, expected=expected, actual=float(later.ended.sum())))
    return Choice(candidates=ranked(found))


def _own(prior: Prior | None, name: str) -> Prior | None:
    return prior if prior is not None and prior.model.name == name else None


def _judged(name: str, calibration: PurchaseGroups, later: Floats, horizon: float, prior: Prior | None) -> Candidate:
    fitted = fit(name, calibration, prior=_own(prior, name))
    model: Any = fitted.model
    w = calibration.weight
    expected = model.expected_purchases(calibration, horizon=horizon)
    off = later - expected
    return Candidate(
        fit=fitted,
        held_out=_held_out(model, calibration, later, horizon),
        expected=float(w @ expected),
        actual=float(w @ later),
        mae=float(np.average(np.abs(off), weights=w)),
        rmse=float(np.sqrt(np.average(off * off, weights=w))),
        correlation=_correlation(expected, later, w),
    )


def _held_out(model: Any, calibration: PurchaseGroups, later: Floats, horizon: float) -> float:
    """log P(this many purchases | history), weighted and summed; rows with few purchases at once, others apart."""
    total = 0.0
    bounds = [-1, 0, 3, 10, 30, 100, 10**9]
    for low, high in pairwise(bounds):
        rows = np.flatnonzero((later > low) & (later <= high))
        for part in np.array_split(rows, 1 + len(rows) // 20_000):
            if not len(part):
                continue
            counts = later[part].astype(int)
            table = model.future_pmf(calibration.take(part), horizon=horizon, most=int(counts.max()))
            chances = table[np.arange(len(part)), counts]
            total += float(calibration.weight[part] @ np.log(np.maximum(chances, 1e-300)))
    return total


def _correlation(a: Floats, b: Floats, w: Floats) -> float | None:
    covariance = np.cov(a, b, aweights=w)
    scale = float(np.sqrt(covariance[0, 0] * covariance[1, 1]))
    return float(covariance[0, 1]) / scale if scale > 0 else None


def ranked(found: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Usable ones first, then by held-out log-likelihood; those within a tie of the best keep their order."""
    top = max((c.held_out for c in found if c.usable), default=-np.inf)

    def place(item: tuple[int, Candidate]) -> tuple[bool, bool, float]:
        order, candidate = item
        ties = candidate.held_out >= top - _TIE
        return not candidate.usable, not ties, float(order) if ties and candidate.usable else -candidate.held_out

    return tuple(c for _, c in sorted(enumerate(found), key=place))
