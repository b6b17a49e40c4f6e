"""The list of deals."""

from __future__ import annotations

from rapport.engine.crm.tables import TABLES
from rapport.workspace.crm.sales.models import Deal
from rapport.workspace.pages.lists.columns import Column, Kind, ListSpec

_DECLARED = TABLES["deals"].columns

DEALS = ListSpec(
    page="deals",
    model=Deal,
    subject="deal",
    one="Deal",
    many="Deals",
    icon="briefcase",
    columns=(
        Column(name="name", label="Name", kind=Kind.NAME, sortable=True, needs=("external_id",)),
        Column(name="account", label="Account", kind=Kind.RECORD, link="accounts:record"),
        Column(name="contact", label="Contact", kind=Kind.RECORD, link="contacts:record"),
        Column(name="stage", label="Stage", kind=Kind.CHOICE, chip=True),
        Column(name="status", label="Status", kind=Kind.CHOICE, chip=True, choices=tuple(_DECLARED["status"].choices)),
        Column(name="amount", label="Amount", kind=Kind.MONEY, needs=("currency",), sortable=True),
        Column(name="expected_close_date", label="Expected to close", kind=Kind.DATE, sortable=True),
        Column(name="probability", label="Probability", kind=Kind.FRACTION),
        Column(
            name="forecast_category",
            label="Forecast",
            kind=Kind.CHOICE,
            choices=tuple(_DECLARED["forecast_category"].choices),
        ),
        Column(name="type", label="Type", kind=Kind.CHOICE, chip=True, choices=tuple(_DECLARED["type"].choices)),
        Column(name="pipeline", label="Pipeline", kind=Kind.CHOICE),
        Column(name="closed_at", label="Closed", kind=Kind.INSTANT),
        Column(name="owner", label="Owner", kind=Kind.PERSON),
        Column(name="created_at", label="Created", kind=Kind.INSTANT, sortable=True),
    ),
    shown=("name", "account", "stage", "status", "amount", "expected_close_date", "owner", "created_at"),
    search=("name",),
    sort="-created_at",
    detail="deals:record",
    template="deals/list.html",
)
