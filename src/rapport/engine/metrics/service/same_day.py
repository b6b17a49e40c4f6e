"""Cases solved on the day they were opened, and other ways to say so."""

from rapport.engine.metrics.aggregates import count
from rapport.engine.metrics.figures import Amount, Ratio
from rapport.engine.metrics.relations.cases import OPENED_CASES, RESOLVED_CASES
from rapport.engine.metrics.shapes import COHORT_RATIO, EVENT_RATIO, EVENT_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

_OPENED = "case.opened_at"
_SOURCE = (
    "Own. Without events the last solve stands for the first. Re-opened later it still counts: see the re-open rate."
)
_NOT_WHEN = "Cases come in at night: half of them have no working hour left that day."

CASES_CLOSED_SAME_DAY = MetricSpec(
    id="cases_closed_same_day",
    name="Solved the same day",
    room="service",
    sentence="Share of the cases opened in the period that were first solved on the same local day.",
    formula="cases first solved on the local day they were opened / cases opened in the period",
    definition_version=2,
    **COHORT_RATIO,
    time_field=_OPENED,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source=_SOURCE,
    how_to_read="A case opened an hour before closing time hardly can be; by channel it is fairer.",
    not_when=_NOT_WHEN,
    relation=OPENED_CASES,
    figure=Ratio(count("solved_same_day"), count(), proportion=True),
    needs=("cases.solved_at",),
    variants=(
        *("cases_closed_same_day_count", "cases_closed_same_day_per_closed", "cases_closed_within_24h"),
        "cases_closed_same_business_day",
    ),
)

CASES_CLOSED_SAME_DAY_COUNT = MetricSpec(
    id="cases_closed_same_day_count",
    name="Cases solved the same day",
    room="service",
    sentence="Cases opened in the period that were first solved on the same local day.",
    formula="count of cases first solved on the local day they were opened",
    **EVENT_TOTAL,
    time_field=_OPENED,
    unit=Unit.COUNT,
    higher_is_better=True,
    source=_SOURCE,
    how_to_read="Beside the share: more cases make more of them.",
    not_when=_NOT_WHEN,
    relation=OPENED_CASES,
    figure=Amount(count("solved_same_day"), whole=count()),
    needs=("cases.solved_at",),
    variants=("cases_closed_same_day",),
)

CASES_CLOSED_WITHIN_24H = MetricSpec(
    id="cases_closed_within_24h",
    name="Solved within 24 hours",
    room="service",
    sentence="Share of the cases opened in the period that were first solved within 24 hours.",
    formula="cases with first solve - opened_at <= 24 hours / cases opened in the period",
    **COHORT_RATIO,
    time_field=_OPENED,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source=_SOURCE,
    how_to_read="The same chance for a case of the morning and one of the evening.",
    not_when="Nobody works at week-ends: cases of Friday then miss it.",
    relation=OPENED_CASES,
    figure=Ratio(count("solved_within_24h"), count(), proportion=True),
    needs=("cases.solved_at",),
    variants=("cases_closed_same_day",),
)

CASES_CLOSED_SAME_BUSINESS_DAY = MetricSpec(
    id="cases_closed_same_business_day",
    name="Solved the same business day",
    room="service",
    sentence="Share of the cases opened in the period that were first solved on the business day they belong to.",
    formula=(
        "cases first solved by the end of the business day of their opening, or of the next one where they came in "
        "after hours / cases whose business day is over"
    ),
    **EVENT_RATIO,
    time_field=_OPENED,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Own, by the company's business calendar.",
    how_to_read="What service can answer for: a case of Friday night belongs to Monday.",
    not_when="The calendar does not match the hours worked.",
    relation=OPENED_CASES,
    figure=Ratio(count("solved_same_business_day"), count("business_day_over"), proportion=True),
    needs=("cases.solved_at", "business_calendars.opens"),
    variants=("cases_closed_same_day",),
)

CASES_CLOSED_SAME_DAY_PER_CLOSED = MetricSpec(
    id="cases_closed_same_day_per_closed",
    name="Solved the same day, of those solved",
    room="service",
    sentence="Share of the cases last solved in the period whose first solve was on the day they were opened.",
    formula="cases first solved on the local day they were opened / cases last solved in the period",
    **EVENT_RATIO,
    time_field="case.solved_at (last), else case.closed_at",
    unit=Unit.FRACTION,
    higher_is_better=True,
    source=_SOURCE,
    how_to_read="It falls in a period in which old cases are cleared.",
    not_when="Cases that are never solved are not in it.",
    relation=RESOLVED_CASES,
    figure=Ratio(count("solved_same_day"), count(), proportion=True),
    variants=("cases_closed_same_day",),
)
