"""The three kinds of record with a page of their own, and what their pages show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Model

from rapport.engine.crm.tables import TABLES, Table
from rapport.workspace.crm.records.models import Account, Contact
from rapport.workspace.crm.sales.models import Deal


@dataclass(frozen=True, kw_only=True)
class RecordKind:
    """One kind. page: its namespace in addresses; facts: groups of columns, in the order shown.

    related: foreign keys read with the record.
    """

    page: str
    subject: str
    many: str
    icon: str
    model: type[Model]
    facts: Sequence[tuple[str, Sequence[str]]]
    related: Sequence[str]

    @property
    def table(self) -> Table:
        return TABLES[self.page]


_WHERE = ("country", "region", "city")
CONTACT = RecordKind(
    page="contacts",
    subject="contact",
    many="Contacts",
    icon="user",
    model=Contact,
    facts=(
        ("Reach", ("email", "phone", "language", "time_zone")),
        ("Role", ("account_id", "title", "seniority", "role")),
        ("Relationship", ("lifecycle_stage", "lead_source", "owner_id", "referred_by_contact_id")),
        ("Person", ("first_name", "last_name", "gender", "birth_date", *_WHERE)),
        ("Source", ("source", "external_id", "created_at")),
    ),
    related=("account", "owner", "referred_by_contact"),
)
ACCOUNT = RecordKind(
    page="accounts",
    subject="account",
    many="Accounts",
    icon="building",
    model=Account,
    facts=(
        ("Company", ("name", "domain", "industry", "employees", "annual_revenue", "currency")),
        ("Relationship", ("type", "owner_id", "parent_account_id")),
        ("Place", _WHERE),
        ("Source", ("source", "external_id", "created_at")),
    ),
    related=("owner", "parent_account"),
)
DEAL = RecordKind(
    page="deals",
    subject="deal",
    many="Deals",
    icon="briefcase",
    model=Deal,
    facts=(
        ("Deal", ("name", "account_id", "contact_id", "type", "amount", "currency", "recurring_amount", "term_months")),
        ("Standing", ("pipeline", "stage", "status", "probability", "forecast_category", "expected_close_date")),
        ("Outcome", ("closed_at", "lost_reason", "competitor")),
        ("Origin", ("owner_id", "campaign_id", "product_id", "source", "external_id", "created_at")),
    ),
    related=("account", "contact", "owner", "campaign", "product"),
)
