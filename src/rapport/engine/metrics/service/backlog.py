"""Backlog: cases that wait."""

from rapport.engine.metrics.aggregates import count
from rapport.engine.metrics.derived import DerivedMetric, Part
from rapport.engine.metrics.figures import Amount, Mean
from rapport.engine.metrics.relations.cases import RESOLVED_CASES
from rapport.engine.metrics.relations.open_cases import OPEN_CASES
from rapport.engine.metrics.shapes import STANDING_RATIO, STANDING_TOTAL
from rapport.engine.metrics.spec import Additivity, Kind, MetricSpec, NullPolicy, TimeBasis, Unit

PACE_DAYS = 28
_END = "end of the period (local midnight), or now"

BACKLOG = MetricSpec(
    id="backlog",
    name="Backlog",
    room="service",
    sentence="Cases that were neither solved nor closed at the end of the period.",
    formula="count of cases opened and not resolved as of the end; re-opened ones stand again; spam left out",
    definition_version=2,
    **STANDING_TOTAL,
    time_field=_END,
    unit=Unit.COUNT,
    higher_is_better=False,
    source="Zendesk's backlog, from history at local midnight (Zendesk's own snapshot moves with the clock change).",
    how_to_read=(
        "A stock: months must not be added. By age band it tells what rots, by status what is on hold. It grows by "
        "what is opened and re-opened, and shrinks by every solve."
    ),
    not_when="Solved cases are not marked as solved. Re-openings that no event tells are not seen in the past.",
    relation=OPEN_CASES,
    figure=Amount(count()),
    variants=("backlog_unassigned", "backlog_age", "backlog_days", "cases_opened", "cases_solved"),
)

BACKLOG_UNASSIGNED = MetricSpec(
    id="backlog_unassigned",
    name="Unassigned backlog",
    room="service",
    sentence="Open cases that belonged to nobody at the end of the period.",
    formula="count of open cases without an owner as of the end",
    **STANDING_TOTAL,
    time_field=_END,
    unit=Unit.COUNT,
    higher_is_better=False,
    source="Zendesk's unassigned tickets, from the history of the owner.",
    how_to_read="What nobody looks at yet. By queue and age band.",
    not_when="Cases are handled by whoever is free and never assigned.",
    relation=OPEN_CASES,
    figure=Amount(count("unassigned"), whole=count()),
    needs=("cases.owner_id",),
    variants=("backlog",),
)

BACKLOG_AGE = MetricSpec(
    id="backlog_age",
    name="Age of the backlog",
    room="service",
    sentence="Mean age of the cases open at the end of the period, in days since they were opened.",
    formula="mean of end - opened_at over open cases",
    **STANDING_RATIO,
    time_field=_END,
    unit=Unit.DAYS,
    higher_is_better=False,
    source="Own.",
    how_to_read="It rises though the backlog falls where easy cases are taken first.",
    not_when="A few forgotten cases are years old: split by age band.",
    relation=OPEN_CASES,
    figure=Mean("age_days"),
    variants=("backlog",),
)

CASES_SOLVED_28D = MetricSpec(
    id="cases_solved_28d",
    name="Cases solved in 28 days",
    room="service",
    sentence="Cases last solved in the 28 days up to the end of the period.",
    formula="count of cases by their last solve, else their close, in the 28 days before the end",
    kind=Kind.ROLLING,
    time_basis=TimeBasis.ROLLING,
    additivity=Additivity.SEMI_ADDITIVE,
    null_policy=NullPolicy.ZERO,
    time_field="case.solved_at (last), else case.closed_at",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own.",
    how_to_read="The pace that the backlog is measured by.",
    not_when="Old cases were closed in one sweep.",
    relation=RESOLVED_CASES,
    figure=Amount(count()),
    rolling_days=PACE_DAYS,
    variants=("cases_solved", "backlog_days"),
)

BACKLOG_DAYS = DerivedMetric(
    id="backlog_days",
    name="Backlog in days of work",
    room="service",
    sentence="How many days the backlog would take at the pace of the last 28 days, if nothing came in.",
    formula="backlog / (cases solved in the last 28 days / 28)",
    **STANDING_RATIO,
    time_field=_END,
    unit=Unit.DAYS,
    higher_is_better=False,
    source="Own; backlog over daily throughput, as in Little's law.",
    how_to_read="Comparable between teams of different size.",
    not_when="The last 28 days were unlike the next: holidays, a sweep.",
    parts={"backlog": Part(BACKLOG), "solved": Part(CASES_SOLVED_28D)},
    numerator=lambda v: v["backlog"],
    denominator=lambda v: v["solved"] / PACE_DAYS,
    variants=("backlog", "cases_solved_28d"),
)
