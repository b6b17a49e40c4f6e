"""Cases that agents worked on."""

from rapport.engine.metrics.aggregates import distinct
from rapport.engine.metrics.figures import Amount
from rapport.engine.metrics.relations.case_actions import CASE_ACTIONS
from rapport.engine.metrics.shapes import EVENT_DISTINCT
from rapport.engine.metrics.spec import MetricSpec, Unit

CASES_HANDLED = MetricSpec(
    id="cases_handled",
    name="Cases handled",
    room="service",
    sentence="Cases in which an agent replied publicly or changed the status in the period.",
    formula="distinct cases with a public reply or a change of status by an agent, not by a rule or robot",
    **EVENT_DISTINCT,
    time_field="case_event.occurred_at",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own. Spam, merged and deleted cases are left out.",
    how_to_read="A case worked on in two months counts in both; agents that share a case count it each.",
    not_when="Agents work outside the system, or events do not tell who acted.",
    relation=CASE_ACTIONS,
    figure=Amount(distinct("case_id", "is_handling")),
    variants=("cases_opened", "cases_solved", "cases_assigned"),
)

CASES_ASSIGNED = MetricSpec(
    id="cases_assigned",
    name="Cases assigned",
    room="service",
    sentence="Cases that were assigned, or passed on, in the period.",
    formula="distinct cases with an assignment",
    **EVENT_DISTINCT,
    time_field="case_event.occurred_at (assigned)",
    unit=Unit.COUNT,
    higher_is_better=None,
    source="Own.",
    how_to_read="Above the cases opened: many are passed on.",
    not_when="Assignments are not recorded as events.",
    relation=CASE_ACTIONS,
    figure=Amount(distinct("case_id", "is_assignment")),
    needs=("case_events.type=assigned",),
    variants=("cases_handled",),
)
