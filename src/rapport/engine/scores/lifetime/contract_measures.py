"""From running contracts to figures per customer, batch by batch."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from rapport.engine.scores.lifetime.expectation import Estimate
from rapport.engine.scores.lifetime.fitted import Cohort, Fitted
from rapport.engine.scores.lifetime.histories import TEN_THOUSANDTHS
from rapport.engine.scores.lifetime.measures import Apply, Question, numbers, packed
from rapport.engine.scores.lifetime.models.groups import Floats
from rapport.engine.scores.lifetime.residual import Running, full_months, lost_of, months_of


def contract_figures(fitted_json: str, question: Question) -> Apply:
    """The function that turns a batch of customers with their running contracts into `measures.SCHEMA`.

    The batch: subject_id; contracts, a list of (cohort, renewals, age_days, monthly) of those that run; so_far.
    """
    fitted = Fitted.from_json(fitted_json)
    average = _base_value(fitted, question)

    def apply(batch: pa.RecordBatch) -> pa.RecordBatch:
        return _figures(batch, fitted, question, average)

    return apply


def _figures(batch: pa.RecordBatch, fitted: Fitted, question: Question, average: float) -> pa.RecordBatch:
    lists = batch.column("contracts")
    each = lists.flatten()
    owner = np.repeat(np.arange(batch.num_rows), lists.value_lengths().to_numpy(zero_copy_only=False))
    labels = np.array([label or "" for label in each.field("cohort").to_pylist()], dtype=object)
    rows = Running(renewals=numbers(each.field("renewals")), age_days=numbers(each.field("age_days")))
    monthly = numbers(each.field("monthly")) / TEN_THOUSANDTHS
    monthly = np.where(monthly < 0, np.nan, monthly)  # -1 stands for an amount that is not known
    lost, months = _by_cohort(fitted, labels, rows, question)
    found = joined(owner, batch.num_rows, lost, months, monthly, question)
    found["so_far"] = np.full(batch.num_rows, np.nan)
    return packed(batch.column("subject_id"), found, question, average)


def _by_cohort(fitted: Fitted, labels: np.ndarray, rows: Running, question: Question) -> tuple[Estimate, Estimate]:
    """P(ends within the horizon) and discounted months of each contract."""
    lost, months = _empty(len(labels)), _empty(len(labels))
    for label in np.unique(labels.astype(str)):
        own = np.flatnonzero(labels == label)
        one, other = contract_estimates(fitted, fitted.cohort(str(label)), rows.take(own), question)
        for whole, part in ((lost, one), (months, other)):
            whole.value[own], whole.low[own], whole.high[own] = part.value, part.low, part.high
    return lost, months


def contract_estimates(fitted: Fitted, cohort: Cohort, rows: Running, question: Question) -> tuple[Estimate, Estimate]:
    """P(ends within the horizon), and months within it (discounted where money is asked for), of each contract."""
    term, days = fitted.renewal_months or 1, question.horizon_days
    rate = 0.0 if question.measure == "purchases" else question.rate_per_day
    return (
        lost_of(cohort, rows, horizon_days=days, renewal_months=term),
        months_of(cohort, rows, horizon_days=days, renewal_months=term, rate_per_day=rate),
    )


def joined(
    owner: np.ndarray, count: int, lost: Estimate, months: Estimate, monthly: Floats, question: Question
) -> dict[str, np.ndarray]:
    """Figures of customers from those of their contracts: lost is the chance that at least one ends."""

    def total(values: Floats) -> Floats:
        return np.asarray(np.bincount(owner, values, count))

    def any_of(chances: Floats) -> Floats:
        return np.asarray(-np.expm1(total(np.log1p(-np.minimum(chances, 1 - 1e-15)))))

    ends = {name: any_of(getattr(lost, name)) for name in ("value", "low", "high")}
    money = {name: total(monthly * getattr(months, name)) * question.kept for name in ("value", "low", "high")}
    full = full_months(question.horizon_days, question.rate_per_day)
    figures = {
        "value": money,
        "purchases": {name: total(getattr(months, name)) for name in ends},
        "alive": {"value": 1 - ends["value"], "low": 1 - ends["high"], "high": 1 - ends["low"]},
        "lost": ends,
    }[question.measure]
    scale = 100.0 if question.percent else 1.0
    return {
        **{name: values * scale for name, values in figures.items()},
        "alive": 1 - ends["value"],
        "purchases": total(months.value),
        "worth": total(monthly) * question.kept,
        "money": money["value"],
        "at_risk": total(lost.value * monthly) * full * question.kept,
    }


def base_contract(fitted: Fitted) -> Running:
    return Running(renewals=np.array([fitted.base["renewals"]]), age_days=np.array([fitted.base["age_days"]]))


def _base_value(fitted: Fitted, question: Question) -> float:
    months = contract_estimates(fitted, fitted.everyone, base_contract(fitted), question)[1]
    return float(months.value[0] * fitted.base["monthly"] * question.kept)


def _empty(count: int) -> Estimate:
    return Estimate(value=np.zeros(count), low=np.zeros(count), high=np.zeros(count))
