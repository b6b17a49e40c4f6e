"""From histories to figures per customer, batch by batch: the same on every engine, whoever is in the batch.

What is worked out here is pure: rows in, rows out, from a fitted model and a question. Figures become
whole micro-points with half-even rounding, so that what is stored is the same wherever it was computed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from rapport.engine.scores.lifetime.curves import Ahead
from rapport.engine.scores.lifetime.expectation import (
    Estimate,
    Histories,
    alive_of,
    expected,
    gone_of,
    purchases_of,
    silent_of,
    value_of,
    worth_if_alive,
)
from rapport.engine.scores.lifetime.fitted import Cohort, Fitted
from rapport.engine.scores.lifetime.histories import TEN_THOUSANDTHS
from rapport.engine.scores.lifetime.models.groups import Floats
from rapport.engine.scores.lifetime.spec import CustomerDefinition
from rapport.engine.statistics.calibrator import Calibrator

NO_AMOUNT = "no amount known"
STRONG, STEADY, AT_RISK, LOST = "strong", "steady", "at risk", "lost"
HALF, FIFTH = 0.5, 0.2  # P(still a customer) from which on one is steady, or at risk

SCHEMA = pa.schema(
    [
        ("subject_id", pa.string()),
        ("micro", pa.int64()),
        ("low_micro", pa.int64()),
        ("high_micro", pa.int64()),
        ("probability_alive", pa.float64()),
        ("expected_purchases", pa.float64()),
        ("expected_value_per_purchase", pa.float64()),
        ("lifetime_value_so_far", pa.float64()),
        ("at_risk_micro", pa.int64()),
        ("segment", pa.string()),
        ("reason", pa.string()),
    ]
)
FIGURES = ("probability_alive", "expected_purchases", "expected_value_per_purchase", "lifetime_value_so_far")

_LARGEST = 10**12 - 1  # what decimal(18,6) holds
Apply = Callable[[pa.RecordBatch], pa.RecordBatch]


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of each customer.

    Attributes:
        measure: value, purchases, alive (percent), silent (percent: no purchase within the horizon), gone (percent:
            no customer any more) or lost (percent: the contract ends within the horizon).
        ahead: the horizon in the model's unit; horizon_days and rate_per_day, the same in days.
        kept: share of an amount that counts (the margin).
        most: the upper end of the score.
        calibrator: of silence, from the fit.
    """

    measure: str
    ahead: Ahead
    horizon_days: float
    rate_per_day: float
    kept: float
    most: float
    calibrator: Calibrator | None = None

    @property
    def percent(self) -> bool:
        return self.measure in ("alive", "silent", "gone", "lost")


def question_of(definition: CustomerDefinition, measure: str) -> Question:
    unit = float(definition.opportunity_days or 1)
    rate = definition.rate_per_day
    return Question(
        measure=measure,
        ahead=Ahead(horizon=definition.horizon_days / unit, rate=rate * unit, unit_days=unit),
        horizon_days=float(definition.horizon_days),
        rate_per_day=rate,
        kept=float(definition.margin_percent) / 100,
        most=float(definition.range.max),
    )


def purchase_figures(fitted_json: str, question: Question) -> Apply:
    """The function that turns a batch of histories (`HISTORY`) into `SCHEMA`."""
    fitted = Fitted.from_json(fitted_json)
    question = replace(question, calibrator=fitted.calibrator)
    average = float(np.nan_to_num(_base_value(fitted, question)))

    def apply(batch: pa.RecordBatch) -> pa.RecordBatch:
        return _figures(batch, fitted, question, average)

    return apply


def _figures(batch: pa.RecordBatch, fitted: Fitted, question: Question, average: float) -> pa.RecordBatch:
    counts = numbers(batch.column("spend_count"))
    spend = numbers(batch.column("spend")) / np.maximum(counts, 1) / TEN_THOUSANDTHS
    everybody = Histories(
        **{name: numbers(batch.column(name)) for name in ("x", "t_x", "age")},
        spend_count=np.where(spend > 0, counts, 0.0),
        spend=np.where(spend > 0, spend, 0.0),
    )
    found: dict[str, np.ndarray] = {name: np.full(batch.num_rows, np.nan) for name in _COLUMNS}
    labels = np.array([label or "" for label in batch.column("cohort").to_pylist()], dtype=object)
    for label in np.unique(labels.astype(str)):
        own = np.flatnonzero(labels == label)
        for name, values in _cohort_figures(fitted.cohort(str(label)), everybody.take(own), question).items():
            found[name][own] = values
    found["so_far"] = numbers(batch.column("so_far")) / TEN_THOUSANDTHS
    return packed(batch.column("subject_id"), found, question, average)


_COLUMNS = ("value", "low", "high", "alive", "purchases", "worth", "money", "at_risk")


def _cohort_figures(cohort: Cohort, rows: Histories, question: Question) -> dict[str, Floats]:
    told = expected(cohort, rows, question.ahead)
    estimate = estimate_of(cohort, rows, question)
    scale = 100.0 if question.percent else question.kept if question.measure == "value" else 1.0
    lost = estimate.value if question.measure in ("silent", "gone") else 1.0 - told.alive
    return {
        "value": estimate.value * scale,
        "low": estimate.low * scale,
        "high": estimate.high * scale,
        "alive": told.alive,
        "purchases": told.purchases,
        "worth": told.worth * question.kept,
        "money": told.value * question.kept,
        "at_risk": lost * worth_if_alive(cohort, rows, question.ahead) * question.kept,
    }


def estimate_of(cohort: Cohort, rows: Histories, question: Question) -> Estimate:
    """The score's figure on its own scale (0..1 for percents, before the margin) with its interval."""
    by_measure: dict[str, Callable[[], Estimate]] = {
        "value": lambda: value_of(cohort, rows, question.ahead),
        "purchases": lambda: purchases_of(cohort, rows, question.ahead),
        "alive": lambda: alive_of(cohort, rows),
        "silent": lambda: silent_of(cohort, rows, question.ahead, question.calibrator),
        "gone": lambda: gone_of(cohort, rows),
    }
    return by_measure[question.measure]()


def _base_value(fitted: Fitted, question: Question) -> float:
    """Money that the customer of average history is expected to bring."""
    return float(expected(fitted.everyone, base_history(fitted), question.ahead).value[0] * question.kept)


def base_history(fitted: Fitted) -> Histories:
    base = fitted.base
    row = {"x": base["x"], "t_x": base["age"] - base["since"], "age": base["age"], "spend_count": 0.0, "spend": 0.0}
    return Histories(**{name: np.array([value]) for name, value in row.items()})


def packed(subject_ids: pa.Array, found: dict[str, np.ndarray], question: Question, average: float) -> pa.RecordBatch:
    """`SCHEMA` from figures; a figure that cannot be told is null with its reason."""
    known = np.isfinite(found["value"])
    columns: dict[str, Any] = {
        "subject_id": subject_ids,
        "micro": micro_of(found["value"], known, question.most),
        "low_micro": micro_of(found["low"], known, question.most),
        "high_micro": micro_of(found["high"], known, question.most),
        "probability_alive": _floats(found["alive"]),
        "expected_purchases": _floats(found["purchases"]),
        "expected_value_per_purchase": _floats(found["worth"]),
        "lifetime_value_so_far": _floats(found["so_far"]),
        "at_risk_micro": micro_of(found["at_risk"], np.isfinite(found["at_risk"]), _LARGEST),
        "segment": pa.array(_segments(found, average).tolist(), pa.string()),
        "reason": pa.array([None if k else NO_AMOUNT for k in known], pa.string()),
    }
    return pa.RecordBatch.from_arrays([columns[f.name] for f in SCHEMA], schema=SCHEMA)


def micro_of(values: Floats, known: np.ndarray, most: float) -> pa.Array:
    """Whole micro-points, half-even; null where not known. What lies beyond the score's end is its end."""
    clipped = np.clip(np.where(known, values, 0.0), 0.0, min(most, float(_LARGEST)))
    return pa.array(np.rint(clipped * 1e6).astype(np.int64), pa.int64(), mask=~known)


def _segments(found: dict[str, np.ndarray], average: float) -> np.ndarray:
    there, money = found["alive"], np.nan_to_num(found["money"])
    lively = np.where(money >= average, STRONG, STEADY)
    return np.where(there >= HALF, lively, np.where(there >= FIFTH, AT_RISK, LOST)).astype(object)


def numbers(column: pa.Array) -> Floats:
    """A column as floats, whatever whole numbers the engine sums into (DuckDB: 128 bits)."""
    return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)


def _floats(values: np.ndarray) -> pa.Array:
    return pa.array(values, pa.float64(), mask=~np.isfinite(values))
