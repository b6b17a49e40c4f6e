"""How many of those asked give their consent."""

from rapport.engine.metrics.aggregates import count
from rapport.engine.metrics.figures import Ratio
from rapport.engine.metrics.relations.decisions import DECISIONS
from rapport.engine.metrics.shapes import EVENT_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

CONSENT_RATE = MetricSpec(
    id="consent_rate",
    name="Consent rate",
    room="marketing",
    sentence="Share of the decisions on consent in the period that gave it.",
    formula="newest decisions of a contact for a purpose and channel in the period that grant / all of them",
    **EVENT_RATIO,
    time_field="consent.decided_at",
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Own.",
    how_to_read="By purpose. With a low rate for tracking, visits and opens are seen of some people only.",
    not_when="Only given consents are recorded, and refusals are not.",
    relation=DECISIONS,
    figure=Ratio(count("granted"), count(), proportion=True),
    variants=("mailable_contacts",),
)
