"""What a reader wants to see beside the reasons: how sure the figure is, and what it was learnt from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rapport.engine.scores.lifetime.fitted import EVERYONE, Fitted
from rapport.engine.scores.lifetime.spec import CustomerDefinition
from rapport.engine.scores.population import FittedModel

TITLES = {"bg_nbd": "BG/NBD", "mbg_nbd": "MBG/NBD", "pareto_nbd": "Pareto/NBD", "bg_bb": "BG/BB", "bdw": "BdW"}
LOSSES = ("silent", "gone", "lost")
PERCENTS = ("alive", "silent", "gone", "lost")


def own_facts(row: Mapping[str, Any], definition: CustomerDefinition, measure: str, currency: str) -> dict[str, Any]:
    """Of one subject: the interval, and the figures that the score is made of."""
    what = "months still to run" if definition.by_contract else "purchases expected"
    horizon = f"within {definition.horizon_days} days"
    facts: dict[str, Any] = {"90 % interval": _interval(row, measure, currency)}
    if row["probability_alive"] is not None:
        named = (
            f"still a customer after {definition.horizon_days} days" if definition.by_contract else "still a customer"
        )
        facts[named] = f"{100 * row['probability_alive']:.1f} %"
    if row["expected_purchases"] is not None:
        facts[f"{what} {horizon}"] = f"{row['expected_purchases']:,.2f}"
    if row["expected_value_per_purchase"] is not None:
        each = "a month" if definition.by_contract else "a purchase"
        facts[f"expected value of {each}"] = f"{currency} {row['expected_value_per_purchase']:,.2f}"
    if row["lifetime_value_so_far"] is not None:
        facts["bought so far"] = f"{currency} {row['lifetime_value_so_far']:,.2f}"
    if measure in LOSSES and row["at_risk_micro"] is not None:
        facts["value at risk"] = f"{currency} {row['at_risk_micro'] / 1_000_000:,.2f}"
    return facts


def _interval(row: Mapping[str, Any], measure: str, currency: str) -> str:
    low, high = (row[name] / 1_000_000 for name in ("low_micro", "high_micro"))
    if measure in PERCENTS:
        return f"{low:.1f} % to {high:.1f} %"
    unit = f"{currency} " if measure == "value" else ""
    return f"{unit}{low:,.2f} to {unit}{high:,.2f}"


def model_facts(
    fitted: Fitted, cohort_name: str | None, model: FittedModel, definition: CustomerDefinition
) -> dict[str, Any]:
    """Of the model: which, learnt when and from how many, the candidates, and every warning of the fit."""
    name = cohort_name if cohort_name in fitted.cohorts else EVERYONE
    cohort = fitted.cohort(name)
    repeat = "ended" if definition.by_contract else "bought again"
    who = "contracts" if definition.by_contract else "customers"
    facts: dict[str, Any] = {
        "model": TITLES.get(cohort.known.model.name, cohort.known.model.name),
        "learnt from": f"{cohort.customers:,} {who}{f' of {name}' if name else ''}, {cohort.informative:,} {repeat}",
        "learnt as of": f"{model.fitted_at:%Y-%m-%d}",
    }
    for tried in fitted.candidates:
        facts[f"tried {TITLES[tried.name]}"] = (
            f"expected {tried.expected:,.0f} purchases in the last {fitted.held_out_days} days, "
            f"{tried.actual:,.0f} came; log-likelihood {tried.held_out:,.1f}"
        )
    if fitted.calibrator is not None:
        facts["calibration"] = fitted.calibrator.sentence
    if fitted.independence is not None:
        facts["correlation of purchases and spend"] = f"{fitted.independence:.2f}"
    if fitted.unconverted:
        facts["purchases left out of amounts for want of an exchange rate"] = f"{fitted.unconverted:,}"
    warnings = (*fitted.warnings, *cohort.warnings)
    if warnings:
        facts["to be taken with care"] = " ".join(warnings)
    return facts
