"""Accepting what happens as it happens: one interaction or a few at a time, answered only when they are committed.

Callers of one process who come at the same time share a commit: the first writes for all who are waiting then, the
others wait for its answer. An interaction that its source names (`external_id`, else `message_id`) is accepted once,
however often it is delivered.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from rapport.workspace.crm.records.changes import Step, Verdict, write_batch
from rapport.workspace.crm.records.models import Contact, IdentityLink
from rapport.workspace.crm.records.touching import touch, touches_of
from rapport.workspace.lib import bulk
from rapport.workspace.lib.prompt_transaction import prompt_transaction

MOST_AT_ONCE = 1000
"""Interactions of one call, and of one commit, at most."""

Draft = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What became of one interaction.

    Attributes:
        id: of its row, new or known; empty where it was refused.
        known: it had been accepted before; nothing was written.
        refused: why it was not accepted; empty where it was.
    """

    id: str = ""
    known: bool = False
    refused: str = ""


@dataclass
class _Call:
    """A caller who waits. answers or error is set before done."""

    drafts: Sequence[Draft]
    source: str
    done: threading.Event = field(default_factory=threading.Event)
    answers: list[Answer] = field(default_factory=list)
    error: BaseException | None = None


class Acceptor:
    """Writes what callers bring; calls that wait meanwhile are written together by whoever is next."""

    def __init__(self) -> None:
        self._waiting: list[_Call] = []
        self._lock = threading.Lock()
        self._writing = threading.Lock()

    def accept(self, drafts: Sequence[Draft], *, source: str) -> list[Answer]:
        """Accept interactions (column -> value, as in a draft of `records.changes`); one answer each, in order.

        They are committed when this returns. `recorded_at` is now unless a draft says otherwise.
        Raises: ValueError for more than 1,000 at once; the database's own errors, nothing being written then.
        """
        if len(drafts) > MOST_AT_ONCE:
            raise ValueError(f"{len(drafts):,} interactions at once; at most {MOST_AT_ONCE:,} are taken")
        call = _Call(drafts, source)
        with self._lock:
            self._waiting.append(call)
        with self._writing:
            if not call.done.is_set():
                self._write(self._next(call))
        if call.error is not None:
            raise call.error
        return call.answers

    def _next(self, own: _Call) -> list[_Call]:
        """The calls of the next commit: this one, and those that wait beside it as far as they fit."""
        with self._lock:
            taken, room = [own], MOST_AT_ONCE - len(own.drafts)
            for call in self._waiting:
                if call is not own and len(call.drafts) <= room:
                    taken.append(call)
                    room -= len(call.drafts)
            self._waiting = [call for call in self._waiting if call not in taken]
            return taken

    def _write(self, calls: list[_Call]) -> None:
        try:
            _accepted(calls)
        except BaseException as error:
            for call in calls:
                call.error = error
        finally:
            for call in calls:
                call.done.set()


_ACCEPTOR = Acceptor()


def accept(drafts: Sequence[Draft], *, source: str) -> list[Answer]:
    """`Acceptor.accept` of this process: the way interactions come in one by one."""
    return _ACCEPTOR.accept(drafts, source=source)


def _accepted(calls: Sequence[_Call]) -> None:
    """Write the calls' interactions in one transaction, with a mark for whoever they are about."""
    now = timezone.now()
    with bulk.without_garbage_collection(), prompt_transaction():
        strangers = _strangers([draft for call in calls for draft in call.drafts])
        answers = [_write_source(source, calls, strangers, now) for source in {call.source: None for call in calls}]
    by_call = {id(call): given for answered in answers for call, given in answered}
    for call in calls:
        call.answers = by_call[id(call)]


def _write_source(
    source: str, calls: Sequence[_Call], strangers: frozenset[str], now: datetime
) -> list[tuple[_Call, list[Answer]]]:
    """The calls of one source, each with its answers."""
    own = [call for call in calls if call.source == source]
    drafts = [_complete(draft, now) for call in own for draft in call.drafts]
    first = _first_of_each(drafts)
    fresh = [position for position, leader in enumerate(first) if leader == position]
    known = [p for p in fresh if drafts[p].get("contact_id") not in strangers]
    steps = write_batch("interactions", [drafts[p] for p in known], source=source, by="accept", at=now)
    answers = {position: _answer(step) for position, step in zip(known, steps, strict=True)}
    refused = Answer(refused="contact_id names no contact")
    touch(touches_of("interactions", (s.values for s in steps if s.verdict is Verdict.NEW)), at=now)
    given = iter(_repeated(answers.get(leader, refused), leader == p) for p, leader in enumerate(first))
    return [(call, [next(given) for _ in call.drafts]) for call in own]


def _complete(draft: Draft, now: datetime) -> dict[str, Any]:
    whole = {"recorded_at": now, **draft}
    if not whole.get("external_id") and whole.get("message_id"):
        whole["external_id"] = whole["message_id"]
    return whole


def _first_of_each(drafts: Sequence[Draft]) -> list[int]:
    """For each draft the position of the first one with the same external id, mostly its own."""
    seen: dict[Any, int] = {}
    return [seen.setdefault(draft.get("external_id") or ("", p), p) for p, draft in enumerate(drafts)]


def _answer(step: Step) -> Answer:
    if step.verdict is Verdict.ERROR:
        return Answer(refused=step.reason)
    return Answer(id=step.id, known=step.verdict is not Verdict.NEW)


def _repeated(answer: Answer, is_first: bool) -> Answer:
    return answer if is_first or answer.refused else Answer(id=answer.id, known=True)


def _strangers(drafts: Sequence[Draft]) -> frozenset[str]:
    """Contact ids that belong to nobody, not even to somebody who was merged."""
    named = {draft["contact_id"] for draft in drafts if draft.get("contact_id")}
    strangers = named - set(Contact.objects.filter(pk__in=named).values_list("pk", flat=True)) if named else named
    if strangers:
        strangers -= set(IdentityLink.objects.filter(from_id__in=strangers).values_list("from_id", flat=True))
    return frozenset(strangers)
