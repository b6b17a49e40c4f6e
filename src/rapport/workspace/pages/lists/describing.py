"""Filters in words, and what can be chosen in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapport.workspace.pages.frame import wording
from rapport.workspace.pages.lists.asked import Asked
from rapport.workspace.pages.lists.columns import Column, Kind, ListSpec
from rapport.workspace.pages.lists.conditions import NUMBERED, OPERATORS, WITHOUT_VALUE, Filter
from rapport.workspace.pages.lists.levels import bands_of
from rapport.workspace.scores.definitions import live
from rapport.workspace.team.access import visible
from rapport.workspace.team.models import User
from rapport.workspace.team.people import people

_SAMPLE = 5000
_MOST = 60


@dataclass(frozen=True, kw_only=True)
class Chip:
    """A filter in words and the address of the list without it."""

    words: str
    without: str


def chips(asked: Asked) -> list[Chip]:
    return [
        Chip(words=words(asked.columns[wanted.column], wanted), without=f"?{asked.without(wanted).query()}")
        for wanted in asked.filters
    ]


def words(column: Column, wanted: Filter) -> str:
    """ "Created in the last 30 days", "Owner is me"."""
    if wanted.operator in WITHOUT_VALUE:
        return f"{column.label} {OPERATORS[column.kind][wanted.operator]}"
    if wanted.operator in NUMBERED:
        return f"{column.label} in the {wanted.operator} {wanted.value} days"
    return f"{column.label} {OPERATORS[column.kind][wanted.operator].replace(' (%)', '')} {_value(column, wanted)}"


def _value(column: Column, wanted: Filter) -> str:
    if column.kind is Kind.PERSON:
        return next((str(person) for person in people() if person.pk == wanted.value), wanted.value)
    if column.kind is Kind.CHOICE:
        return wording.plain(wanted.value)
    return f"{wanted.value} %" if column.kind is Kind.FRACTION else wanted.value


def options(column: Column, operator: str, spec: ListSpec, user: User) -> Sequence[tuple[str, str]]:
    """(value, words) to choose from; empty where a value is typed. Of free text, what a sample of rows holds."""
    if column.kind is Kind.PERSON:
        return [(person.pk, str(person)) for person in people()]
    if column.kind is Kind.SCORE:
        return [(band, band) for band in bands_of(live(column.score))] if operator == "band" else []
    if column.kind is not Kind.CHOICE or operator not in ("is", "not"):
        return []
    if column.choices:
        return [(value, wording.plain(value)) for value in column.choices]
    sample = visible(spec.model._default_manager.all(), user).order_by("-pk").values_list(column.field)[:_SAMPLE]
    found = sorted({value for (value,) in sample if value})
    return [(value, wording.plain(value)) for value in found[:_MOST]]
