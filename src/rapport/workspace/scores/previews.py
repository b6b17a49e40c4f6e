"""What a document would do, on real records, before anything is published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import pyarrow as pa

from rapport.engine.crm.as_of import as_known
from rapport.engine.scores.definition import ScoreDefinition as Definition
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.explanation import Explanation
from rapport.engine.scores.kinds import KINDS
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.scores.models import CurrentScore
from rapport.workspace.scores.references import resolved
from rapport.workspace.scores.runs import READ_TABLES, compute, last_run, population_of
from rapport.workspace.scores.scored import Scored, scored_rows
from rapport.workspace.scores.subjects import Subject, records, subjects

_SAMPLE = 8
_NOTHING = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One record: its live value and band (None where it has none) beside those of the document."""

    subject: Subject
    live: CurrentScore | None
    draft: Scored
    explanation: Explanation | None = None

    @property
    def change(self) -> Decimal | None:
        if self.live is None or self.live.value is None or self.draft.value is None:
            return None
        return self.draft.value - self.live.value


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """How many are in a band now and would be."""

    label: str
    now: int
    then: int

    @property
    def change(self) -> int:
        return self.then - self.now


@dataclass(frozen=True, kw_only=True)
class Move:
    """How many would go from one band to another; None stands for no value."""

    now: str | None
    then: str | None
    count: int


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What publishing would do now: the bands before and after, and who would move most.

    moves: from band (None: not scored so far) to band, those that change it; capacity: what the team works a week,
    None where it is not known.
    """

    crossings: Sequence[Crossing]
    up_count: int
    down_count: int
    null_count: int
    most_moved: Sequence[Compared]
    moves: Sequence[Move] = ()
    capacity: int | None = None

    @property
    def against_capacity(self) -> str:
        """`412 more A; the team works 150 a week.`; empty without bands."""
        if not self.crossings:
            return ""
        top = self.crossings[0]
        way = "more" if top.change > 0 else "fewer"
        told = f"{abs(top.change):,} {way} {top.label}" if top.change else f"As many {top.label} as now"
        if self.capacity is None:
            return f"{told}; nobody has said how many the team works a week."
        weeks = top.then / self.capacity
        span = "less than a week" if weeks < 1 else f"{weeks:.1f} weeks"
        return (
            f"{told}; the team works {self.capacity:,} a week, so the {top.then:,} in {top.label} are {span} of work."
        )


def sample_preview(document: str, *, now: datetime, count: int = _SAMPLE) -> list[Compared]:
    """A few real records scored by a document, each with its reasons; the same ones for every draft of a score.

    Raises DefinitionError where the document cannot be read.
    """
    definition = parse_definition(resolved(document))
    live = _live_sample(definition.name, count)
    known = subjects(definition.subject, live) or _first_records(definition.subject, count)
    if not known:
        return []
    kind, run = KINDS[definition.kind], population_of(last_run(definition.name))
    with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
        view = as_known(snapshot, now)
        wanted = runner.from_arrow(pa.table({"subject_id": pa.array(sorted(known), pa.string())}))
        rows = scored_rows(runner.to_arrow(kind.score(definition, view, runner=runner, run=run, subjects=wanted)))
        explained = kind.explain(definition, view, subject_ids=sorted(known), runner=runner, run=run)
    compared = [
        Compared(
            subject=known[row.subject_id],
            live=live.get(row.subject_id),
            draft=row,
            explanation=explained.get(row.subject_id),
        )
        for row in rows
        if row.subject_id in known
    ]
    return sorted(compared, key=lambda c: (-(c.draft.value or Decimal(-1)), c.subject.name))


def effect(document: str, *, now: datetime, most_moved: int = 10, capacity: int | None = None) -> Effect:
    """Everyone scored by a document, compared with the current values of the score it names.

    Parameters: capacity, how many the team works a week.
    """
    definition = parse_definition(resolved(document))
    with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
        rows = compute(definition, snapshot, at=now, runner=runner).rows
    current = {c.subject_id: c for c in CurrentScore.objects.filter(score=definition.name)}
    changes = {row.subject_id: _difference(row, current.get(row.subject_id)) or _NOTHING for row in rows}
    moved = sorted(rows, key=lambda row: (-abs(changes[row.subject_id]), row.subject_id))[:most_moved]
    known = subjects(definition.subject, [row.subject_id for row in moved])
    return Effect(
        crossings=_crossings(definition, rows, current),
        up_count=sum(change > 0 for change in changes.values()),
        down_count=sum(change < 0 for change in changes.values()),
        null_count=sum(row.value is None for row in rows),
        most_moved=[
            Compared(subject=known[row.subject_id], live=current.get(row.subject_id), draft=row)
            for row in moved
            if changes[row.subject_id] and row.subject_id in known
        ],
        moves=_moves(rows, current),
        capacity=capacity,
    )


def _crossings(definition: Definition, rows: Sequence[Scored], current: Mapping[str, CurrentScore]) -> list[Crossing]:
    now, then = Counter(c.band for c in current.values()), Counter(row.band for row in rows)
    return [Crossing(label=b.label, now=now[b.label], then=then[b.label]) for b in definition.bands]


def _moves(rows: Sequence[Scored], current: Mapping[str, CurrentScore]) -> list[Move]:
    """Those who change band, the largest group first."""
    counted = Counter((live.band if (live := current.get(row.subject_id)) else None, row.band) for row in rows)
    found = [Move(now=now, then=then, count=n) for (now, then), n in counted.items() if now != then]
    return sorted(found, key=lambda m: (-m.count, m.now or "", m.then or ""))


def _difference(row: Scored, live: CurrentScore | None) -> Decimal | None:
    return None if live is None or live.value is None or row.value is None else row.value - live.value


def _live_sample(name: str, count: int) -> dict[str, CurrentScore]:
    """Some from the top, the middle and the bottom of the current values."""
    rows = CurrentScore.objects.filter(score=name, value__isnull=False).order_by("-value", "subject_id")
    total = rows.count()
    if total <= count:
        picked = list(rows)
    else:
        places = [round(i * (total - 1) / (count - 1)) for i in range(count)]
        picked = [rows[place] for place in places]
    return {c.subject_id: c for c in picked}


def _first_records(kind: str, count: int) -> dict[str, Subject]:
    return subjects(kind, list(records(kind).order_by("pk").values_list("pk", flat=True)[:count]))
