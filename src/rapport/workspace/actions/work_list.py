"""Building the work list: contact these now, because ..."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from rapport.engine.actions.holdout import HOLDOUT
from rapport.workspace.actions.candidates import Bounds, Candidate, candidates, interleaved
from rapport.workspace.actions.decisions import HOLD_DONE, HOLD_NOT_RELEVANT
from rapport.workspace.actions.holdout import arms_of, held_out_now
from rapport.workspace.actions.models import WorkItem
from rapport.workspace.actions.reasons import Reasoned, reasoned
from rapport.workspace.actions.timing import Way, ways
from rapport.workspace.crm.records.models import Contact
from rapport.workspace.crm.sales.models import Deal
from rapport.workspace.queue.leases import held
from rapport.workspace.scores.definitions import live_definitions, readable
from rapport.workspace.scores.explanations import explain_movement
from rapport.workspace.scores.subjects import Subject, subjects

CAPACITY = 25  # of one user before the next run
_LONGEST_WAIT = 600.0  # seconds for another process that builds it


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A candidate who fits somebody's capacity, and the record behind it."""

    candidate: Candidate
    subject: Subject
    rank: int


def build_work_list(*, now: datetime, capacity: int = CAPACITY) -> int:
    """Suggest anew for every owner within capacity; returns how many items are open.

    What was decided or snoozed is held off; open suggestions that no longer stand are withdrawn.
    Records without an owner form one list of their own.
    """
    with held("work list", seconds=60, wait=_LONGEST_WAIT):
        _wake(now)
        items = _items(_choose(now=now, capacity=capacity), now=now)
        _replace(items)
    return len(items)


def _wake(now: datetime) -> None:
    """Snoozed ones whose time has come are open again."""
    due = WorkItem.objects.filter(state=WorkItem.State.SNOOZED, snoozed_until__lte=now)
    due.update(state=WorkItem.State.OPEN, snoozed_until=None)


def _choose(*, now: datetime, capacity: int) -> list[Chosen]:
    held = _held_off(now) | held_out_now(now=now)
    by_owner: dict[str | None, list[tuple[Candidate, Subject]]] = defaultdict(list)
    taken: set[str] = set()
    for candidate, subject in _known_candidates(now):
        if subject.id not in taken and subject.id not in held:
            taken.add(subject.id)
            by_owner[subject.owner_id].append((candidate, subject))
    return [c for rows in by_owner.values() for c in _within(rows, capacity, now=now)]


def _within(rows: Sequence[tuple[Candidate, Subject]], capacity: int, *, now: datetime) -> list[Chosen]:
    subject_of = {candidate.key: subject for candidate, subject in rows}
    ordered = interleaved((candidate for candidate, _ in rows), capacity=len(rows))
    first = _not_held_out(ordered, capacity, now=now)
    return [Chosen(candidate=c, subject=subject_of[c.key], rank=rank) for rank, c in enumerate(first, start=1)]


def _not_held_out(ordered: Sequence[Candidate], capacity: int, *, now: datetime) -> list[Candidate]:
    """The first `capacity` that are not held out. Only who would be suggested is divided: nobody further down."""
    kept: list[Candidate] = []
    rest = list(ordered)
    while rest and len(kept) < capacity:
        part, rest = rest[: capacity - len(kept)], rest[capacity - len(kept) :]
        by_score: dict[str, dict[str, str | None]] = defaultdict(dict)
        for c in part:
            by_score[c.current.score][c.current.subject_id] = c.current.band
        arms = {
            (score, s): arm for score, asked in by_score.items() for s, arm in arms_of(score, asked, now=now).items()
        }
        kept += [c for c in part if arms[c.key] != HOLDOUT]
    return kept


def _known_candidates(now: datetime) -> Iterable[tuple[Candidate, Subject]]:
    """Candidates of every live score that has bands, whose record stands."""
    for version in live_definitions():
        definition = readable(version)
        bands = definition.bands if definition else ()
        if not bands or version.name is None:
            continue
        bounds = Bounds(labels=tuple(b.label for b in bands), bounds=tuple(b.from_ for b in bands))
        found = candidates(version.name, bounds, now=now)
        known = subjects(version.subject, {c.current.subject_id for c in found})
        yield from ((c, known[c.current.subject_id]) for c in found if c.current.subject_id in known)


def _held_off(now: datetime) -> set[str]:
    """Subjects that somebody has snoozed, contacted lately or found not relevant."""
    held = WorkItem.objects.filter(
        Q(state=WorkItem.State.SNOOZED)
        | Q(state=WorkItem.State.DONE, decided_at__gt=now - HOLD_DONE)
        | Q(state=WorkItem.State.NOT_RELEVANT, decided_at__gt=now - HOLD_NOT_RELEVANT)
    )
    return set(held.values_list("subject_id", flat=True))


def _items(chosen: Sequence[Chosen], *, now: datetime) -> list[WorkItem]:
    why = _reasons(chosen)
    how = _ways(chosen, now=now)
    return [_item(c, why[c.candidate.key], how.get(c.subject.id, Way()), now=now) for c in chosen]


def _reasons(chosen: Sequence[Chosen]) -> Mapping[tuple[str, str], Reasoned]:
    by_score: dict[str, list[Candidate]] = defaultdict(list)
    for one in chosen:
        by_score[one.candidate.current.score].append(one.candidate)
    found: dict[tuple[str, str], Reasoned] = {}
    for score, rows in by_score.items():
        moved = [c.current.subject_id for c in rows if c.cause in ("risen", "falling")]
        now, week_ago = explain_movement(score, [c.current.subject_id for c in rows], moved=moved)
        for c in rows:
            subject_id = c.current.subject_id
            found[c.key] = reasoned(c, now.get(subject_id), week_ago.get(subject_id))
    return found


def _ways(chosen: Sequence[Chosen], *, now: datetime) -> dict[str, Way]:
    """How to reach each subject: a contact itself, a deal its main contact, an account any of its contacts."""
    contact_of = {c.subject.id: c.subject.id for c in chosen if c.subject.kind == "contact"}
    deals = [c.subject.id for c in chosen if c.subject.kind == "deal"]
    contact_of |= {d: c for d, c in Deal.objects.filter(id__in=deals).values_list("id", "contact_id") if c}
    accounts = [c.subject.id for c in chosen if c.subject.kind == "account"]
    members = Contact.objects.filter(account_id__in=accounts, deleted_at__isnull=True).order_by("-id")
    contact_of |= {a: c for c, a in members.values_list("id", "account_id") if a}
    known = ways(set(contact_of.values()), now=now, zone=ZoneInfo(settings.REPORTING_TIME_ZONE))
    return {subject_id: known.get(contact_id, Way()) for subject_id, contact_id in contact_of.items()}


def _item(chosen: Chosen, why: Reasoned, way: Way, *, now: datetime) -> WorkItem:
    current, subject = chosen.candidate.current, chosen.subject
    return WorkItem(
        for_user_id=subject.owner_id,
        subject=subject.kind,
        subject_id=subject.id,
        subject_name=subject.name[:500],
        score=current.score,
        version=current.version,
        run_id=current.run_id,
        cause=chosen.candidate.cause,
        value=current.value,
        band=current.band,
        trend=current.trend,
        change_7d=current.change_7d,
        reason=why.sentence,
        lines=why.lines,
        channel=way.channel,
        best_hour=way.hour,
        rank=chosen.rank,
        created_at=now,
    )


@transaction.atomic
def _replace(items: Sequence[WorkItem]) -> None:
    """Open suggestions become these; one that was open already keeps its id and its age."""
    open_before = {(i.score, i.subject_id): i for i in WorkItem.objects.filter(state=WorkItem.State.OPEN)}
    keys = {(i.score, i.subject_id) for i in items}
    gone = [i.id for key, i in open_before.items() if key not in keys]
    for start in range(0, len(gone), 500):
        WorkItem.objects.filter(id__in=gone[start : start + 500]).delete()
    for item in items:
        if (before := open_before.get((item.score, item.subject_id))) is not None:
            item.id, item.created_at = before.id, before.created_at
    again = [i for i in items if (i.score, i.subject_id) in open_before]
    fields = [f.name for f in WorkItem._meta.concrete_fields if f.name not in ("id", "created_at")]
    WorkItem.objects.bulk_update(again, fields, batch_size=100)
    WorkItem.objects.bulk_create([i for i in items if (i.score, i.subject_id) not in open_before])
