"""Fitting: from contracts to a model of renewals for all and one for each plan and cohort."""

from __future__ import annotations

from collections.abc import Mapping

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from rapport.engine.runner import Runner
from rapport.engine.scores.lifetime.fitted import EVERYONE, Cohort, Fitted, Known
from rapport.engine.scores.lifetime.histories import TEN_THOUSANDTHS
from rapport.engine.scores.lifetime.learn import MOST_COHORTS, settings_of, shrunk
from rapport.engine.scores.lifetime.models.bdw import Bdw
from rapport.engine.scores.lifetime.models.fitting import Fit
from rapport.engine.scores.lifetime.models.groups import Floats, TermGroups
from rapport.engine.scores.lifetime.spec import DAYS_A_MONTH, CustomerDefinition
from rapport.engine.scores.lifetime.terms import GRACE_DAYS

ENOUGH_ENDED = 30
_KEYS = ("cohort", "running", "renewals", "renewals_by_now", "at_renewal")


def learn_terms(
    definition: CustomerDefinition, contracts: ir.Table, *, renewal_months: int, runner: Runner
) -> Fitted | None:
    """What all relations (`terms`) say of renewals; None where there is no contract.

    An end within the term that is under way at the instant is not counted yet, as those who will come through that
    term are not either: counting it would make every running term look deadly.
    """
    rows = _counted(contracts, runner)
    if rows.num_rows == 0:
        return None
    labels = np.array([label or EVERYONE for label in rows["cohort"].to_pylist()], dtype=object)
    everyone = np.ones(rows.num_rows, dtype=bool)
    pooled = shrunk(Bdw, _groups(rows, everyone), informative=_ended(rows, everyone))
    cohorts = {EVERYONE: _cohort(rows, everyone, pooled, renewal_months)}
    for label in _largest(rows, labels):
        own = labels == label
        groups = _groups(rows, own)
        fit = shrunk(Bdw, groups, informative=0, parent=pooled) if groups.customers else pooled
        cohorts[label] = _cohort(rows, own, fit, renewal_months)
    return Fitted(
        settings=settings_of(definition),
        cohorts=cohorts,
        base=_base(rows, renewal_months),
        renewal_months=renewal_months,
    )


def _counted(contracts: ir.Table, runner: Runner) -> pa.Table:
    return runner.to_arrow(
        contracts.group_by(list(_KEYS))
        .aggregate(
            n=lambda t: t.count(),
            priced=lambda t: t.monthly.count(),
            monthly=lambda t: t.monthly.sum(),
            age_days=lambda t: t.age_days.sum(),
        )
        .order_by(list(_KEYS))
    )


def _groups(rows: pa.Table, own: np.ndarray) -> TermGroups:
    """Ends by the renewal they came at, and survivors by renewals; without any, one survivor of none."""
    n, running = _column(rows, "n")[own], _column(rows, "running")[own] > 0
    renewals, by_now = _column(rows, "renewals")[own], _column(rows, "renewals_by_now")[own]
    over = ~running & (renewals + 1 <= by_now)
    at = np.where(over, renewals + 1, np.minimum(renewals, by_now))
    length = int(at.max(initial=1)) + 1
    ended = np.bincount(at[over].astype(int), n[over], length)
    survived = np.bincount(at[~over].astype(int), n[~over], length)
    return TermGroups(np.arange(float(length)), ended.astype(float), survived.astype(float))


def _cohort(rows: pa.Table, own: np.ndarray, fit: Fit, renewal_months: int) -> Cohort:
    ended, said = _ended(rows, own), list(fit.warnings)
    if ended < ENOUGH_ENDED:
        said.append(
            f"Only {ended:,} of {int(_column(rows, 'n')[own].sum()):,} contracts ended: the intervals are wide."
        )
    return Cohort(
        customers=int(_column(rows, "n")[own].sum()),
        informative=ended,
        known=Known(model=fit.model, covariance=fit.covariance),
        at_renewal=_at_renewal(rows, own, renewal_months),
        warnings=tuple(said),
    )


def _ended(rows: pa.Table, own: np.ndarray) -> int:
    return int(_column(rows, "n")[own & (_column(rows, "running") == 0)].sum())


def _at_renewal(rows: pa.Table, own: np.ndarray, renewal_months: int) -> float:
    """Share of ends that come at a renewal, less those that would fall there by accident.

    Drawn toward ten in eleven by the weight of one end, so that an end within a term is never ruled out.
    """
    over = own & (_column(rows, "running") == 0)
    n = _column(rows, "n")
    share = (float(n[over & (_column(rows, "at_renewal") > 0)].sum()) + 1) / (float(n[over].sum()) + 1.1)
    accident = min((2 * GRACE_DAYS + 1) / (renewal_months * DAYS_A_MONTH), 0.9)
    return max(0.0, (share - accident) / (1 - accident))


def _largest(rows: pa.Table, labels: np.ndarray) -> list[str]:
    names, place = np.unique(labels.astype(str), return_inverse=True)
    sizes = np.bincount(place, _column(rows, "n"))
    return [str(names[i]) for i in np.argsort(-sizes, kind="stable")[:MOST_COHORTS] if names[i] != EVERYONE]


def _base(rows: pa.Table, renewal_months: int) -> Mapping[str, float]:
    """The contract of average age and amount among those that run (of all, where none runs)."""
    running = _column(rows, "running") > 0
    own = running if running.any() else np.ones(rows.num_rows, dtype=bool)
    n, priced = _column(rows, "n")[own].sum(), _column(rows, "priced")[own].sum()
    age = float(np.round(_column(rows, "age_days")[own].sum() / n))
    monthly = _column(rows, "monthly")[own].sum() / TEN_THOUSANDTHS / priced if priced else 0.0
    return {"age_days": age, "renewals": float(age // (renewal_months * DAYS_A_MONTH)), "monthly": float(monthly)}


def _column(rows: pa.Table, name: str) -> Floats:
    values = rows[name].combine_chunks()
    return np.asarray(values.fill_null(False if name in ("running", "at_renewal") else 0), dtype=np.float64)
