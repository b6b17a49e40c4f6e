"""Mails that were refused: bounces, unsubscribes, complaints."""

from rapport.engine.metrics.aggregates import count
from rapport.engine.metrics.figures import Ratio
from rapport.engine.metrics.relations.mailings import MAILINGS
from rapport.engine.metrics.shapes import COHORT_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

_SENT = "interaction.occurred_at of email_sent"

EMAIL_BOUNCE_RATE = MetricSpec(
    id="email_bounce_rate",
    name="E-mail bounce rate",
    room="marketing",
    sentence="Share of the mails sent in the period that came back.",
    formula="mails with a hard or soft bounce within 7 days, not delivered after it / mails sent in the period",
    **COHORT_RATIO,
    time_field=_SENT,
    unit=Unit.FRACTION,
    higher_is_better=False,
    source="Own.",
    how_to_read="By domain: one that jumps has begun to refuse your mails. Old lists bounce more.",
    not_when="Bounces are not recorded.",
    relation=MAILINGS,
    figure=Ratio(count("bounced"), count(), proportion=True),
    needs=("interactions.type=email_sent", "interactions.type=email_bounce"),
    variants=("email_unsubscribe_rate", "email_complaint_rate"),
)

EMAIL_UNSUBSCRIBE_RATE = MetricSpec(
    id="email_unsubscribe_rate",
    name="E-mail unsubscribe rate",
    room="marketing",
    sentence="Share of the mails delivered in the period after which the recipient unsubscribed within 7 days.",
    formula="mails with an unsubscribe within 7 days of sending / mails sent in the period that did not bounce",
    **COHORT_RATIO,
    time_field=_SENT,
    unit=Unit.FRACTION,
    higher_is_better=False,
    source="Own; an unsubscribe belongs to the mail it names, else to the last one of its campaign.",
    how_to_read="By campaign: what drives people away.",
    not_when="Unsubscribes come without the mail or campaign that caused them.",
    relation=MAILINGS,
    figure=Ratio(count("departed"), count("delivered"), proportion=True),
    needs=("interactions.type=email_sent", "interactions.type=unsubscribe"),
    variants=("email_bounce_rate", "email_complaint_rate"),
)

EMAIL_COMPLAINT_RATE = MetricSpec(
    id="email_complaint_rate",
    name="E-mail complaint rate",
    room="marketing",
    sentence="Share of the mails delivered in the period that the recipient marked as spam within 7 days.",
    formula="mails marked as spam within 7 days of sending / mails sent in the period that did not bounce",
    **COHORT_RATIO,
    time_field=_SENT,
    unit=Unit.FRACTION,
    higher_is_better=False,
    source="Own.",
    how_to_read="Mail providers begin to refuse senders at a few complaints in a thousand mails.",
    not_when="Only some providers report complaints: it is a lower bound.",
    relation=MAILINGS,
    figure=Ratio(count("complained"), count("delivered"), proportion=True),
    needs=("interactions.type=email_sent", "interactions.type=email_spam"),
    variants=("email_bounce_rate", "email_unsubscribe_rate"),
)
