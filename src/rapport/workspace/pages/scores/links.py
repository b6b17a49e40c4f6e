"""Records that scores are about, with their names and addresses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

from rapport.workspace.scores.models import CurrentScore
from rapport.workspace.scores.subjects import subjects


@dataclass(frozen=True, kw_only=True)
class Named:
    """A current score with the record's name and address (empty where records have no page)."""

    name: str
    url: str
    current: CurrentScore


def record_url(kind: str, record_id: str) -> str:
    """The page of a contact, account or deal; empty where there is none."""
    try:
        return reverse(f"{kind}s:record", args=[record_id])
    except NoReverseMatch:
        return ""


def with_names(rows: Iterable[CurrentScore]) -> list[Named]:
    """Current scores of one kind of subject, with names; those whose record is gone are left out."""
    found = list(rows)
    known = subjects(found[0].subject, [c.subject_id for c in found]) if found else {}
    return [
        Named(name=known[c.subject_id].name, url=record_url(c.subject, c.subject_id), current=c)
        for c in found
        if c.subject_id in known
    ]
