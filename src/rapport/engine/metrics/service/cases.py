"""Cases opened, solved and re-opened."""

from rapport.engine.metrics.aggregates import count
from rapport.engine.metrics.derived import DerivedMetric, Part
from rapport.engine.metrics.figures import Amount, Ratio
from rapport.engine.metrics.relations.cases import OPENED_CASES, RESOLVED_CASES
from rapport.engine.metrics.relations.open_cases import CASE_TURNS
from rapport.engine.metrics.shapes import DERIVED_RATIO, EVENT_RATIO, EVENT_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

_SOLVED = "case.solved_at (last), else case.closed_at"

CASES_OPENED = MetricSpec(
    id="cases_opened",
    name="Cases opened",
    room="service",
    sentence="Cases opened in the period.",
    formula="count of cases by opened_at; spam and merged ones left out",
    **EVENT_TOTAL,
    time_field="case.opened_at",
    unit=Unit.COUNT,
    higher_is_better=None,
    source="Own.",
    how_to_read="Beside the number of customers: more customers ask more.",
    not_when="Spam is not marked.",
    relation=OPENED_CASES,
    figure=Amount(count()),
    variants=("cases_from_customers", "cases_solved", "backlog"),
)

CASES_FROM_CUSTOMERS = MetricSpec(
    id="cases_from_customers",
    name="Cases from customers",
    room="service",
    sentence="Cases opened in the period by customers, not by agents.",
    formula="count of cases by opened_at without those whose opening event is by an agent",
    **EVENT_TOTAL,
    time_field="case.opened_at",
    unit=Unit.COUNT,
    higher_is_better=None,
    source="Own. A case whose events do not tell who opened it counts.",
    how_to_read="How often customers come. By channel and topic it tells what to explain better.",
    not_when="Agents open the cases of customers who call.",
    relation=OPENED_CASES,
    figure=Amount(count("inbound"), whole=count()),
    variants=("cases_opened", "cases_from_customers_growth"),
)

CASES_FROM_CUSTOMERS_GROWTH = DerivedMetric(
    id="cases_from_customers_growth",
    name="Growth of cases from customers",
    room="service",
    sentence="How many more cases customers opened than in the period before, relative to it.",
    formula="(cases from customers - those of the period before) / those of the period before",
    **DERIVED_RATIO,
    time_field="case.opened_at",
    unit=Unit.RATE,
    higher_is_better=None,
    source="Own.",
    how_to_read="Beside the growth of customers. Against last year where the business has seasons.",
    not_when="The period is not over: it is compared with a whole one.",
    parts={"now": Part(CASES_FROM_CUSTOMERS), "before": Part(CASES_FROM_CUSTOMERS, before=True)},
    numerator=lambda v: v["now"] - v["before"],
    denominator=lambda v: v["before"],
    variants=("cases_from_customers",),
)

CASES_SOLVED = MetricSpec(
    id="cases_solved",
    name="Cases solved",
    room="service",
    sentence="Cases last solved in the period.",
    formula="count of cases by their last solve, else their close; those re-opened since are left out",
    definition_version=2,
    **EVENT_TOTAL,
    time_field=_SOLVED,
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own; a re-opened case counts once, by its last solve.",
    how_to_read="Below the cases opened: the backlog grows.",
    not_when="A case solved in the period is re-opened later: it then moves to a later period.",
    relation=RESOLVED_CASES,
    figure=Amount(count()),
    variants=("cases_opened", "case_solves"),
)

CASE_SOLVES = MetricSpec(
    id="case_solves",
    name="Solves",
    room="service",
    sentence="How often an open case was solved in the period.",
    formula="count of turns from open to solved or closed; a case solved, re-opened and solved again has two",
    **EVENT_TOTAL,
    time_field="case_event.occurred_at (solved), case.solved_at or case.closed_at",
    unit=Unit.COUNT,
    higher_is_better=None,
    source="Zendesk's solves (re-opens are solves less one), as in Fivetran's package.",
    how_to_read="What leaves the backlog. Backlog = backlog before + opened + re-openings - solves.",
    not_when="Events of cases are not recorded: only the last solve is then known.",
    relation=CASE_TURNS,
    figure=Amount(count("is_solve")),
    variants=("cases_solved", "case_reopenings"),
)

CASE_REOPENINGS = MetricSpec(
    id="case_reopenings",
    name="Re-openings",
    room="service",
    sentence="How often a solved case was opened again in the period.",
    formula="count of turns from solved or closed back to open",
    **EVENT_TOTAL,
    time_field="case_event.occurred_at (reopened), or the history of case.solved_at",
    unit=Unit.COUNT,
    higher_is_better=False,
    source="Zendesk's re-opens.",
    how_to_read="What comes back into the backlog.",
    not_when="Thank-you messages re-open cases.",
    relation=CASE_TURNS,
    figure=Amount(count("is_reopening")),
    variants=("reopen_rate", "case_solves"),
)

REOPEN_RATE = MetricSpec(
    id="reopen_rate",
    name="Re-open rate",
    room="service",
    sentence="Share of the cases last solved in the period that had been re-opened.",
    formula="solved cases with a re-opening before their last solve / solved cases",
    definition_version=2,
    **EVENT_RATIO,
    time_field=_SOLVED,
    unit=Unit.FRACTION,
    higher_is_better=False,
    source="Zendesk's re-opens (solved more than once), as in Fivetran's package.",
    how_to_read="Beside the time to resolution: fast answers that do not help come back.",
    not_when="Events of cases are not recorded, or thank-you messages re-open cases.",
    relation=RESOLVED_CASES,
    figure=Ratio(count("reopened"), count(), proportion=True),
    needs=("case_events",),
    variants=("cases_solved", "case_reopenings"),
)
