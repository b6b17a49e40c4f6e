"""Complaints: how long they take."""

from rapport.engine.metrics.figures import Mean
from rapport.engine.metrics.relations.cases import RESOLVED_CASES
from rapport.engine.metrics.shapes import EVENT_AVERAGE
from rapport.engine.metrics.spec import MetricSpec, Unit

_TIME = "case.solved_at (last), else case.closed_at"
_NOT_WHEN = "Complaints are not told apart from other cases."
_WHERE = ("in_order", "complaint")

AVG_COMPLAINT_RESOLUTION_TIME = MetricSpec(
    id="avg_complaint_resolution_time",
    name="Average time to resolve a complaint",
    room="service",
    sentence="Mean calendar hours from opening to the last solve, of complaints last solved in the period.",
    formula="mean of solved_at - opened_at over cases that were complaints when solved",
    definition_version=2,
    **EVENT_AVERAGE,
    time_field=_TIME,
    unit=Unit.HOURS,
    higher_is_better=False,
    source="Own. A case whose type changed counts by the type it had when it was solved.",
    how_to_read="Complaints should not wait longer than questions.",
    not_when=_NOT_WHEN,
    relation=RESOLVED_CASES,
    figure=Mean("hours", _WHERE),
    needs=("cases.type",),
    variants=("avg_complaint_resolution_time_business", "complaint_resolution_days", "avg_time_to_resolution"),
)

AVG_COMPLAINT_RESOLUTION_TIME_BUSINESS = MetricSpec(
    id="avg_complaint_resolution_time_business",
    name="Average time to resolve a complaint in business hours",
    room="service",
    sentence="Mean business hours from opening to the last solve, of complaints last solved in the period.",
    formula="mean of the open time between opened_at and solved_at over cases that were complaints when solved",
    **EVENT_AVERAGE,
    time_field=_TIME,
    unit=Unit.HOURS,
    higher_is_better=False,
    source="Own, by the company's business calendar.",
    how_to_read="What service can answer for: nights, week-ends and holidays are not in it.",
    not_when=_NOT_WHEN,
    relation=RESOLVED_CASES,
    figure=Mean("business_hours", _WHERE),
    needs=("cases.type", "business_calendars.opens"),
    variants=("avg_complaint_resolution_time",),
)

COMPLAINT_RESOLUTION_DAYS = MetricSpec(
    id="complaint_resolution_days",
    name="Complaint resolution in calendar days",
    room="service",
    sentence="Mean calendar days, as regulators count them, that complaints last solved in the period took.",
    formula="mean of local day of the last solve - local day of the opening, over complaints",
    **EVENT_AVERAGE,
    time_field=_TIME,
    unit=Unit.DAYS,
    higher_is_better=False,
    source="Own: whole local days, the day of the opening not counted, holidays and week-ends counted.",
    how_to_read="Against the days that the law or the ombudsman allows. Its rows show which took longer.",
    not_when="The regulator counts working days.",
    relation=RESOLVED_CASES,
    figure=Mean("calendar_days", _WHERE),
    needs=("cases.type",),
    variants=("avg_complaint_resolution_time",),
)
