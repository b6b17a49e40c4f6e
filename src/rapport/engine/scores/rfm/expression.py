"""The RFM score as one expression: measures, cut points, scores, total, segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.age import age_in_days
from rapport.engine.crm.as_of import AsOf
from rapport.engine.runner import Runner
from rapport.engine.scores.population import CutPoints, counted_cut_points, quantiles, whole_numbers
from rapport.engine.scores.rfm.purchases import purchases
from rapport.engine.scores.rfm.spec import MEASURES, RfmDefinition

QUINTILES = ((1, 5), (2, 5), (3, 5), (4, 5))
TERCILES = ((1, 3), (2, 3))
FEWEST_FOR_QUINTILES = 50

NO_PURCHASE = "no purchase"
NO_AMOUNT = "no amount known"
NO_POPULATION = "no customers to compare with"

_MONEY_PLACES = 4


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One of R, F and M.

    Attributes:
        column: of `measures`.
        places: decimal places that count.
        less_is_better: recency counts days, so fewer score higher.
    """

    name: str
    column: str
    places: int
    less_is_better: bool


MEASURE: Mapping[str, Measure] = {
    "recency": Measure(name="recency", column="days_since_last_purchase", places=0, less_is_better=True),
    "frequency": Measure(name="frequency", column="purchase_count", places=0, less_is_better=False),
    "monetary": Measure(name="monetary", column="monetary_amount", places=_MONEY_PLACES, less_is_better=False),
}


def measures(definition: RfmDefinition, view: AsOf, standing: ir.Table, *, only: bool = False) -> ir.Table:
    """One row per subject of `standing` (subject_id): days_since_last_purchase (local days), purchase_count,
    monetary_amount (decimal(38,4), null where no amount is known); all null where it never bought.

    Parameters: only, whether `standing` is a few subjects, whose purchases are then looked up.
    """
    zone = definition.time_zone or view.snapshot.time_zone
    rows = purchases(definition, view, time_zone=zone)
    if only:
        rows = rows.semi_join(standing, "subject_id")
    # one aggregate of purchases and subjects instead of a join, which at ten million customers takes as long as both
    everything = standing.select(
        "subject_id",
        purchased_at=ibis.null(rows.purchased_at.type()),
        amount=ibis.null(rows.amount.type()),
    ).union(rows.select("subject_id", "purchased_at", "amount"))
    totals = everything.group_by("subject_id").aggregate(
        last=everything.purchased_at.max(),
        bought=everything.purchased_at.count(),
        rows=everything.count(),
        spent=everything.amount.sum(),
    )
    totals = totals.filter(totals.rows > totals.bought)  # a purchase has an instant, a subject none
    return totals.select(
        "subject_id",
        days_since_last_purchase=age_in_days(totals["last"], as_of=view.at, time_zone=zone),
        purchase_count=totals.bought.nullif(0).cast("int64"),
        monetary_amount=totals.spent.cast(f"decimal(38, {_MONEY_PLACES})"),
    )


def cut_points(definition: RfmDefinition, customers: ir.Table, *, runner: Runner) -> dict[str, CutPoints]:
    """Cut points of each measure: the definition's thresholds, or exact quantiles over `customers` (`measures`).

    Quintiles from 50 customers on, terciles below. A customer without a known amount is left out of the
    monetary ones. Empty `points` where there is nobody to compare with.
    """
    columns = runner.to_arrow(customers.select(*(m.column for m in MEASURE.values())))
    shares = QUINTILES if columns.num_rows >= FEWEST_FOR_QUINTILES else TERCILES
    found = {}
    for measure in MEASURE.values():
        values = whole_numbers(columns[measure.column])
        fixed = definition.thresholds.of(measure.name)
        points = fixed or quantiles(values, shares=shares, scale=measure.places)
        found[measure.name] = counted_cut_points(values, points, scale=measure.places)
    return found


def scored(definition: RfmDefinition, customers: ir.Table, cuts: Mapping[str, CutPoints]) -> ir.Table:
    """`customers` with recency, frequency, monetary (1..5) and what `weighed` adds.

    The scores and what follows from them are null where the measure or the cut points are missing.
    """
    return weighed(definition, customers.mutate(**classes(customers, cuts)))


def weighed(definition: RfmDefinition, rows: ir.Table) -> ir.Table:
    """Rows with the three scores, with recency_micro, ... (micro-points), micro and segment as well.

    micro is null where a score that carries weight is.
    """
    weights = {name: definition.weights.of(name) for name in MEASURES}
    parts = {f"{name}_micro": (rows[name] - 1) * (int(weight.scaleb(6)) // 4) for name, weight in weights.items()}
    rows = rows.mutate(**parts)
    total = _sum([rows[f"{name}_micro"] for name, weight in weights.items() if weight])
    return rows.mutate(micro=total, segment=_segment(definition, rows))


def classes(customers: ir.Table, cuts: Mapping[str, CutPoints]) -> dict[str, ir.IntegerValue]:
    """Recency, frequency and monetary score (1..5) of `customers`, null where the measure or the cut points are."""
    return {name: _score(customers, MEASURE[name], cuts[name]) for name in MEASURES}


def _score(rows: ir.Table, measure: Measure, cuts: CutPoints) -> ir.IntegerValue:
    """1 + the number of cut points strictly below, two steps apart between terciles; 6 minus that for recency."""
    value = rows[measure.column]
    if not cuts.points:
        return ibis.null().cast("int64")
    step = step_of(cuts)
    points = cuts.points if measure.places else [int(point // 1) for point in cuts.points]
    above = _sum([(value > ibis.literal(point)).cast("int64") for point in points])
    score = above * step + 1
    return 6 - score if measure.less_is_better else score


def step_of(cuts: CutPoints) -> int:
    """Two cut points give the scores 1, 3 and 5; four give 1 to 5."""
    return 2 if len(cuts.points) == len(TERCILES) else 1


def _segment(definition: RfmDefinition, rows: ir.Table) -> ir.StringValue:
    branches = [
        (rows.recency.between(*recency) & rows.frequency.between(*frequency), name)
        for name, (recency, frequency) in definition.segments.items()
    ]
    return ibis.cases(*branches, else_=ibis.null().cast("string"))


def _sum(parts: Sequence[ir.IntegerValue]) -> ir.IntegerValue:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
