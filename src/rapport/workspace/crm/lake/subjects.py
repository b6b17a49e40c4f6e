"""The rows about a few contacts, by index, straight from the database: what a real-time update reads.

The database holds every row, published or not, so that no file is opened.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db.models import Q

from rapport.workspace.crm.lake.rows import Where
from rapport.workspace.crm.records.models import IdentityLink

# Each table that is about contacts: the column that leads there, and the table it leads to.
LEADS_TO: Mapping[str, tuple[str, str]] = {
    "interactions": ("contact_id", "contacts"),
    "interaction_flags": ("interaction_id", "interactions"),
    "consents": ("contact_id", "contacts"),
    "campaign_members": ("contact_id", "contacts"),
    "costs": ("contact_id", "contacts"),
    "deals": ("contact_id", "contacts"),
    "deal_stage_visits": ("deal_id", "deals"),
    "proposals": ("deal_id", "deals"),
    "orders": ("contact_id", "contacts"),
    "order_lines": ("order_id", "orders"),
    "refunds": ("order_id", "orders"),
    "contracts": ("contact_id", "contacts"),
    "cases": ("contact_id", "contacts"),
    "case_events": ("case_id", "cases"),
    "sla_targets": ("case_id", "cases"),
    "survey_answers": ("contact_id", "contacts"),
}
_BY_SUBJECT = ("score_values", "score_feedback", "segment_memberships", "action_assignments")
_WITH_HISTORY = (
    "accounts",
    "campaign_members",
    "deals",
    "deal_stage_visits",
    "proposals",
    "orders",
    "contracts",
    "cases",
    "sla_targets",
)
_LINKS_FOLLOWED = 5


def rows_about(table: str, contacts: Collection[str]) -> Where:
    """Which rows of a table are about these contacts; all rows of a table that is about nobody (products, users)."""
    if table == "attribute_history":
        about_ids = [_in("entity_id", contacts), *(_leading("entity_id", t, contacts) for t in _WITH_HISTORY)]
        return _any(about_ids)
    if table in _BY_SUBJECT:
        return _any(
            [_in("subject_id", contacts), *(_leading("subject_id", t, contacts) for t in ("accounts", "deals"))]
        )
    if table == "identity_links":
        return _any([_in("from_id", contacts), _in("to_id", contacts)])
    if table == "contacts":
        return _in("id", contacts)
    if table == "accounts":
        having = _in("id", contacts)
        return Where(f'"id" IN (SELECT account_id FROM "contacts" WHERE {having.sql})', having.values)  # noqa: S608
    if table not in LEADS_TO:
        return Where("1 = 1")
    return _leading(*LEADS_TO[table], contacts)


def with_merged(contacts: Collection[str]) -> set[str]:
    """The contacts, and every id that was linked to one of them or to which one was linked."""
    known = set(contacts)
    for _ in range(_LINKS_FOLLOWED):
        links = IdentityLink.objects.filter(Q(from_id__in=known) | Q(to_id__in=known))
        linked = {end for link in links.values_list("from_id", "to_id") for end in link}
        if linked <= known:
            break
        known |= linked
    return known


def _leading(column: str, table: str, contacts: Collection[str]) -> Where:
    """Rows whose column holds the id of a row, of another table, that is about the contacts."""
    if table == "contacts":
        return _in(column, contacts)
    about = rows_about(table, contacts)
    return Where(f'"{column}" IN (SELECT id FROM "{table}" WHERE {about.sql})', about.values)  # noqa: S608


def _in(column: str, ids: Collection[str]) -> Where:
    return Where(f'"{column}" IN ({", ".join(["%s"] * len(ids)) or "NULL"})', tuple(sorted(ids)))


def _any(conditions: list[Where]) -> Where:
    values = tuple(value for condition in conditions for value in condition.values)
    return Where(" OR ".join(f"({condition.sql})" for condition in conditions), values)
