"""Finding records by how a name, an e-mail address or a domain starts; fast however many there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.lookups import GreaterThanOrEqual, LessThan

from rapport.workspace.lib.sort_key import SortKey, ranges

LIMIT = 300
"""Rows taken from each index range: more than anyone reads, few enough to sort in no time."""


_WITHOUT_SPACES = frozenset({"email", "domain"})


def starts_with(path: str, typed: str) -> Q:
    """Text that starts with what was typed, whatever its case, by the index of its sort key."""
    found = Q()
    for low, high in ranges(typed):
        key = SortKey(F(path))
        found |= Q(GreaterThanOrEqual(key, low)) & Q(LessThan(key, high))
    return found


def matching(rows: QuerySet[Any], fields: Sequence[str], typed: str, *, limit: int = LIMIT) -> tuple[list[str], bool]:
    """The ids of rows one of whose fields starts with what was typed, and whether there may be more.

    Two words are also looked for one in each of two fields, in either order: "ann berg", "berg ann". Each index range
    is read in its own order and cut off at `limit`, so that a single letter costs no more than a whole name.
    """
    typed = " ".join(typed.split())
    found: dict[str, None] = {}
    more = False
    for field in fields:
        if " " in typed and field in _WITHOUT_SPACES:
            continue
        for low, high in ranges(typed):
            key = SortKey(F(field))
            part = rows.filter(GreaterThanOrEqual(key, low), LessThan(key, high)).order_by(key, "pk")
            ids = list(part.values_list("pk", flat=True)[: limit + 1])
            more = more or len(ids) > limit
            found.update(dict.fromkeys(ids[:limit]))
    first, _, second = typed.partition(" ")
    if second and len(fields) > 1:
        one, other = fields[0], fields[1]
        both = (starts_with(one, first) & starts_with(other, second)) | (
            starts_with(one, second) & starts_with(other, first)
        )
        found.update(dict.fromkeys(rows.filter(Q(both)).values_list("pk", flat=True)[:limit]))
    return list(found), more
