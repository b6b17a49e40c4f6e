"""HubSpot's names beside ours: objects, properties, events, associations.

Source: HubSpot's public API specification (Marketing, Lead Scoring) for the shapes, its property and event
reference for the names. What is not here keeps its name: a property is read from `properties`, an event
`4-123` is the interaction type `hubspot:4-123`, a segment 7 the segment `hubspot:7`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SUBJECT_OF = {"0-1": "contact", "0-2": "account", "0-3": "deal"}
OBJECT_OF = {subject: object_type for object_type, subject in SUBJECT_OF.items()}
FOREIGN = "hubspot:"

PROPERTIES: Mapping[str, Mapping[str, str]] = {
    "contact": {
        "email": "email",
        "hs_email_domain": "email_domain",
        "firstname": "first_name",
        "lastname": "last_name",
        "phone": "phone",
        "jobtitle": "title",
        "hs_seniority": "seniority",
        "hs_buying_role": "role",
        "lifecyclestage": "lifecycle_stage",
        "hs_analytics_source": "lead_source",
        "country": "country",
        "state": "region",
        "city": "city",
        "hs_language": "language",
        "hs_timezone": "time_zone",
        "gender": "gender",
        "createdate": "created_at",
    },
    "account": {
        "name": "name",
        "domain": "domain",
        "industry": "industry",
        "numberofemployees": "employees",
        "annualrevenue": "annual_revenue",
        "country": "country",
        "state": "region",
        "city": "city",
        "type": "type",
        "createdate": "created_at",
    },
    "deal": {
        "dealname": "name",
        "dealstage": "stage",
        "pipeline": "pipeline",
        "dealtype": "type",
        "amount": "amount",
        "closedate": "expected_close_date",
        "createdate": "created_at",
    },
    "case": {
        "subject": "subject_line",
        "hs_pipeline_stage": "status",
        "hs_ticket_priority": "priority",
        "hs_ticket_category": "topic",
        "createdate": "opened_at",
    },
    "order": {
        "hs_external_order_status": "status",
        "hs_total_price": "amount",
        "hs_external_created_date": "ordered_at",
    },
    "interaction": {"hs_url": "url", "hs_form_id": "form", "hs_outcome": "outcome"},
}
ENUMERATIONS = {
    "hs_seniority", "hs_buying_role", "lifecyclestage", "hs_analytics_source", "hs_language", "hs_timezone",
    "industry", "type", "dealstage", "pipeline", "dealtype", "hs_pipeline_stage", "hs_ticket_priority",
    "hs_ticket_category", "hs_external_order_status",
}  # fmt: skip

EVENTS = {
    "4-96000": "page_view",
    "4-1639801": "form_submit",
    "4-667638": "email_sent",
    "4-665536": "email_delivered",
    "4-666440": "email_open",
    "4-666288": "email_click",
    "4-665538": "email_reply",
    "4-5470331": "email_bounce",
    "4-1720599": "meeting",
    "4-1741072": "call",
    "4-1553675": "ad_click",
    "4-675783": "video_view",
}
EVENT_TYPE_OF = {event: event_type for event_type, event in EVENTS.items()}


@dataclass(frozen=True, kw_only=True)
class Association:
    """How records of one kind lead to those of another.

    Attributes: related, the name in conditions on related records; None where there is one record, read by its
        fields. type_id, inverse_type_id: of HubSpot's own associations.
    """

    entity: str
    related: str | None
    object_type: str
    type_id: int
    inverse_type_id: int


ASSOCIATIONS: Mapping[str, tuple[Association, ...]] = {
    "contact": (
        Association(entity="account", related=None, object_type="0-2", type_id=1, inverse_type_id=2),
        Association(entity="deal", related="contact.deals", object_type="0-3", type_id=4, inverse_type_id=3),
        Association(entity="case", related="contact.cases", object_type="0-5", type_id=15, inverse_type_id=16),
        Association(entity="order", related="contact.orders", object_type="0-123", type_id=508, inverse_type_id=507),
    ),
    "account": (
        Association(entity="contact", related="account.contacts", object_type="0-1", type_id=280, inverse_type_id=279),
        Association(entity="deal", related="account.deals", object_type="0-3", type_id=342, inverse_type_id=341),
        Association(entity="case", related="account.cases", object_type="0-5", type_id=340, inverse_type_id=339),
        Association(entity="order", related="account.orders", object_type="0-123", type_id=510, inverse_type_id=509),
    ),
    "deal": (
        Association(entity="account", related=None, object_type="0-2", type_id=5, inverse_type_id=6),
        Association(entity="contact", related=None, object_type="0-1", type_id=3, inverse_type_id=4),
    ),
}


def our_column(entity: str, name: str) -> str:
    """The column of a HubSpot property, without its table; `properties.<name>` where we have none."""
    return PROPERTIES[entity].get(name, f"properties.{name}")


def their_property(entity: str, column: str) -> str:
    """The HubSpot property of a column."""
    known = {ours: theirs for theirs, ours in PROPERTIES[entity].items()}
    return known.get(column, column.removeprefix("properties."))
