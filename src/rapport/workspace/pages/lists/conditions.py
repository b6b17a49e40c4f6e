"""Filters of a list: what can be asked of each kind of column, and what it means in the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from rapport.workspace.lib.prefix_search import starts_with
from rapport.workspace.pages.lists.columns import Column, Kind
from rapport.workspace.scores.models import CurrentScore

_EMPTY = {"empty": "is empty", "filled": "is not empty"}
_COMPARED = {"least": "at least", "most": "at most", "is": "is"}
_DATED = {"since": "on or after", "before": "before", "last": "in the last days", "next": "in the next days"}
OPERATORS: dict[Kind, dict[str, str]] = {
    Kind.NAME: {"starts": "starts with"},
    Kind.TEXT: {"starts": "starts with", "is": "is", "not": "is not", "contains": "contains", **_EMPTY},
    Kind.CHOICE: {"is": "is", "not": "is not", **_EMPTY},
    Kind.NUMBER: {**_COMPARED, **_EMPTY},
    Kind.MONEY: {**_COMPARED, **_EMPTY},
    Kind.FRACTION: {"least": "at least (%)", "most": "at most (%)", **_EMPTY},
    Kind.DATE: {**_DATED, **_EMPTY},
    Kind.INSTANT: {**_DATED, **_EMPTY},
    Kind.PERSON: {"me": "is me", "is": "is", "empty": "is no one"},
    Kind.RECORD: {"starts": "starts with", **_EMPTY},
    Kind.SCORE: {
        "least": "at least",
        "most": "at most",
        "band": "band is",
        "trend": "trend is",
        "empty": "has no value",
        "filled": "has a value",
    },
}
WITHOUT_VALUE = frozenset({"empty", "filled", "me"})
TRENDS = ("rising", "falling", "steady")
NUMBERED = frozenset({"last", "next"})


@dataclass(frozen=True, kw_only=True)
class Filter:
    """One condition as asked: `country:is:SE`."""

    column: str
    operator: str
    value: str = ""

    @property
    def text(self) -> str:
        return f"{self.column}:{self.operator}:{self.value}"


class FilterError(ValueError):
    """A value that the column cannot be compared with; its text is for people."""


def read(text: str, columns: dict[str, Column]) -> Filter:
    """Raises FilterError where the column or operator does not exist or the value does not fit."""
    name, _, rest = text.partition(":")
    operator, _, value = rest.partition(":")
    column = columns.get(name)
    if column is None:
        raise FilterError(f"There is no column “{name}”.")
    if operator not in OPERATORS[column.kind]:
        raise FilterError(f"{column.label} cannot be compared by “{operator}”.")
    if operator not in WITHOUT_VALUE and not value.strip():
        raise FilterError(f"Give a value for {column.label}.")
    found = Filter(column=name, operator=operator, value=value.strip())
    condition(column, found, user_id="")
    return found


def condition(column: Column, asked: Filter, *, user_id: str) -> Q:
    """The filter in the database's terms. Raises FilterError where the value is not of the column's kind."""
    if column.kind is Kind.SCORE:
        return _score(column, asked)
    if asked.operator in ("empty", "filled"):
        return _emptiness(column, empty=asked.operator == "empty")
    if column.kind is Kind.PERSON:
        return Q(**{f"{column.field}_id": user_id if asked.operator == "me" else asked.value})
    if column.kind is Kind.RECORD:
        return starts_with(f"{column.field}__name", asked.value)
    if column.kind in (Kind.DATE, Kind.INSTANT):
        return _dated(column, asked)
    if column.numeric:
        return _numbered(column.field, asked, share=column.kind is Kind.FRACTION)
    return _worded(column, asked)


def _emptiness(column: Column, *, empty: bool) -> Q:
    blank = Q(**{f"{column.field}__isnull": True})
    if column.kind in (Kind.TEXT, Kind.CHOICE):
        blank |= Q(**{column.field: ""})
    return blank if empty else ~blank


def _worded(column: Column, asked: Filter) -> Q:
    if asked.operator == "starts":
        return starts_with(column.field, asked.value)
    if asked.operator == "contains":
        return Q(**{f"{column.field}__icontains": asked.value})
    same = Q(**{column.field: asked.value})
    return same if asked.operator == "is" else ~same | Q(**{f"{column.field}__isnull": True})


def _numbered(path: str, asked: Filter, *, share: bool = False) -> Q:
    number = _number(asked.value) / (100 if share else 1)
    lookup = {"least": "gte", "most": "lte", "is": "exact"}[asked.operator]
    return Q(**{f"{path}__{lookup}": number})


def _number(text: str) -> Decimal:
    try:
        value = Decimal(text.replace(" ", "").replace("\u00a0", "").replace(",", "."))
    except InvalidOperation as error:
        raise FilterError(f"“{text}” is not a number.") from error
    if not value.is_finite() or abs(value) >= Decimal(10) ** 14 or value != round(value, 4):
        raise FilterError(f"“{text}” is out of range or has more than four decimals.")
    return value


def _dated(column: Column, asked: Filter) -> Q:
    today = timezone.localdate()
    if asked.operator in NUMBERED:
        days = _number(asked.value)
        if days != int(days) or not 0 <= days <= 36500:
            raise FilterError("Give a whole number of days.")
        span = timedelta(days=int(days))
        first, last = (today - span, today) if asked.operator == "last" else (today, today + span)
        return _from(column, first) & _before(column, last + timedelta(days=1))
    try:
        day = date.fromisoformat(asked.value)
    except ValueError as error:
        raise FilterError(f"“{asked.value}” is not a date; write 2026-01-31.") from error
    return _from(column, day) if asked.operator == "since" else _before(column, day)


def _from(column: Column, day: date) -> Q:
    return Q(**{f"{column.field}__gte": _bound(column, day)})


def _before(column: Column, day: date) -> Q:
    return Q(**{f"{column.field}__lt": _bound(column, day)})


def _bound(column: Column, day: date) -> date:
    """The day, or for an instant its beginning in the reader's zone."""
    if column.kind is Kind.DATE:
        return day
    return datetime.combine(day, time(), tzinfo=timezone.get_current_timezone()).astimezone(UTC)


def _score(column: Column, asked: Filter) -> Q:
    rows = CurrentScore.objects.filter(score=column.score, subject_id=OuterRef("pk"))
    if asked.operator in ("empty", "filled"):
        known = Q(Exists(rows.filter(value__isnull=False)))
        return ~known if asked.operator == "empty" else known
    if asked.operator in ("band", "trend"):
        return Q(Exists(rows.filter(**{asked.operator: asked.value})))
    return Q(Exists(rows.filter(_numbered("value", asked))))
