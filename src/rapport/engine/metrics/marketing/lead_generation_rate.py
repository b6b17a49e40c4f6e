"""How many visitors become leads."""

from rapport.engine.metrics.aggregates import count, total
from rapport.engine.metrics.figures import Amount, Ratio
from rapport.engine.metrics.relations.visitors import VISITORS
from rapport.engine.metrics.shapes import EVENT_DISTINCT, EVENT_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

_TIME = "interaction.occurred_at of page views and forms; as for leads"
_NOT_WHEN = "Visitors who refused consent are not seen: read the consent rate beside it."

VISITORS_ = MetricSpec(
    id="visitors",
    name="Visitors",
    room="marketing",
    sentence="Different people on the web pages in the period.",
    formula="distinct contacts, else anonymous ids, else sessions, with a page view or form; machines left out",
    **EVENT_DISTINCT,
    time_field="interaction.occurred_at of page views and forms",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own; an anonymous id that was identified later is the contact.",
    how_to_read="Months cannot be added: who comes in two of them is one visitor.",
    not_when="One person uses several devices without signing in: then they count as several.",
    relation=VISITORS,
    figure=Amount(count()),
    variants=("visits", "lead_generation_rate"),
)

LEAD_GENERATION_RATE = MetricSpec(
    id="lead_generation_rate",
    name="Lead generation rate",
    room="marketing",
    sentence="Share of the visitors of the period who became a lead for the first time in it.",
    formula="visitors of the period whose first entry as a lead lies in it / distinct visitors of the period",
    **EVENT_RATIO,
    time_field=_TIME,
    unit=Unit.FRACTION,
    higher_is_better=True,
    source="Own. Contacts known before are visitors and no new leads.",
    how_to_read="By landing page: which pages turn visitors into leads.",
    not_when=_NOT_WHEN,
    relation=VISITORS,
    figure=Ratio(count("became_lead"), count(), proportion=True),
    variants=("lead_generation_rate_sessions", "visitors"),
)

LEAD_GENERATION_RATE_SESSIONS = MetricSpec(
    id="lead_generation_rate_sessions",
    name="Lead generation rate, of sessions",
    room="marketing",
    sentence="New leads among the visitors of the period for each of their sessions.",
    formula="visitors of the period whose first entry as a lead lies in it / sessions of the visitors of the period",
    **EVENT_RATIO,
    time_field=_TIME,
    unit=Unit.RATE,
    higher_is_better=True,
    source="Own; web analytics divide conversions by sessions.",
    how_to_read="Lower than the rate of visitors, the more often people come back.",
    not_when=_NOT_WHEN,
    relation=VISITORS,
    figure=Ratio(count("became_lead"), total("sessions")),
    variants=("lead_generation_rate",),
)
