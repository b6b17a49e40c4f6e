"""How often customers have to write again."""

from rapport.engine.metrics.figures import Mean
from rapport.engine.metrics.relations.cases import RESOLVED_CASES
from rapport.engine.metrics.shapes import EVENT_AVERAGE
from rapport.engine.metrics.spec import MetricSpec, Unit

_TIME = "case.solved_at (last), else case.closed_at"
_NEEDS = ("case_events.type=reply_by_customer",)

CUSTOMER_REPLIES = MetricSpec(
    id="customer_replies",
    name="Customer replies",
    room="service",
    sentence="Mean number of messages that customers wrote after the opening one, in cases last solved in the period.",
    formula="public messages of customers after the opening / solved cases; in a chat those in a row count once",
    **EVENT_AVERAGE,
    time_field=_TIME,
    unit=Unit.PER,
    higher_is_better=False,
    source="Fivetran dbt_zendesk's end-user replies; Zendesk, too, counts a chat by its turns. Auto-replies left out.",
    how_to_read="Effort: how often customers have to explain themselves.",
    not_when="Messages by e-mail are split or quoted as new ones.",
    relation=RESOLVED_CASES,
    figure=Mean("customer_replies", ("tells_replies",)),
    needs=_NEEDS,
    variants=("customer_messages",),
)

CUSTOMER_MESSAGES = MetricSpec(
    id="customer_messages",
    name="Customer messages",
    room="service",
    sentence="Mean number of messages that customers wrote in cases last solved in the period, the first included.",
    formula="public messages of customers / solved cases; each message of a chat counts",
    **EVENT_AVERAGE,
    time_field=_TIME,
    unit=Unit.PER,
    higher_is_better=False,
    source="Own. The opening message counts where the source records it as a message.",
    how_to_read="The volume that agents read.",
    not_when="Chats are compared with e-mails.",
    relation=RESOLVED_CASES,
    figure=Mean("customer_messages", ("tells_replies",)),
    needs=_NEEDS,
    variants=("customer_replies",),
)
