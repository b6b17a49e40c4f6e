"""What its contracts add to, or take from, a customer's score beside one contract of average age and amount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rapport.engine.scores.lifetime.contract_measures import base_contract, contract_estimates, joined
from rapport.engine.scores.lifetime.expectation import Estimate
from rapport.engine.scores.lifetime.fitted import Cohort, Fitted
from rapport.engine.scores.lifetime.histories import TEN_THOUSANDTHS
from rapport.engine.scores.lifetime.measures import Question
from rapport.engine.scores.lifetime.models.groups import Floats
from rapport.engine.scores.lifetime.purchase_reasons import Part
from rapport.engine.scores.lifetime.residual import Running
from rapport.engine.scores.lifetime.shapley import shapley
from rapport.engine.scores.lifetime.spec import DAYS_A_MONTH

PLAN, AGE, AMOUNT, COUNT = "plan", "age", "amount", "contracts"


def contract_parts(fitted: Fitted, row: Mapping[str, Any], question: Question, currency: str) -> list[Part]:
    """Base first, then each input's share of the difference (Shapley). `row` has a list of running contracts."""
    contracts = row["contracts"]
    inputs = [PLAN, AGE]
    inputs += [AMOUNT] if question.measure == "value" else []
    inputs += [COUNT] if len(contracts) > 1 else []

    def figure(group: frozenset[str]) -> float:
        return _figure(fitted, contracts, group, question)

    shares = shapley(inputs, figure)
    base = dict(fitted.base)
    parts = [
        Part(name="base", amount=figure(frozenset()), sentence=_base_line(fitted, question), kind="base", evidence=base)
    ]
    sentences = _sentences(fitted, contracts, currency)
    evidence = {
        PLAN: {"plans": sorted({c["cohort"] for c in contracts})},
        AGE: {"age_days": [c["age_days"] for c in contracts], "renewals": [c["renewals"] for c in contracts]},
        AMOUNT: {"monthly": _monthly(contracts, fitted)[0].tolist(), "average_contract": base["monthly"]},
        COUNT: {"contracts": len(contracts)},
    }
    return parts + [
        Part(name=name, amount=shares[name], sentence=sentences[name], evidence=evidence[name]) for name in inputs
    ]


def _figure(fitted: Fitted, contracts: Sequence[Mapping[str, Any]], group: frozenset[str], question: Question) -> float:
    """The score with the inputs of `group` as they are; with the count as the base has it, one mean contract."""
    count = len(contracts)
    cohorts = [fitted.cohort(c["cohort"] if PLAN in group else None) for c in contracts]
    ages = [_age(fitted, c if AGE in group else None) for c in contracts]
    monthly = _monthly(contracts, fitted)[0] if AMOUNT in group else np.full(count, fitted.base["monthly"])
    lost, months = _estimates(fitted, cohorts, ages, question)
    if question.measure != "value":
        monthly = np.nan_to_num(monthly)
    found = joined(np.zeros(count, dtype=int), 1, lost, months, monthly, question)["value"][0]
    if COUNT in group or count == 1:
        return float(found)
    if question.measure in ("lost", "alive"):  # the mean contract of several independent ones
        kept = 1 - found / 100 if question.measure == "lost" else found / 100
        mean = kept ** (1 / count)
        return float(100 * (1 - mean) if question.measure == "lost" else 100 * mean)
    return float(found / count)


def _age(fitted: Fitted, contract: Mapping[str, Any] | None) -> Running:
    if contract is None:
        return base_contract(fitted)
    renewals, age = float(contract["renewals"]), float(contract["age_days"])
    return Running(renewals=np.array([renewals]), age_days=np.array([age]))


def _estimates(
    fitted: Fitted, cohorts: Sequence[Cohort], ages: Sequence[Running], question: Question
) -> tuple[Estimate, Estimate]:
    pairs = [contract_estimates(fitted, c, a, question) for c, a in zip(cohorts, ages, strict=True)]
    return _joined([p[0] for p in pairs]), _joined([p[1] for p in pairs])


def _joined(estimates: Sequence[Estimate]) -> Estimate:
    def column(name: str) -> Floats:
        return np.concatenate([getattr(e, name) for e in estimates])

    return Estimate(value=column("value"), low=column("low"), high=column("high"))


def _monthly(contracts: Sequence[Mapping[str, Any]], fitted: Fitted) -> tuple[Floats, float]:
    """Amount of each contract, and that of the average one."""
    told = np.array([c["monthly"] for c in contracts], dtype=float)
    return np.where(told < 0, np.nan, told / TEN_THOUSANDTHS), fitted.base["monthly"]


def _base_line(fitted: Fitted, question: Question) -> str:
    months = fitted.base["age_days"] / DAYS_A_MONTH
    within = f"within {question.horizon_days:.0f} days"
    meaning = {
        "value": f"is expected to bring this {within}",
        "purchases": f"is expected to run for so many months {within}",
        "alive": f"still runs after {question.horizon_days:.0f} days with this probability (%)",
        "lost": f"ends {within} with this probability (%)",
    }[question.measure]
    return f"A contract of average age ({months:.0f} months) {meaning}."


def _sentences(fitted: Fitted, contracts: Sequence[Mapping[str, Any]], currency: str) -> Mapping[str, str]:
    plans = ", ".join(sorted({c["cohort"] for c in contracts}))
    oldest = max(c["age_days"] for c in contracts) / DAYS_A_MONTH
    renewals = max(c["renewals"] for c in contracts)
    monthly, average = _monthly(contracts, fitted)
    return {
        PLAN: f"Contracts of {plans} are kept differently from the average.",
        AGE: f"Runs for {oldest:.0f} months, renewed {renewals} {'time' if renewals == 1 else 'times'}; "
        f"the average contract for {fitted.base['age_days'] / DAYS_A_MONTH:.0f} months.",
        AMOUNT: f"{currency} {float(np.nansum(monthly)):,.2f} a month; the average contract {currency} {average:,.2f}.",
        COUNT: f"{len(contracts)} contracts run.",
    }
