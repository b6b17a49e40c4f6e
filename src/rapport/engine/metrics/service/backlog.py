"""Backlog: cases that wait."""

from rapport.engine.metrics.aggregates import count
from rapport.engine.metrics.figures import Amount
from rapport.engine.metrics.relations.cases import OPEN_CASES
from rapport.engine.metrics.shapes import STANDING_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

BACKLOG = MetricSpec(
    id="backlog",
    name="Backlog",
    room="service",
    sentence="Cases that were neither solved nor closed at the end of the period.",
    formula="count of cases opened and not resolved as of the end; re-opened ones stand again; spam left out",
    **STANDING_TOTAL,
    time_field="end of the period (local midnight), or now",
    unit=Unit.COUNT,
    higher_is_better=False,
    source="Zendesk's backlog, from history at local midnight (Zendesk's own snapshot moves with the clock change).",
    how_to_read="A stock: months must not be added. Growing by more than is opened less solved: cases come back.",
    not_when="Solved cases are not marked as solved. Re-openings that no event tells are not seen in the past.",
    relation=OPEN_CASES,
    figure=Amount(count()),
    variants=("cases_opened", "cases_solved"),
)
