"""The rows of a list: which of them, in what order, with what they show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import Model, Q, QuerySet

from rapport.workspace.lib.prefix_search import LIMIT, matching
from rapport.workspace.pages.lists.asked import Asked
from rapport.workspace.pages.lists.by_score import page_by_score
from rapport.workspace.pages.lists.columns import Column, Kind
from rapport.workspace.pages.lists.conditions import condition
from rapport.workspace.pages.lists.keyset import PAGE_SIZE, Cursor, cursor_after, page
from rapport.workspace.scores.models import CurrentScore
from rapport.workspace.team.access import owners_seen, visible
from rapport.workspace.team.models import User

FEW = 2000
"""So many rows, of a reader who sees few or a filter that few fit, are served from their ids: walking an index of a
million rows in the list's order, to find the few that fit, would take seconds."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page. scores: by subject id, then score name; next: the cursor of the following page, None on the last.

    cut: a search found more than it lists.
    """

    rows: Sequence[Any]
    scores: Mapping[str, Mapping[str, CurrentScore]]
    next: Cursor | None
    cut: bool


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The rows that match, without order. few: they come from a short list of ids. cut: a search found more."""

    rows: QuerySet[Any]
    few: bool
    cut: bool


def selection(asked: Asked, user: User, *, walking: bool = True) -> Selection:
    """Visible, filtered, searched. walking: the caller wants the first rows in an index's order, not a count."""
    everything = asked.spec.model._default_manager.all()
    asked_for = Q()
    for wanted in asked.filters:
        asked_for &= condition(asked.columns[wanted.column], wanted, user_id=user.pk)
    rows, few = visible(everything, user).filter(asked_for), False
    if asked.filters or owners_seen(user) is not None:
        rows, few = _few(rows)
        if walking and not few:
            rows = visible(everything, user, walking=True).filter(asked_for)
    if not asked.typed:
        return Selection(rows=rows, few=few, cut=False)
    ids, cut = matching(rows, asked.spec.search, asked.typed, limit=LIMIT)
    return Selection(rows=asked.spec.model._default_manager.filter(pk__in=ids), few=True, cut=cut)


def _few(rows: QuerySet[Any]) -> tuple[QuerySet[Any], bool]:
    """The same rows by their ids where they are few; found in whatever order is quickest, not in the list's."""
    ids = list(rows.order_by().values_list("pk", flat=True)[: FEW + 1])
    return (rows.model._default_manager.filter(pk__in=ids), True) if len(ids) <= FEW else (rows, False)


def first_page(asked: Asked, user: User, *, size: int = PAGE_SIZE) -> Page:
    """The page after `asked.after`, or the first."""
    chosen = selection(asked, user)
    found = _ordered(chosen, asked, after=asked.after, size=size + 1)
    shown = found[:size]
    return Page(
        rows=shown,
        scores=_scores(shown, asked.shown),
        next=cursor_after(shown) if len(found) > size else None,
        cut=chosen.cut,
    )


def chunks(asked: Asked, user: User, *, size: int = 1000) -> Iterator[Page]:
    """Every page to the end, for an export."""
    chosen = selection(asked, user)
    after: Cursor | None = None
    while True:
        found = _ordered(chosen, asked, after=after, size=size)
        yield Page(rows=found, scores=_scores(found, asked.shown), next=None, cut=False)
        if len(found) < size:
            return
        after = cursor_after(found)


def _ordered(chosen: Selection, asked: Asked, *, after: Cursor | None, size: int) -> list[Model]:
    if asked.sort.kind is Kind.SCORE:
        loaded = _loaded(asked.spec.model._default_manager.all(), asked)
        return page_by_score(
            chosen.rows,
            loaded,
            asked.sort.score,
            few=chosen.few,
            descending=asked.descending,
            after=after,
            size=size,
        )
    return page(_loaded(chosen.rows, asked), asked.sort, descending=asked.descending, after=after, size=size)


def _loaded(rows: QuerySet[Any], asked: Asked) -> QuerySet[Any]:
    """Only the columns that are shown, with the names of what they refer to."""
    fields, related = {"id"}, set()
    for column in asked.shown:
        if column.kind is Kind.SCORE:
            continue
        if column.kind in (Kind.PERSON, Kind.RECORD):
            related.add(column.field)
        fields.update(_fields_of(column))
    return rows.select_related(*sorted(related)).only(*sorted(fields)) if related else rows.only(*sorted(fields))


def _fields_of(column: Column) -> Iterator[str]:
    yield from column.needs
    if column.kind is Kind.PERSON:
        yield from (f"{column.field}__name", f"{column.field}__username")
    elif column.kind is Kind.RECORD:
        names = ("first_name", "last_name", "email") if column.link == "contacts:record" else ("name",)
        yield from (f"{column.field}__{name}" for name in names)
    else:
        yield column.field


def _scores(rows: Sequence[Any], shown: Sequence[Column]) -> dict[str, dict[str, CurrentScore]]:
    names = [column.score for column in shown if column.kind is Kind.SCORE]
    found: dict[str, dict[str, CurrentScore]] = defaultdict(dict)
    if not names:
        return found
    ids = iter([row.pk for row in rows])
    while batch := list(islice(ids, 500)):
        for current in CurrentScore.objects.filter(score__in=names, subject_id__in=batch):
            found[current.subject_id][current.score] = current
    return found
