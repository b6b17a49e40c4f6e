"""Fitting: from customers' histories to a model for all and one for each cohort."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from rapport.engine.runner import Runner
from rapport.engine.scores.lifetime.candidates import ENOUGH_TO_CHOOSE, Split, floats, model_choice, repeat_buyers
from rapport.engine.scores.lifetime.fitted import EVERYONE, Cohort, Fitted, Known
from rapport.engine.scores.lifetime.histories import TEN_THOUSANDTHS
from rapport.engine.scores.lifetime.models.fitting import Fit, Prior, fit_model
from rapport.engine.scores.lifetime.models.gamma_gamma import GammaGamma
from rapport.engine.scores.lifetime.models.groups import Floats, Groups, PurchaseGroups, SpendGroups
from rapport.engine.scores.lifetime.models.registry import PURCHASE_MODELS
from rapport.engine.scores.lifetime.spec import CustomerDefinition

MOST_COHORTS = 50
PARENT_WEIGHT = 50.0  # a cohort's prior counts as much as so many customers
HALF_WEIGHT = 100  # informative customers at which the customary prior counts half
DEPENDENT = 0.3  # correlation from which on Gamma-Gamma's assumption is in doubt


def settings_of(definition: CustomerDefinition) -> dict[str, Any]:
    """The parts of a definition that decide what is fitted."""
    names = (
        "subject", "purchases", "model", "opportunity_days", "monetary", "spend", "cohorts", "renewal_months",
        "time_zone", "audience",
    )  # fmt: skip
    told: dict[str, Any] = definition.model_dump(mode="json", include=set(names))
    if definition.tells_silence:
        told["horizon_days"] = definition.horizon_days
    return told


def shrunk(kind: type[Any], groups: Groups, *, informative: float, parent: Fit | None = None) -> Fit:
    """A fit drawn toward its parent, or toward a customary one where there is none.

    The customary prior has the model's usual parameters on the data's own scale of time or money, each known to
    a factor of e where nobody is informative (repeat buyers, contracts that ended); at 100 who are it counts half
    as much, at 1,000 a tenth.
    """
    if parent is not None:
        return fit_model(kind, groups, prior=Prior.of(parent, customers=PARENT_WEIGHT))
    start = kind.starts(groups)[0]
    firm = np.eye(len(start)) / (1 + informative / HALF_WEIGHT)
    return fit_model(kind, groups, prior=Prior(model=kind.at(start), precision=firm))


@dataclass(frozen=True)
class _Counted:
    """Histories and amounts counted: the rows of `_counts` and `_amounts`, with the cohort of each."""

    groups: PurchaseGroups
    cohort: np.ndarray
    spend: SpendGroups | None
    spend_cohort: np.ndarray


def learn(definition: CustomerDefinition, customers: ir.Table, *, split: Split, runner: Runner) -> Fitted | None:
    """What the histories (`histories`) of all customers say; None where there is no customer.

    Everything is counted by the engine, so that a fit costs by the number of different histories.

    Parameters: split, the same customers' histories as they were some days ago (`split_histories`).
    """
    counted = _counted(customers, runner)
    if counted is None:
        return None
    choice = model_choice(definition, counted.groups, split, runner)
    name, said = choice.name, choice.said
    repeat = repeat_buyers(counted.groups)
    pooled = shrunk(PURCHASE_MODELS[name], counted.groups, informative=repeat)
    spend = shrunk(GammaGamma, counted.spend, informative=repeat) if counted.spend is not None else None
    cohorts = {EVERYONE: _cohort(counted.groups, pooled, counted.spend, spend)}
    for label in _largest(counted) if definition.cohorts else ():
        cohorts[label] = _own(label, counted, pooled, spend)
    correlation = _correlation(counted.spend, 2 if definition.spend == "all" else 1)
    if correlation is not None and abs(correlation) > DEPENDENT:
        said = (*said, _dependent(correlation))
    unconverted = runner.to_arrow(customers.aggregate(n=customers.unconverted.sum()))["n"][0].as_py() or 0
    return Fitted(
        settings=settings_of(definition),
        cohorts=cohorts,
        base=_base(counted.groups, cohorts[EVERYONE]),
        candidates=choice.tried,
        held_out_days=choice.days,
        independence=correlation,
        unconverted=int(unconverted),
        warnings=said,
    )


def _counted(customers: ir.Table, runner: Runner) -> _Counted | None:
    keys = ["cohort", "x", "t_x", "age"]
    rows = runner.to_arrow(customers.group_by(keys).aggregate(n=lambda t: t.count()).order_by(keys))
    if rows.num_rows == 0:
        return None
    x, t_x, age, n = (floats(rows, name) for name in ("x", "t_x", "age", "n"))
    amounts = runner.to_arrow(_amounts(customers))
    spend = None
    if amounts.num_rows:
        count, weight = floats(amounts, "spend_count"), floats(amounts, "n")
        mean = floats(amounts, "spend") / (weight * count) / TEN_THOUSANDTHS
        spend = SpendGroups(count, mean, weight)
    return _Counted(PurchaseGroups(x, t_x, age, n), _labels(rows), spend, _labels(amounts))


def _amounts(customers: ir.Table) -> ir.Table:
    """Customers with amounts, counted by narrow classes of their mean spend (three digits): whole numbers only."""
    told = customers.filter((customers.spend_count > 0) & (customers.spend > 0))
    mean = (told.spend / told.spend_count).floor().cast("int64")
    width = ibis.cases(*((mean < 10**digits, 10 ** max(digits - 3, 0)) for digits in range(3, 16)), else_=10**13)
    classed = told.mutate(_class=(mean / width).floor().cast("int64"), _width=width.cast("int64"))
    keys = ["cohort", "spend_count", "_width", "_class"]
    return classed.group_by(keys).aggregate(n=lambda t: t.count(), spend=lambda t: t.spend.sum()).order_by(keys)


def _own(label: str, counted: _Counted, pooled: Fit, spend: Fit | None) -> Cohort:
    """The fit of one cohort, drawn toward that of all."""
    groups = counted.groups.take(counted.cohort == label)
    amounts = counted.spend.take(counted.spend_cohort == label) if counted.spend is not None else None
    own, own_spend = shrunk(type(pooled.model), groups, informative=0, parent=pooled), spend
    if amounts is not None and len(amounts):
        own_spend = shrunk(GammaGamma, amounts, informative=0, parent=spend)
    return _cohort(groups, own, amounts, own_spend)


def _cohort(groups: PurchaseGroups, fit: Fit, amounts: SpendGroups | None, spend: Fit | None) -> Cohort:
    repeat, said = repeat_buyers(groups), list(fit.warnings)
    if repeat < ENOUGH_TO_CHOOSE:
        said.append(f"{repeat:,} of {int(groups.customers):,} customers bought again: the intervals are wide.")
    known = None
    if spend is not None:
        known, told = sound_spend(spend, amounts)
        said += told
    return Cohort(
        customers=int(groups.customers),
        informative=repeat,
        known=Known(model=fit.model, covariance=fit.covariance),
        spend=known,
        warnings=tuple(said),
    )


def sound_spend(fit: Fit, amounts: SpendGroups | None) -> tuple[Known, tuple[str, ...]]:
    """The model of amounts; where its mean would be infinite, one drawn toward the observed mean instead."""
    model = fit.model
    assert isinstance(model, GammaGamma)
    if model.q > 1.05 or amounts is None or not len(amounts):
        return Known(model=model, covariance=fit.covariance), fit.warnings
    mean = float(np.average(amounts.mean_spend, weights=amounts.weight))
    plain = GammaGamma(model.p, 1 + model.p, mean)
    told = (
        "Amounts differ so much that their mean is not determined: a customer's own mean and the observed mean count."
    )
    return Known(model=plain, covariance=fit.covariance), (*fit.warnings, told)


def _largest(counted: _Counted) -> list[str]:
    labels, place = np.unique(counted.cohort.astype(str), return_inverse=True)
    sizes = np.bincount(place, counted.groups.weight)
    return [str(labels[i]) for i in np.argsort(-sizes, kind="stable")[:MOST_COHORTS]]


def _correlation(spend: SpendGroups | None, fewest: int) -> float | None:
    """Of purchases and mean spend among repeat buyers; None below 3 different rows or where nothing varies."""
    if spend is None:
        return None
    rows = spend.take(spend.x >= fewest)
    if len(rows) < 3 or np.ptp(rows.x) == 0 or np.ptp(rows.mean_spend) == 0:
        return None
    covariance = np.cov(np.stack([rows.x, rows.mean_spend]), fweights=rows.weight.astype(int))
    return float(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]))


def _dependent(correlation: float) -> str:
    more = "more" if correlation > 0 else "less"
    return (
        f"Who buys more often spends {more} per purchase (correlation {correlation:.2f}): values of frequent buyers "
        f"are {'under' if correlation > 0 else 'over'}stated."
    )


def _base(groups: PurchaseGroups, everyone: Cohort) -> Mapping[str, float]:
    """The customer of average history, in whole numbers."""

    def mean(values: Floats) -> float:
        return float(np.round(np.average(values, weights=groups.weight)))

    x, age = mean(groups.x), mean(groups.T)
    since = min(mean(groups.T - groups.t_x), age) if x else age
    spend = everyone.spend.model.expected_value_of_new if everyone.spend else 0.0  # type: ignore[attr-defined]
    return {"x": x, "since": since, "age": age, "spend": float(spend)}


def _labels(rows: pa.Table) -> np.ndarray:
    return np.array([label or EVERYONE for label in rows["cohort"].to_pylist()], dtype=object)
