"""The lists of contacts and accounts."""

from __future__ import annotations

from rapport.engine.crm.tables import TABLES
from rapport.workspace.crm.records.models import Account, Contact
from rapport.workspace.pages.lists.columns import Column, Kind, ListSpec

_OWNER = Column(name="owner", label="Owner", kind=Kind.PERSON)
_CREATED = Column(name="created_at", label="Created", kind=Kind.INSTANT, sortable=True)
_ACCOUNT_TYPES = tuple(TABLES["accounts"].columns["type"].choices)
_PLACE = (
    Column(name="country", label="Country", kind=Kind.CHOICE),
    Column(name="region", label="Region", kind=Kind.CHOICE),
    Column(name="city", label="City", kind=Kind.TEXT),
)

CONTACTS = ListSpec(
    page="contacts",
    model=Contact,
    subject="contact",
    one="Contact",
    many="Contacts",
    icon="users",
    columns=(
        Column(
            name="name",
            label="Name",
            kind=Kind.NAME,
            path="last_name",
            sortable=True,
            needs=("first_name", "email", "external_id"),
        ),
        Column(name="first_name", label="First name", kind=Kind.TEXT, sortable=True),
        Column(name="email", label="E-mail", kind=Kind.TEXT, sortable=True),
        Column(name="phone", label="Phone", kind=Kind.TEXT),
        Column(name="account", label="Account", kind=Kind.RECORD, link="accounts:record"),
        Column(name="title", label="Title", kind=Kind.TEXT),
        Column(name="seniority", label="Seniority", kind=Kind.CHOICE),
        Column(name="role", label="Buying role", kind=Kind.CHOICE),
        Column(
            name="lifecycle_stage",
            label="Stage",
            kind=Kind.CHOICE,
            chip=True,
            choices=tuple(TABLES["contacts"].columns["lifecycle_stage"].choices),
        ),
        Column(name="lead_source", label="Lead source", kind=Kind.CHOICE),
        *_PLACE,
        Column(name="language", label="Language", kind=Kind.CHOICE),
        _OWNER,
        _CREATED,
    ),
    shown=("name", "account", "title", "lifecycle_stage", "country", "owner", "created_at"),
    search=("last_name", "first_name", "email"),
    sort="score",
    detail="contacts:record",
)

ACCOUNTS = ListSpec(
    page="accounts",
    model=Account,
    subject="account",
    one="Account",
    many="Accounts",
    icon="building",
    columns=(
        Column(name="name", label="Name", kind=Kind.NAME, sortable=True, needs=("external_id",)),
        Column(name="domain", label="Domain", kind=Kind.TEXT, sortable=True),
        Column(name="industry", label="Industry", kind=Kind.CHOICE),
        Column(
            name="type",
            label="Type",
            kind=Kind.CHOICE,
            chip=True,
            choices=tuple(TABLES["accounts"].columns["type"].choices),
        ),
        Column(name="employees", label="Employees", kind=Kind.NUMBER),
        Column(name="annual_revenue", label="Revenue a year", kind=Kind.MONEY, needs=("currency",)),
        *_PLACE,
        _OWNER,
        _CREATED,
    ),
    shown=("name", "industry", "type", "employees", "annual_revenue", "country", "owner", "created_at"),
    search=("name", "domain"),
    sort="score",
    detail="accounts:record",
)
