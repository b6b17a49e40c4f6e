"""A row's cells as HTML, escaped, and as text for an export."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from rapport.workspace.lib.csv_export import escaped
from rapport.workspace.pages.frame import wording
from rapport.workspace.pages.frame.badges import avatar_html, score_html
from rapport.workspace.pages.lists.columns import Column, Kind, ListSpec
from rapport.workspace.pages.lists.levels import levels
from rapport.workspace.scores.models import CurrentScore
from rapport.workspace.scores.subjects import name_of

_NOTHING = mark_safe('<span class="muted" aria-label="empty">–</span>')
_TONES = {("status", "won"): " chip-good", ("status", "lost"): " chip-bad", ("status", "open"): " chip-accent"}
Scores = Mapping[str, CurrentScore]


def cell(spec: ListSpec, column: Column, row: Any, scores: Scores) -> SafeString:
    """One cell; an en dash where there is nothing."""
    if column.kind is Kind.NAME:
        return _name(spec, row)
    if column.kind is Kind.SCORE:
        return _score(column, scores.get(column.score))
    value = getattr(row, column.field)
    if value is None or value == "":
        return _NOTHING
    return _WRITTEN.get(column.kind, _plain)(value, row, column)


def _name(spec: ListSpec, row: Any) -> SafeString:
    name = name_of(row)
    face = avatar_html(name, "sm") if spec.subject == "contact" else ""
    return format_html(
        '<a class="row-name" href="{}">{}<span>{}</span></a>', reverse(spec.detail, args=[row.pk]), face, name
    )


def _score(column: Column, current: CurrentScore | None) -> SafeString:
    if current is None:
        return _NOTHING
    level = levels(column.score, current.version).get(current.band or "")
    return score_html(
        current.value,
        current.band,
        current.trend,
        change=current.change_30d,
        level=level,
        name=column.label,
        reason=current.reason_null,
    )


def _plain(value: Any, row: Any, column: Column) -> SafeString:
    return format_html("{}", value)


def _choice(value: Any, row: Any, column: Column) -> SafeString:
    words = wording.plain(str(value))
    if not column.chip:
        return format_html("{}", words)
    return format_html('<span class="chip{}">{}</span>', _TONES.get((column.name, value), ""), words)


def _number(value: Any, row: Any, column: Column) -> SafeString:
    return format_html("{}", wording.number(value))


def _money(value: Any, row: Any, column: Column) -> SafeString:
    return format_html("{}", wording.money(value, getattr(row, "currency", None)))


def _fraction(value: Any, row: Any, column: Column) -> SafeString:
    return format_html("{}", wording.percent(value))


def _day(value: Any, row: Any, column: Column) -> SafeString:
    return format_html('<span class="nowrap">{}</span>', wording.day(value))


def _instant(value: datetime, row: Any, column: Column) -> SafeString:
    return format_html(
        '<time class="nowrap" datetime="{}" title="{}">{}</time>',
        value.isoformat(),
        wording.instant(value),
        wording.ago(value, timezone.now()),
    )


def _person(value: Any, row: Any, column: Column) -> SafeString:
    name = str(value)
    return format_html('<span class="row-person">{}<span>{}</span></span>', avatar_html(name, "xs"), name)


def _record(value: Any, row: Any, column: Column) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse(column.link, args=[value.pk]), name_of(value))


_WRITTEN: dict[Kind, Callable[[Any, Any, Column], SafeString]] = {
    Kind.CHOICE: _choice,
    Kind.NUMBER: _number,
    Kind.MONEY: _money,
    Kind.FRACTION: _fraction,
    Kind.DATE: _day,
    Kind.INSTANT: _instant,
    Kind.PERSON: _person,
    Kind.RECORD: _record,
}


def text(column: Column, row: Any, scores: Scores) -> str:
    """The cell for a spreadsheet: plain numbers, ISO dates, and no text that a spreadsheet would run as a formula."""
    if column.kind is Kind.SCORE:
        current = scores.get(column.score)
        return "" if current is None or current.value is None else format(current.value.normalize(), "f")
    if column.kind is Kind.NAME:
        return escaped(name_of(row))
    value = getattr(row, column.field)
    if value is None:
        return ""
    if column.kind is Kind.RECORD:
        return escaped(name_of(value))
    if column.kind is Kind.INSTANT:
        return str(value.isoformat(timespec="seconds"))
    return str(value) if column.numeric or column.kind is Kind.DATE else escaped(str(value))
