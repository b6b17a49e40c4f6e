"""Marks: which are due, whom they ask to be scored, and taking them away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from rapport.workspace.crm.lake.near import ids_where, with_merged
from rapport.workspace.crm.records.models import TouchMark
from rapport.workspace.scores.realtime.live import LiveScore

MOST_SUBJECTS = 1000  # of one batch; one write transaction writes no more rows of a score
_MOST_MARKS = 4000


@dataclass
class Mark:
    id: int
    contact_id: str | None
    account_id: str | None
    deal_id: str | None
    wide: bool
    touched_at: datetime

    @property
    def who(self) -> tuple[object, ...]:
        return self.contact_id, self.account_id, self.deal_id


def due_marks(now: datetime) -> list[Mark]:
    """The oldest marks, of at most so many subjects."""
    columns = ("id", "contact_id", "account_id", "deal_id", "wide", "touched_at")
    rows = TouchMark.objects.filter(due_at__lte=now).order_by("id").values_list(*columns)[:_MOST_MARKS]
    taken: list[Mark] = []
    seen: set[tuple[object, ...]] = set()
    for row in rows:
        mark = Mark(*row)
        if mark.who not in seen and len(seen) == MOST_SUBJECTS:
            break
        seen.add(mark.who)
        taken.append(mark)
    return taken


def subjects_of(marks: Sequence[Mark], live: Sequence[LiveScore]) -> dict[str, frozenset[str]]:
    """Whom to score, by kind of subject, of those kinds that some live score is about."""
    kinds = {score.subject for score in live}
    contacts = {m.contact_id for m in marks if m.contact_id}
    accounts = {m.account_id for m in marks if m.account_id}
    deals = {m.deal_id for m in marks if m.deal_id}
    wide = [mark for mark in marks if mark.wide]
    of_wide = {m.account_id for m in wide if m.account_id}
    if "account" in kinds or any(score.is_wide for score in live):
        accounts |= ids_where("contacts", "account_id", "id", contacts)
        of_wide |= ids_where("contacts", "account_id", "id", {m.contact_id for m in wide if m.contact_id})
    if "contact" in kinds:
        contacts |= ids_where("contacts", "id", "account_id", of_wide)
    if "deal" in kinds:
        deals |= ids_where("deals", "id", "account_id", of_wide)
        deals |= ids_where("deals", "id", "contact_id", {m.contact_id for m in wide if m.contact_id})
    asked = {"contact": with_merged(frozenset(contacts)), "account": with_merged(frozenset(accounts)), "deal": deals}
    return {kind: frozenset(ids) if kind in kinds else frozenset() for kind, ids in asked.items()}


def delete_marks(ids: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("DELETE FROM touch_marks WHERE id = ANY(%s)", [list(ids)])
        else:
            listed = "[" + ",".join(map(str, ids)) + "]"
            cursor.execute("DELETE FROM touch_marks WHERE id IN (SELECT value FROM json_each(%s))", [listed])
