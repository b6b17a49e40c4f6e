"""What belongs to a record: the newest few of each kind, and its sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.safestring import SafeString

from rapport.workspace.crm.records.models import Account, Contact, Interaction
from rapport.workspace.crm.sales.models import Contract, Deal, Order
from rapport.workspace.crm.service.models import Case
from rapport.workspace.pages.frame import wording
from rapport.workspace.scores.subjects import name_of
from rapport.workspace.team.access import visible
from rapport.workspace.team.models import User

_FEW = 6
_MILLION = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Line:
    """One belonging. detail: at its right; note: under its name; tone: good, bad, warn or none."""

    name: str
    url: str = ""
    detail: str = ""
    note: SafeString | str = ""
    tone: str = ""


@dataclass(frozen=True, kw_only=True)
class Box:
    """One kind of belongings. more: whether there are more than shown."""

    title: str
    icon: str
    lines: Sequence[Line]
    more: bool


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One sum at the top of a record."""

    label: str
    value: str
    hint: str = ""


def boxes(record: Any, user: User) -> list[Box]:
    """Contacts, deals, orders, cases and contracts of a record that the user may see; empty kinds left out."""
    about = _about(record)
    found = []
    if isinstance(record, Account):
        found.append(
            _box("Contacts", "users", visible(Contact.objects.filter(account=record), user), "-created_at", _contact)
        )
    if isinstance(record, Contact | Account):
        deals = visible(Deal.objects.filter(about), user)
        found.append(_box("Deals", "briefcase", deals, "-created_at", _deal))
        contracts = visible(Contract.objects.filter(about), user)
        found.append(_box("Contracts", "certificate", contracts, "-started_at", _contract))
        cases = visible(Case.objects.filter(about), user)
        found.append(_box("Cases", "headset", cases, "-opened_at", _case))
    found.append(_box("Orders", "shopping-cart", visible(Order.objects.filter(about), user), "-ordered_at", _order))
    return [box for box in found if box.lines]


def figures(record: Any, user: User) -> list[Figure]:
    """Orders and their sum, open deals, the last contact: those that there are."""
    about = _about(record)
    found = _order_figures(visible(Order.objects.filter(about), user))
    if isinstance(record, Contact | Account):
        found += _deal_figures(visible(Deal.objects.filter(about), user))
    last = (
        Interaction.objects.filter(_interacted(record)).order_by("-occurred_at").values_list("occurred_at", flat=True)
    )
    if (at := last.first()) is not None:
        found.append(Figure(label="Last interaction", value=wording.day(at), hint=wording.instant(at)))
    return found


def _order_figures(orders: QuerySet[Order]) -> list[Figure]:
    rows = orders.order_by().values_list("currency").annotate(Count("pk"), Sum("amount"), Max("ordered_at"))
    found = list(rows)
    if not found:
        return []
    amounts = [(currency, amount) for currency, _, amount, _ in found if amount is not None]
    return [
        Figure(label="Value so far", value=_sums(amounts) or wording.NOTHING, hint="Sum of orders"),
        Figure(label="Orders", value=wording.number(sum(count for _, count, _, _ in found))),
        Figure(label="Last order", value=wording.day(max(last for _, _, _, last in found))),
    ]


def _deal_figures(deals: QuerySet[Deal]) -> list[Figure]:
    rows = deals.filter(status__in=("open", "won")).order_by().values_list("status", "currency")
    found = list(rows.annotate(Count("pk"), Sum("amount")))
    figures = []
    if standing := [row for row in found if row[0] == "open"]:
        amounts = [(currency, amount) for _, currency, _, amount in standing if amount is not None]
        count = wording.number(sum(row[2] for row in standing))
        figures.append(Figure(label="Open deals", value=f"{count} · {_sums(amounts)}" if amounts else count))
    if won := sum(row[2] for row in found if row[0] == "won"):
        figures.append(Figure(label="Deals won", value=wording.number(won)))
    return figures


def _sums(amounts: Sequence[tuple[str | None, Decimal]]) -> str:
    """Sums by currency, the largest first, never added across currencies; whole units, short from a million on."""
    ordered = sorted(amounts, key=lambda pair: -pair[1])
    return " + ".join(
        wording.short_money(amount, currency) if abs(amount) >= _MILLION else wording.money(round(amount), currency)
        for currency, amount in ordered
    )


def _about(record: Any) -> Q:
    return Q(**{type(record).__name__.lower(): record})


def _interacted(record: Any) -> Q:
    return _about(record) & Q(deleted_at=None)


def _box(title: str, icon: str, rows: QuerySet[Any], order: str, line: Any) -> Box:
    found = list(rows.order_by(order, "pk")[: _FEW + 1])
    return Box(title=title, icon=icon, lines=[line(row) for row in found[:_FEW]], more=len(found) > _FEW)


def _contact(row: Contact) -> Line:
    return Line(name=name_of(row), url=reverse("contacts:record", args=[row.pk]), note=row.title or "")


def _deal(row: Deal) -> Line:
    tone = {"won": "good", "lost": "bad"}.get(row.status or "", "")
    return Line(
        name=name_of(row),
        url=reverse("deals:record", args=[row.pk]),
        detail=wording.short_money(row.amount, row.currency) if row.amount is not None else "",
        note=wording.plain((row.stage if row.status == "open" else row.status) or "open"),
        tone=tone,
    )


def _order(row: Order) -> Line:
    return Line(
        name=wording.day(row.ordered_at),
        detail=wording.money(row.amount, row.currency),
        note=" · ".join(wording.plain(part) for part in (row.channel, row.status) if part),
    )


def _case(row: Case) -> Line:
    closed = row.closed_at or row.solved_at
    return Line(
        name=row.subject_line or wording.plain(row.topic or row.type or "case"),
        detail=wording.day(row.opened_at),
        note=wording.plain(row.status) if row.status else ("Solved" if closed else "Open"),
        tone="" if closed else "warn",
    )


def _contract(row: Contract) -> Line:
    ended = row.ended_at is not None
    return Line(
        name=row.plan or "Contract",
        detail=f"{wording.short_money(row.monthly_amount, row.currency)} a month"
        if row.monthly_amount is not None
        else "",
        note=f"Ended {wording.day(row.ended_at)}" if ended else f"Until {wording.day(row.term_end_at)}",
        tone="bad" if ended else "",
    )
