"""Promises kept."""

from rapport.engine.metrics.aggregates import count
from rapport.engine.metrics.figures import Ratio
from rapport.engine.metrics.relations.sla import SLA_CASES, SLA_COHORT, SLA_TARGETS
from rapport.engine.metrics.shapes import COHORT_RATIO, EVENT_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

_SOURCE = "Zendesk's SLA events: a breach is dated at the deadline, and a promise not yet due is left out."
_NOT_WHEN = "The source does not tell deadlines, or moves them when a case is paused and does not record that."

SLA_COMPLIANCE = MetricSpec(
    id="sla_compliance",
    name="SLA compliance",
    room="service",
    sentence="Share of the promises decided in the period that were kept.",
    formula="promises met by their deadline / (met + broken), each at its decision",
    **EVENT_RATIO,
    time_field="sla_target.met_at, or the deadline that passed",
    unit=Unit.FRACTION,
    higher_is_better=True,
    source=_SOURCE,
    how_to_read=(
        "By metric: first response and resolution are different promises. By priority: that which held when the "
        "promise was made. What is past due counts as broken, though the case is still open."
    ),
    not_when=_NOT_WHEN,
    relation=SLA_TARGETS,
    figure=Ratio(count("kept"), count(), proportion=True),
    variants=("sla_compliance_cases", "sla_compliance_cohort"),
)

SLA_COMPLIANCE_CASES = MetricSpec(
    id="sla_compliance_cases",
    name="SLA compliance by case",
    room="service",
    sentence="Share of the cases decided in the period of which every promise was kept.",
    formula="cases with all promises met / cases with a breach (at the first) or with all promises met (at the last)",
    **EVENT_RATIO,
    time_field="first breach of the case, else its last promise met",
    unit=Unit.FRACTION,
    higher_is_better=True,
    source=_SOURCE,
    how_to_read="Stricter than by promise: one breach is enough.",
    not_when=_NOT_WHEN,
    relation=SLA_CASES,
    figure=Ratio(count("kept"), count(), proportion=True),
    variants=("sla_compliance",),
)

SLA_COMPLIANCE_COHORT = MetricSpec(
    id="sla_compliance_cohort",
    name="SLA compliance of cases opened",
    room="service",
    sentence="Share of the promises on cases opened in the period that were kept, of those decided by now.",
    formula="promises met by their deadline / promises decided, each at the opening of its case",
    **COHORT_RATIO,
    time_field="case.opened_at",
    unit=Unit.FRACTION,
    higher_is_better=True,
    source=_SOURCE,
    how_to_read="How the cases of a month fared. Immature while promises are pending.",
    not_when=_NOT_WHEN,
    relation=SLA_COHORT,
    figure=Ratio(count("kept"), count("decided"), proportion=True),
    variants=("sla_compliance",),
)
