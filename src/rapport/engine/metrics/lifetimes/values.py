"""Figures of buyers at the end of a day: what they brought, whether they are there, what they will bring."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from rapport.engine.metrics.lifetimes.purchase_log import Floats, PurchaseLog, Standing, standing
from rapport.engine.metrics.lifetimes.segments import segments_of
from rapport.engine.metrics.lifetimes.valuation import Horizon, PurchaseModel, fitted

HALF = 0.5  # P(still a customer) from which on somebody counts as there
Columns = dict[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of buyers.

    Attributes:
        model: of purchases; horizon; margin, share of an amount that is kept where orders tell none, or None.
        modelled, valued, before, segments: which figures are wanted.
    """

    model: str
    horizon: Horizon
    margin: float | None
    modelled: bool
    valued: bool
    before: bool
    segments: bool


@dataclass(frozen=True)
class Buyers:
    """Attributes: customers as they stood; columns of equal length; share of an amount that is kept, None unknown."""

    customers: Standing
    columns: Columns
    share: float | None


def buyers_at(log: PurchaseLog, today: date, start: date, question: Question) -> Buyers:
    """The buyers of the log at the end of `today`; `start` is the last day before the period.

    Columns: revenue_to_date, margin_to_date (nan unknown); where wanted p_alive, was_alive, clv_revenue, rfm_segment.
    """
    customers = standing(log, today)
    share = _share(customers, question.margin)
    told: Columns = {
        "purchases": customers.purchases,
        "days_since_last_purchase": customers.since,
        "revenue_to_date": customers.spent,
        "margin_to_date": _margin_to_date(customers, question.margin),
    }
    if question.segments:
        told["rfm_segment"] = segments_of(customers)
    if question.modelled and len(customers):
        model = fitted(customers, question.model)
        told["p_alive"] = model.alive(customers)
        if question.valued:
            told["clv_revenue"] = model.value(customers, question.horizon)
        if question.before:
            told["was_alive"] = _was_alive(customers, model, log, start)
    return Buyers(customers, told, share)


def _was_alive(customers: Standing, model: PurchaseModel, log: PurchaseLog, start: date) -> np.ndarray:
    """Who was more likely there than not when the period began, by what had happened by then."""
    before = standing(log, start)
    lively = np.zeros(len(log.ids), dtype=bool)
    if len(before):
        lively[before.who] = model.alive(before) >= HALF
    return np.asarray(lively[customers.who])


def _share(customers: Standing, as_set: float | None) -> float | None:
    """What is kept of an amount: by the orders that tell their margin, else as set."""
    total = float(customers.margin_of.sum())
    return float(customers.margin.sum()) / total if total > 0 else as_set


def _margin_to_date(customers: Standing, as_set: float | None) -> Floats:
    """Margins told, and those of the other orders as set; nan where neither is known."""
    rest = customers.spent - customers.margin_of
    if as_set is not None:
        return customers.margin + rest * as_set
    known = (customers.margin_of != 0) | (customers.margin != 0)
    return np.where(known, customers.margin, np.nan)
