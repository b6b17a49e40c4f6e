"""A record's facts: shown by their declared type, and changed one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from rapport.engine.crm.tables import Change, Column, Type
from rapport.workspace.pages.frame import wording
from rapport.workspace.pages.records.links import link_to
from rapport.workspace.pages.records.subjects import RecordKind
from rapport.workspace.team.models import User
from rapport.workspace.team.people import assignable

_NOTHING = mark_safe('<span class="muted">–</span>')
_LABELS = {
    "email": "E-mail",
    "owner_id": "Owner",
    "external_id": "Id there",
    "annual_revenue": "Revenue a year",
    "employees": "Employees",
    "lifecycle_stage": "Stage",
    "created_at": "Created",
    "closed_at": "Closed",
    "referred_by_contact_id": "Referred by",
    "parent_account_id": "Part of",
    "expected_close_date": "Expected close",
    "forecast_category": "Forecast",
    "role": "Buying role",
}


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One fact as shown. editable: whether it may be changed here."""

    name: str
    label: str
    shown: SafeString
    editable: bool
    empty: bool
    about: str


@dataclass(frozen=True, kw_only=True)
class Field:
    """One fact's form. input: text, number, date, datetime-local or select; options: (value, words)."""

    name: str
    label: str
    input: str
    value: str
    options: Sequence[tuple[str, str]]
    step: str = ""


class FactError(ValueError):
    """A value that does not fit; its text is for people."""


def groups(kind: RecordKind, record: Any) -> list[tuple[str, list[Fact]]]:
    """The groups of facts; a group whose columns cannot be edited and are empty is left out."""
    found = []
    for title, names in kind.facts:
        facts = [fact(kind, record, name) for name in names]
        shown = [one for one in facts if one.editable or not one.empty]
        if shown:
            found.append((title, shown))
    if isinstance(record.properties, dict) and record.properties:
        found.append(("Further fields", [_property(name, value) for name, value in sorted(record.properties.items())]))
    return found


def fact(kind: RecordKind, record: Any, name: str) -> Fact:
    column = kind.table.columns[name]
    value = getattr(record, name)
    empty = value is None or value == ""
    return Fact(
        name=name,
        label=label(name),
        shown=_NOTHING if empty else _shown(column, record, value),
        editable=_editable(column),
        empty=empty,
        about=column.description,
    )


def label(name: str) -> str:
    return _LABELS.get(name) or wording.plain(name.removesuffix("_id"))


def _property(name: str, value: object) -> Fact:
    shown = _NOTHING if value in (None, "") else format_html("{}", value)
    return Fact(name=name, label=wording.plain(name), shown=shown, editable=False, empty=not value, about="")


def _editable(column: Column) -> bool:
    return column.change is not Change.IMMUTABLE and (column.refers_to in (None, "users")) and column.type != Type.JSON


def _shown(column: Column, record: Any, value: Any) -> SafeString:
    if column.refers_to:
        return link_to(getattr(record, column.name.removesuffix("_id")))
    if column.name == "email":
        return format_html('<a href="mailto:{}">{}</a>', value, value)
    if column.name == "phone":
        return format_html('<a href="tel:{}">{}</a>', value, value)
    if column.name == "probability":
        return format_html("{}", wording.percent(value))
    if column.type is Type.CHOICE or column.name in ("stage", "seniority", "lead_source", "gender", "role", "industry"):
        return format_html("{}", wording.plain(str(value)))
    if column.type is Type.MONEY:
        return format_html("{}", wording.money(value, getattr(record, "currency", None)))
    if column.type in (Type.INTEGER, Type.NUMBER):
        return format_html("{}", wording.number(value))
    if column.type is Type.DATE:
        return format_html("{}", wording.day(value))
    if column.type is Type.INSTANT:
        return format_html(
            '<time datetime="{}" title="{}">{}</time>', value.isoformat(), wording.instant(value), wording.day(value)
        )
    return format_html("{}", value)


def form_field(kind: RecordKind, record: Any, name: str, user: User) -> Field:
    """Raises FactError where the fact cannot be changed here."""
    column = kind.table.columns.get(name)
    if column is None or not _editable(column):
        raise FactError("This cannot be changed here.")
    value = getattr(record, name)
    if column.refers_to == "users":
        options = [("", "no one"), *((person.pk, str(person)) for person in assignable(user))]
        return Field(name=name, label=label(name), input="select", value=value or "", options=options)
    if column.type is Type.CHOICE:
        options = [("", "–"), *((choice, wording.plain(choice)) for choice in column.choices)]
        return Field(name=name, label=label(name), input="select", value=value or "", options=options)
    kinds = {Type.DATE: "date", Type.INSTANT: "datetime-local"}
    return Field(
        name=name, label=label(name), input=kinds.get(column.type, "text"), value=_written(column, value), options=()
    )


def _written(column: Column, value: Any) -> str:
    if value is None:
        return ""
    if column.type is Type.INSTANT:
        return timezone.localtime(value).strftime("%Y-%m-%dT%H:%M")
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value.isoformat() if isinstance(value, date) else str(value)


def parse(kind: RecordKind, name: str, text: str, user: User) -> Any:
    """What was typed, in the column's type; None for nothing. Raises FactError in words."""
    column = kind.table.columns[name]
    text = text.strip()
    if not text:
        return None
    if column.refers_to == "users" and text not in {person.pk for person in assignable(user)}:
        raise FactError("Choose someone of your team.")
    try:
        return _parsed(column, text)
    except (ValueError, InvalidOperation) as error:
        raise FactError(f"{label(name)} cannot be “{text[:60]}”.") from error


def _parsed(column: Column, text: str) -> Any:
    plain = text.replace(" ", "").replace("\u00a0", "")
    if column.type is Type.INTEGER:
        return int(plain.replace(",", ""))
    if column.type is Type.NUMBER:
        return float(plain.replace(",", "."))
    if column.type is Type.MONEY:
        return Decimal(plain.replace(",", "") if "." in plain else plain.replace(",", "."))
    if column.type is Type.DATE:
        return date.fromisoformat(text)
    if column.type is Type.INSTANT:
        return datetime.fromisoformat(text).replace(tzinfo=timezone.get_current_timezone()).astimezone(UTC)
    return text
