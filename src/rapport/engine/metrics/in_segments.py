"""Segments as a dimension: rows by the segments that their person, account or deal was in at the row's instant.

Segments overlap. A row counts in each segment it is in, so that the parts of a whole do not add up to it; what is
asked of some segments counts each row once, however many of them it is in.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import reduce

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading, moment, plain
from rapport.engine.metrics.relation import SEGMENT, Dating, Relation

COLUMN = f"dim_{SEGMENT}"
_TABLE = "segment_memberships"
_MEMBER = "_member_{}"
_NEVER = timedelta(days=36_500)  # after the instant of knowledge


def split_by_segment(rows: ir.Table, relation: Relation, reading: Reading) -> ir.Table:
    """`rows` once for each segment they are in, named in `dim_segment`; null, once, for those in none."""
    whose = _with_members(rows, relation, reading)
    stays = _stays(reading)
    subjects = _subjects(relation)
    parts = [_joined(whose, stays, subject) for subject in subjects]
    outside = reduce(lambda left, subject: _without(left, stays, subject), subjects, whose)
    parts.append(outside.mutate(**{COLUMN: ibis.null("string")}))
    kept = [*(c for c in rows.columns if c != COLUMN), COLUMN]
    return plain(ibis.union(*(part.select(*kept) for part in parts)))


def only_in_segments(rows: ir.Table, relation: Relation, reading: Reading, values: Sequence[str | None]) -> ir.Table:
    """Rows in one of the segments, once each; None among the values stands for rows in no segment.

    `dim_segment` is the same text in all of them.
    """
    whose = _with_members(rows, relation, reading)
    stays, subjects = _stays(reading), _subjects(relation)
    named = stays.filter(stays.segment.isin([v for v in values if v is not None]))
    parts, rest = [], whose
    for subject in subjects if any(v is not None for v in values) else ():
        parts.append(_within(rest, named, subject))
        rest = _without(rest, named, subject)
    if None in values:
        parts.append(reduce(lambda left, subject: _without(left, stays, subject), subjects, whose))
    kept = [c for c in rows.columns if c != COLUMN]
    found = [part.select(*kept) for part in parts]
    together = ibis.union(*found) if len(found) > 1 else found[0]
    return plain(together).mutate(**{COLUMN: ibis.literal(", ".join(v or "none" for v in values))})


def _subjects(relation: Relation) -> list[str]:
    """Kinds of subjects whose segments a row may be in; a row of a person is also one of the person's account."""
    members = relation.dimensions[SEGMENT].members
    return [*members, *(["account"] if "contact" in members and "account" not in members else [])]


def _with_members(rows: ir.Table, relation: Relation, reading: Reading) -> ir.Table:
    """`rows` with the ids of whom they are about, and `_then`, the instant at which membership is asked."""
    members = relation.dimensions[SEGMENT].members
    rows = rows.mutate(
        _then=_instant(rows, relation, reading),
        **{_MEMBER.format(subject): rows[column] for subject, column in members.items()},
    )
    if "contact" not in members or not reading.has("contacts"):
        own = {} if "account" in members else {_MEMBER.format("account"): ibis.null("string")}
        return rows.mutate(**own) if "contact" in members and own else rows
    people = reading.lookup("contacts", ["account_id"]).select(_person="id", _employer="account_id")
    joined = plain(rows.left_join(people, [(_MEMBER.format("contact"), "_person")]))
    account = _MEMBER.format("account")
    own_account = joined[account] if account in joined.columns else ibis.null("string")
    return joined.mutate(**{account: ibis.coalesce(own_account, joined._employer)}).drop("_person", "_employer")


def _instant(rows: ir.Table, relation: Relation, reading: Reading) -> ir.TimestampValue:
    if relation.dating is Dating.EVENT:
        return rows["at"]
    if "stands_at" in rows.columns:
        return rows.stands_at
    ends = [(rows.period == window.number, moment(window.stand)) for window in reading.windows]
    return ibis.cases(*ends, else_=ibis.null("timestamp('UTC', 6)"))


def _stays(reading: Reading) -> ir.Table:
    """Stays in segments, as known: who entered the instant before a period's end stands at it."""
    columns = ["segment", "subject", "subject_id", "entered_at", "left_at"]
    stays = reading.lookup(_TABLE, columns)
    # never null, as engines join by hash only on plain comparisons
    until = ibis.coalesce(stays.left_at, moment(reading.view.at + _NEVER))
    return stays.select("segment", "subject", _subject_id="subject_id", _entered_at="entered_at", _left_at=until)


def _meets(rows: ir.Table, stays: ir.Table, subject: str) -> list[ir.BooleanValue]:
    return [
        rows[_MEMBER.format(subject)] == stays._subject_id,
        rows._then >= stays._entered_at,
        rows._then < stays._left_at,
    ]


def _joined(rows: ir.Table, stays: ir.Table, subject: str) -> ir.Table:
    own = stays.filter(stays.subject == subject).drop("subject").rename({COLUMN: "segment"})
    rows = rows.drop(COLUMN) if COLUMN in rows.columns else rows
    return plain(rows.inner_join(own, _meets(rows, own, subject)))


def _within(rows: ir.Table, stays: ir.Table, subject: str) -> ir.Table:
    own = stays.filter(stays.subject == subject)
    return rows.semi_join(own, _meets(rows, own, subject)).mutate()


def _without(rows: ir.Table, stays: ir.Table, subject: str) -> ir.Table:
    own = stays.filter(stays.subject == subject)
    return rows.anti_join(own, _meets(rows, own, subject)).mutate()
