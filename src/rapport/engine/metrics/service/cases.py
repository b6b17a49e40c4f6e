"""Cases opened, solved, solved the same day and re-opened; first responses."""

from rapport.engine.metrics.aggregates import count
from rapport.engine.metrics.figures import Amount, Quantile, Ratio
from rapport.engine.metrics.relations.cases import OPENED_CASES, RESOLVED_CASES
from rapport.engine.metrics.shapes import EVENT_AVERAGE, EVENT_RATIO, EVENT_TOTAL
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
    variants=("cases_solved", "backlog"),
)

CASES_SOLVED = MetricSpec(
    id="cases_solved",
    name="Cases solved",
    room="service",
    sentence="Cases last solved in the period.",
    formula="count of cases by their last solve, else their close",
    **EVENT_TOTAL,
    time_field=_SOLVED,
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own; a re-opened case counts once, by its last solve.",
    how_to_read="Below the cases opened: the backlog grows.",
    not_when="A case solved in the period is re-opened later: it then moves to a later period.",
    relation=RESOLVED_CASES,
    figure=Amount(count()),
    variants=("cases_opened",),
)

REOPEN_RATE = MetricSpec(
    id="reopen_rate",
    name="Re-open rate",
    room="service",
    sentence="Share of the cases last solved in the period that had been re-opened.",
    formula="solved cases with a re-opening before their last solve / solved cases",
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
    variants=("cases_solved",),
)

CASES_CLOSED_SAME_DAY = MetricSpec(
    id="cases_closed_same_day",
    name="Solved the same day",
    room="service",
    sentence="Share of the cases opened in the period that were first solved on the same local day.",
    formula="cases first solved on the local day they were opened / cases opened in the period",
    **EVENT_RATIO,
    time_field="case.opened_at",
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Own. Without events the last solve stands for the first.",
    how_to_read="A case opened an hour before closing time hardly can be; by channel it is fairer.",
    not_when="Cases come in at night: half of them have no working hour left that day.",
    relation=OPENED_CASES,
    figure=Ratio(count("solved_same_day"), count(), proportion=True),
    needs=("cases.solved_at",),
    variants=("avg_time_to_resolution",),
)

FIRST_RESPONSE_TIME = MetricSpec(
    id="first_response_time",
    name="First response time",
    room="service",
    sentence="Median calendar hours from opening to the first public human reply, of cases opened in the period.",
    formula="median of first_response_at - opened_at over cases with a reply",
    **EVENT_AVERAGE,
    time_field="case.opened_at",
    unit=Unit.HOURS,
    higher_is_better=False,
    source="Zendesk's first reply time; automatic replies do not count where the source tells them apart.",
    how_to_read="Cases still without reply are not in it: look at the backlog, too.",
    not_when="The source counts automatic acknowledgements as replies.",
    relation=OPENED_CASES,
    figure=Quantile("response_hours", 0.5, ("responded",)),
    needs=("cases.first_response_at",),
    variants=("avg_time_to_resolution",),
)
