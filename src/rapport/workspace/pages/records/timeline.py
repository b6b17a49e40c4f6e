"""What happened with a record, from every channel, newest first; paged by the last entry's instant, kind and id."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest
from typing import Any

from django.db.models import Q, QuerySet

PAGE_SIZE = 25


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line. kind and id tell entries of the same instant apart; group: what the filter calls it.

    details: short (label, text) pairs; by: who did it, "" where unknown.
    """

    at: datetime
    kind: str
    id: str
    group: str
    icon: str
    title: str
    text: str = ""
    url: str = ""
    by: str = ""
    tone: str = ""

    @property
    def key(self) -> tuple[datetime, str, str]:
        return self.at, self.kind, self.id


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where entries come from. rows: those of the record; at: the column of their instant (annotated where computed).

    limit: how many rows make a page of entries, where several rows are one entry.
    """

    kind: str
    groups: frozenset[str]
    rows: QuerySet[Any]
    at: str
    entries: Callable[[Sequence[Any]], Iterable[Entry]]
    limit: int = PAGE_SIZE + 1


@dataclass(frozen=True, kw_only=True)
class After:
    """The last entry shown."""

    at: datetime
    kind: str
    id: str

    def encode(self) -> str:
        return base64.urlsafe_b64encode(json.dumps([self.at.isoformat(), self.kind, self.id]).encode()).decode()

    @classmethod
    def decode(cls, text: str) -> After | None:
        """None for a text that is none."""
        try:
            at, kind, row_id = json.loads(base64.urlsafe_b64decode(text))
            return cls(at=datetime.fromisoformat(at), kind=str(kind), id=str(row_id))
        except (ValueError, TypeError):
            return None


@dataclass(frozen=True, kw_only=True)
class Timeline:
    entries: Sequence[Entry]
    next: After | None


def timeline(sources: Sequence[Source], *, group: str = "", after: After | None = None, now: datetime) -> Timeline:
    """One page of entries up to `now`, of one group or of all."""
    found: list[Entry] = []
    for source in sources:
        if group and group not in source.groups:
            continue
        rows = source.rows.filter(**{f"{source.at}__lte": now})
        if after is not None:
            rows = rows.filter(_beyond(source, after))
        rows = rows.order_by(f"-{source.at}", "-pk")
        found += [entry for entry in source.entries(list(rows[: source.limit])) if not group or entry.group == group]
    shown = nlargest(PAGE_SIZE + 1, found, key=lambda entry: entry.key)
    last = shown[PAGE_SIZE - 1] if len(shown) > PAGE_SIZE else None
    return Timeline(
        entries=shown[:PAGE_SIZE],
        next=After(at=last.at, kind=last.kind, id=last.id) if last else None,
    )


def _beyond(source: Source, after: After) -> Q:
    earlier = Q(**{f"{source.at}__lt": after.at})
    if source.kind > after.kind:
        return earlier
    same = Q(**{source.at: after.at})
    return earlier | (same & Q(pk__lt=after.id) if source.kind == after.kind else same)


GROUPS: Mapping[str, str] = {
    "email": "E-mail",
    "phone": "Calls",
    "meeting": "Meetings",
    "chat": "Chat",
    "web": "Web",
    "product": "Product use",
    "social": "Social",
    "mail": "Post",
    "store": "Store",
    "survey": "Surveys",
    "orders": "Orders",
    "deals": "Deals",
    "campaigns": "Campaigns",
    "cases": "Cases",
    "segments": "Segments",
    "changes": "Changes",
}
"""The filter of a timeline: the channels of interactions, and the other rooms."""
