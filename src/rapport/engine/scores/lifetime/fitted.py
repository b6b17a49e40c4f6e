"""What was learnt of customers: a model for all and one for each cohort, kept as JSON in the population run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np

from rapport.engine.scores.lifetime.models.base import Model
from rapport.engine.scores.lifetime.models.groups import Floats
from rapport.engine.scores.lifetime.models.registry import model_from_dict
from rapport.engine.statistics.calibrator import Calibrator

EVERYONE = ""  # the name of the fit of all customers


@dataclass(frozen=True, kw_only=True)
class Known:
    """A model with what is known of its parameters.

    Attributes: covariance, of the log parameters, prior included.
    """

    model: Model
    covariance: Floats

    def document(self) -> dict[str, Any]:
        return {"model": self.model.to_dict(), "covariance": self.covariance.tolist()}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Known:
        return cls(model=model_from_dict(stored["model"]), covariance=np.array(stored["covariance"], dtype=float))

    def shifted(self) -> list[tuple[Model, Model]]:
        """The model a step below and above along each axis of the covariance, one standard error x `STEP` each way."""
        values, vectors = np.linalg.eigh(self.covariance)
        steps = vectors * np.sqrt(np.maximum(values, 0.0)) * STEP
        at = self.model.log_parameters
        fixed = {name: getattr(self.model, name) for name in self.model.fixed}
        return [(_at(self.model, at - s, fixed), _at(self.model, at + s, fixed)) for s in steps.T]


STEP = 0.5


def _at(model: Model, log_parameters: Floats, fixed: Mapping[str, float]) -> Model:
    moved = dict(zip(model.parameter_names(), np.exp(log_parameters).tolist(), strict=True))
    return type(model)(**moved, **fixed)


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """The fit of one cohort, or of all customers.

    Attributes:
        customers, informative: all, and those that tell most (repeat buyers; contracts that ended).
        known: the model of purchases, or of renewals.
        spend: of amounts; None where no amount is known, and for contracts.
        at_renewal: share of contracts that end at a renewal rather than within a term; None for purchases.
        warnings: sentences; empty where nothing is to be said.
    """

    customers: int
    informative: int
    known: Known
    spend: Known | None = None
    at_renewal: float | None = None
    warnings: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        return {
            "customers": self.customers,
            "informative": self.informative,
            "known": self.known.document(),
            "spend": self.spend.document() if self.spend else None,
            "at_renewal": self.at_renewal,
            "warnings": list(self.warnings),
        }

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Cohort:
        return cls(
            customers=stored["customers"],
            informative=stored["informative"],
            known=Known.of(stored["known"]),
            spend=Known.of(stored["spend"]) if stored["spend"] else None,
            at_renewal=stored["at_renewal"],
            warnings=tuple(stored["warnings"]),
        )


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A model that was tried: fitted on the time before, judged by the purchases of the held-out days after.

    Attributes: held_out, log probability of each customer's purchases, summed; expected and actual purchases in all;
        mae, mean absolute error of a customer's purchases.
    """

    name: str
    held_out: float
    expected: float
    actual: float
    mae: float
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """Everything that scores are made from.

    Attributes:
        settings: the parts of the definition that it was fitted for; another definition needs another fit.
        cohorts: by name; `EVERYONE` is always there and stands in for cohorts that are not.
        base: the customer that reasons start from: x, since (days since the last purchase), age, spend (of a
            purchase); of contracts: months, monthly.
        candidates: the models tried, best first, where one was chosen; held_out_days, what they were judged by.
        renewal_months: of contracts.
        independence: correlation of purchases and mean spend among repeat buyers, which Gamma-Gamma takes for 0.
        unconverted: purchases left out of amounts for want of a rate.
        calibrator: what makes the chance of silence come true; None where it is not told or too few could judge it.
    """

    settings: Mapping[str, Any]
    cohorts: Mapping[str, Cohort]
    base: Mapping[str, float]
    candidates: tuple[Candidate, ...] = ()
    held_out_days: int | None = None
    renewal_months: int | None = None
    independence: float | None = None
    unconverted: int = 0
    warnings: tuple[str, ...] = field(default=())
    calibrator: Calibrator | None = None

    @property
    def everyone(self) -> Cohort:
        return self.cohorts[EVERYONE]

    def cohort(self, name: str | None) -> Cohort:
        return self.cohorts.get(name or EVERYONE, self.everyone)

    def to_json(self) -> str:
        return json.dumps(
            {
                "settings": dict(self.settings),
                "cohorts": {name: cohort.document() for name, cohort in self.cohorts.items()},
                "base": dict(self.base),
                "candidates": [asdict(c) for c in self.candidates],
                "held_out_days": self.held_out_days,
                "renewal_months": self.renewal_months,
                "independence": self.independence,
                "unconverted": self.unconverted,
                "warnings": list(self.warnings),
                "calibrator": self.calibrator.to_dict() if self.calibrator else None,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        stored = json.loads(text)
        told = [Candidate(**{**c, "warnings": tuple(c["warnings"])}) for c in stored["candidates"]]
        return cls(
            settings=stored["settings"],
            cohorts={name: Cohort.of(cohort) for name, cohort in stored["cohorts"].items()},
            base=stored["base"],
            candidates=tuple(told),
            held_out_days=stored["held_out_days"],
            renewal_months=stored["renewal_months"],
            independence=stored["independence"],
            unconverted=stored["unconverted"],
            warnings=tuple(stored["warnings"]),
            calibrator=Calibrator.from_dict(stored["calibrator"]) if stored["calibrator"] else None,
        )
