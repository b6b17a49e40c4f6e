"""What other systems call our columns: names by table and column, as their exports write them.

Names are compared folded: case, spaces and punctuation do not count, so "Associated Company IDs (Primary)",
`associated_company_ids_primary` and "associatedCompanyIdsPrimary" are one name. The first name of a column
that a file has is the one taken. A key is a column of the table, `column:by` for a reference (by which of its
values the other row is named), or one of these, from which columns are derived:

    full_name      first_name and last_name             is_won, is_closed   status of a deal
    website        domain                               is_deleted          deleted_at
    close_date     closed_at of a closed deal, else expected_close_date
    modified_at    from when on the values hold
"""

from rapport.workspace.crm.intake.dictionaries.marketing import MARKETING
from rapport.workspace.crm.intake.dictionaries.people import PEOPLE
from rapport.workspace.crm.intake.dictionaries.sales import SALES
from rapport.workspace.crm.intake.dictionaries.service import SERVICE

Names = dict[str, tuple[str, ...]]

DICTIONARIES: dict[str, Names] = {**PEOPLE, **MARKETING, **SALES, **SERVICE}

COMMON_NAMES: Names = {
    "external_id": ("record id", "id", "external id", "hs object id"),
    "created_at": (
        *("create date", "created date", "created time", "created at", "create time", "created on", "date created"),
        *("creation date", "createdate", "created", "add time", "added on", "date entered"),
    ),
    "modified_at": (
        *("system modstamp", "last modified date", "modified time", "updated at", "update time", "last modified"),
        *("modified on", "hs lastmodifieddate", "lastmodifieddate", "last changed", "date updated", "modified at"),
    ),
    "is_deleted": ("is deleted", "fivetran deleted"),
}

OWNER: tuple[str, ...] = ("owner", "owner name", "assigned to", "sales rep", "sales agent", "salesperson")

ENTITY_WORDS: dict[str, tuple[str, ...]] = {
    "contacts": ("contact", "person", "lead", "customer", "member"),
    "accounts": ("account", "company", "organization", "organisation"),
    "deals": ("deal", "opportunity", "opp"),
    "products": ("product", "item", "article"),
    "orders": ("order", "purchase", "sale"),
    "order_lines": ("order line", "line item", "order item", "opportunity line item"),
    "interactions": ("interaction", "activity", "engagement", "event", "task"),
    "cases": ("case", "ticket"),
    "case_events": ("case event", "ticket event"),
    "campaigns": ("campaign",),
    "campaign_members": ("campaign member",),
    "survey_answers": ("survey answer", "review", "response", "feedback"),
    "users": ("user", "owner", "agent"),
    "teams": ("team",),
    "contracts": ("contract", "subscription"),
    "refunds": ("refund",),
    "proposals": ("proposal", "quote"),
    "costs": ("cost",),
    "consents": ("consent",),
    "deal_stage_visits": ("deal stage", "stage history"),
}

NOISE = ("fivetran", "systemmodstampid", "portalid")
"""Folded beginnings of names that say nothing of the record: left out without keeping them."""
