"""How much mail went out, and how much of it was answered in the period."""

from rapport.engine.metrics.aggregates import count, distinct
from rapport.engine.metrics.figures import Amount
from rapport.engine.metrics.relations.mailings import MAIL_ANSWERS, MAILINGS
from rapport.engine.metrics.shapes import EVENT_DISTINCT, EVENT_TOTAL
from rapport.engine.metrics.spec import MetricSpec, Unit

_SENT = "interaction.occurred_at of email_sent"

EMAILS_SENT = MetricSpec(
    id="emails_sent",
    name="E-mails sent",
    room="marketing",
    sentence="Mails sent in the period.",
    formula="count of mails by their sending, a message sent twice once; test and internal ones left out",
    **EVENT_TOTAL,
    time_field=_SENT,
    unit=Unit.COUNT,
    higher_is_better=None,
    source="Own; a row per mail and recipient, as in Fivetran dbt_hubspot and dbt_mailchimp.",
    how_to_read="The size behind the rates. More mails with fewer opens each are not more attention.",
    not_when="The source tells deliveries only: then set `mails_counted_from` to email_delivered.",
    relation=MAILINGS,
    figure=Amount(count()),
    needs=("interactions.type=email_sent",),
    variants=("emails_delivered",),
)

EMAILS_DELIVERED = MetricSpec(
    id="emails_delivered",
    name="E-mails delivered",
    room="marketing",
    sentence="Mails sent in the period that did not bounce.",
    formula="count of mails sent - hard bounces - soft bounces, unless delivered after the bounce",
    **EVENT_TOTAL,
    time_field=_SENT,
    unit=Unit.COUNT,
    higher_is_better=None,
    source="Own; delivered = sent - hard - soft bounces, as in Twilio's glossary.",
    how_to_read="The base of the open and click rates.",
    not_when="Bounces are not recorded: everything then counts as delivered.",
    relation=MAILINGS,
    figure=Amount(count("delivered")),
    needs=("interactions.type=email_sent",),
    variants=("emails_sent",),
)

EMAILS_OPENED = MetricSpec(
    id="emails_opened",
    name="E-mails opened",
    room="marketing",
    sentence="Different mails that a person opened in the period, whenever they were sent.",
    formula="distinct mails with an open in the period; machine opens left out",
    **EVENT_DISTINCT,
    time_field="interaction.occurred_at of email_open",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own.",
    how_to_read="Attention in the period itself, old mails included.",
    not_when="Months are added: a mail opened in two of them counts in both.",
    relation=MAIL_ANSWERS,
    figure=Amount(distinct("mail_id", "is_open")),
    needs=("interactions.type=email_open",),
    variants=("emails_clicked",),
)

EMAILS_CLICKED = MetricSpec(
    id="emails_clicked",
    name="E-mails clicked",
    room="marketing",
    sentence="Different mails in which a person clicked a link in the period, whenever they were sent.",
    formula="distinct mails with a click in the period; scanners and unsubscribe links left out",
    **EVENT_DISTINCT,
    time_field="interaction.occurred_at of email_click",
    unit=Unit.COUNT,
    higher_is_better=True,
    source="Own.",
    how_to_read="Interest in the period itself, old mails included.",
    not_when="Months are added: a mail clicked in two of them counts in both.",
    relation=MAIL_ANSWERS,
    figure=Amount(distinct("mail_id", "is_click")),
    needs=("interactions.type=email_click",),
    variants=("emails_opened",),
)
