"""What a purchase history adds to, or takes from, the score of the customer of average history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from rapport.engine.scores.lifetime.curves import alive, buys, if_alive
from rapport.engine.scores.lifetime.expectation import Histories, corrected, expected
from rapport.engine.scores.lifetime.fitted import Cohort, Fitted
from rapport.engine.scores.lifetime.histories import TEN_THOUSANDTHS
from rapport.engine.scores.lifetime.measures import Question
from rapport.engine.scores.lifetime.shapley import shapley

FREQUENCY, RECENCY, TENURE, SPEND, COHORT = "frequency", "recency", "tenure", "spend", "cohort"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One reason, in the score's unit; `kind` base or criterion."""

    name: str
    amount: float
    sentence: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    kind: str = "criterion"


def purchase_parts(
    fitted: Fitted, row: Mapping[str, Any], question: Question, currency: str, *, opportunity_days: int | None
) -> list[Part]:
    """Base first, then each input's share of the difference (Shapley). `row` is one of `histories`."""
    own, question = _own(row), replace(question, calibrator=fitted.calibrator)
    base = dict(fitted.base)
    inputs = [FREQUENCY, RECENCY, TENURE]
    inputs += [SPEND] if question.measure == "value" else []
    inputs += [COHORT] if row["cohort"] in fitted.cohorts else []

    def figure(group: frozenset[str]) -> float:
        cohort = fitted.cohort(row["cohort"] if COHORT in group else None)
        return point(cohort, _mixed(own, base, group, cohort), question)

    shares = shapley(inputs, figure)
    unit = "day" if opportunity_days is None else "opportunity"
    told = _Words(own=own, base=base, currency=currency, unit=unit, cohort=row["cohort"] or "")
    parts = [
        Part(name="base", amount=figure(frozenset()), sentence=told.base_line(question), kind="base", evidence=base)
    ]
    return parts + [
        Part(name=name, amount=shares[name], sentence=told.line(name), evidence=told.evidence(name)) for name in inputs
    ]


def point(cohort: Cohort, rows: Histories, question: Question) -> float:
    """The score of one history, without its interval."""
    model = cohort.known.model
    there = alive(model, rows.groups)
    if question.measure == "alive":
        value = 100 * there
    elif question.measure == "gone":
        value = 100 * (1 - there)
    elif question.measure == "silent":
        silent = 1 - there * if_alive(buys, model, rows.x, rows.age, question.ahead)
        value = 100 * corrected(silent, question.calibrator)
    else:
        told = expected(cohort, rows, question.ahead)
        value = told.value * question.kept if question.measure == "value" else told.purchases
    return float(value[0])


def _own(row: Mapping[str, Any]) -> dict[str, float]:
    count = row["spend_count"] if row["spend"] > 0 else 0
    return {
        "x": float(row["x"]),
        "since": float(row["age"] - row["t_x"]),
        "age": float(row["age"]),
        "spend_count": float(count),
        "spend": row["spend"] / count / TEN_THOUSANDTHS if count else 0.0,
    }


def _mixed(own: Mapping[str, float], base: Mapping[str, float], group: frozenset[str], cohort: Cohort) -> Histories:
    """The history with the inputs of `group` as the customer's own, the others as the base's; made consistent."""
    x = (own if FREQUENCY in group else base)["x"]
    age = (own if TENURE in group else base)["age"]
    since = (own if RECENCY in group else base)["since"]
    last = max(age - since, 0.0) if x else 0.0
    if cohort.known.model.name == "bg_bb":  # at most one purchase at an opportunity
        x = min(x, age)
        last = min(max(last, x), age)
    count, spend = (own["spend_count"], own["spend"]) if SPEND in group else (0.0, 0.0)
    told = {"x": x, "t_x": last if x else 0.0, "age": age, "spend_count": count, "spend": spend}
    return Histories(**{name: np.array([value]) for name, value in told.items()})


@dataclass(frozen=True, kw_only=True)
class _Words:
    """Sentences about one customer beside the average one."""

    own: Mapping[str, float]
    base: Mapping[str, float]
    currency: str
    unit: str
    cohort: str

    def base_line(self, question: Question) -> str:
        average = f"first bought {self._ago(self.base['age'])} ago, last {self._ago(self.base['since'])} ago"
        within = f"within {question.horizon_days:.0f} days"
        meaning = {
            "value": f"is expected to bring this {within}",
            "purchases": f"is expected to buy so often {within}",
            "alive": "is still a customer with this probability (%)",
            "gone": "is no customer any more with this probability (%)",
            "silent": f"buys nothing {within} with this probability (%)",
        }[question.measure]
        return f"A customer of average history ({self._bought(self.base['x'])}, {average}) {meaning}."

    def line(self, name: str) -> str:
        own, base = self.own, self.base
        return {
            FREQUENCY: f"Bought {self._times(own['x'])}; the average customer {self._times(base['x'])}.",
            RECENCY: f"Last bought {self._ago(own['since'])} ago; the average customer {self._ago(base['since'])} ago.",
            TENURE: f"First bought {self._ago(own['age'])} ago; the average customer {self._ago(base['age'])} ago.",
            SPEND: self._spends(),
            COHORT: f"Customers of {self.cohort} buy differently from the average.",
        }[name]

    def evidence(self, name: str) -> dict[str, Any]:
        if name == COHORT:
            return {"cohort": self.cohort}
        keys = {FREQUENCY: ("x",), RECENCY: ("since",), TENURE: ("age",), SPEND: ("spend", "spend_count")}[name]
        names = {
            "x": "repeat_purchase_count",
            "since": "days_since_last_purchase",
            "age": "customer_age_days",
            "spend": "mean_spend",
            "spend_count": "purchases_with_amount",
        }
        told = {names[key]: self.own[key] for key in keys}
        return {**told, "average_customer": self.base[keys[0]]}

    def _spends(self) -> str:
        average = f"{self.currency} {self.base['spend']:,.2f}"
        if not self.own["spend_count"]:
            return f"No amount known: the average of {average} a purchase is taken."
        return f"Spends {self.currency} {self.own['spend']:,.2f} a purchase; the average is {average}."

    def _bought(self, x: float) -> str:
        return f"{x + 1:.0f} {'purchase' if x == 0 else 'purchases'}"

    def _times(self, x: float) -> str:
        count = f"{x + 1:.0f} {self.unit if x == 0 else _plural(self.unit)}"
        return f"on {count}" if self.unit == "day" else f"at {count}"

    def _ago(self, time: float) -> str:
        return f"{time:.0f} {self.unit if time == 1 else _plural(self.unit)}"


def _plural(unit: str) -> str:
    return "opportunities" if unit == "opportunity" else f"{unit}s"
