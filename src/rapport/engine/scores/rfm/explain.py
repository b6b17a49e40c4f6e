"""The reasons of an RFM score: one line for each measure, adding up to the value exactly."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rapport.engine.scores.explanation import Explanation, Line
from rapport.engine.scores.population import CutPoints
from rapport.engine.scores.rfm.expression import MEASURE, Measure
from rapport.engine.scores.rfm.spec import RfmDefinition

_BETTER = {"recency": "more recent than", "frequency": "more often than", "monetary": "more than"}
_WORST = {"recency": "among the longest ago", "frequency": "among the fewest", "monetary": "among the smallest sums"}


def explanation(
    definition: RfmDefinition, row: Mapping[str, Any], cuts: Mapping[str, CutPoints], *, currency: str
) -> Explanation:
    """The explanation of one subject: its measures, scores and micro-points as `expression.scored` gives them."""
    if row["micro"] is None:
        return Explanation(value=None, reason_null=row["reason_null"])
    # where the total is known, a measure without a score carries no weight
    known = [measure for name, measure in MEASURE.items() if row[name] is not None]
    lines = tuple(_line(definition, row, measure, cuts[measure.name], currency) for measure in known)
    return Explanation(value=Decimal(row["micro"]).scaleb(-6), lines=lines)


def _line(definition: RfmDefinition, row: Mapping[str, Any], measure: Measure, cuts: CutPoints, currency: str) -> Line:
    value, score = row[measure.column], row[measure.name]
    better = _share_worse(value, measure, cuts)
    weight = definition.weights.of(measure.name)
    evidence = {
        measure.column: value,
        "score": score,
        "most_points": weight,
        "better_than": better,
        "cut_points": cuts.points,
        "segment": row["segment"],
    }
    return Line(
        name=measure.name,
        group="rfm",
        points=Decimal(row[f"{measure.name}_micro"]).scaleb(-6),
        sentence=f"{_told(measure, value, currency)}: {_compared(measure, better)} ({measure.name} {score} of 5).",
        evidence=evidence,
    )


def _share_worse(value: Decimal | int, measure: Measure, cuts: CutPoints) -> float | None:
    """Share of the run's customers in worse classes, each of whom is strictly worse; None without any."""
    position = cuts.class_of(value)
    if not cuts.population:
        return None
    worse = cuts.counts[position + 1 :] if measure.less_is_better else cuts.counts[:position]
    return sum(worse) / cuts.population


def _told(measure: Measure, value: Decimal | int, currency: str) -> str:
    if measure.name == "recency":
        return f"Last purchase {_times(int(value), 'day')} ago" if value else "Last purchase today"
    if measure.name == "frequency":
        return _times(int(value), "purchase")
    return f"{currency} {Decimal(value):,.2f} spent"


def _compared(measure: Measure, better: float | None) -> str:
    if better is None:
        return "nobody to compare with"
    percent = int(100 * better)
    return f"{_BETTER[measure.name]} {percent} % of customers" if percent else _WORST[measure.name]


def _times(count: int, thing: str) -> str:
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
