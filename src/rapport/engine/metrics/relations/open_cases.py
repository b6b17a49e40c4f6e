"""Cases open at the end of each period, and the turns of their state: opened, re-opened, solved."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.tables import TABLES, Change
from rapport.engine.metrics.reading import Reading, elapsed, plain
from rapport.engine.metrics.relation import Dating, Relation, column
from rapport.engine.metrics.relations.cases import CASE_DIMENSIONS, real_cases
from rapport.engine.metrics.relations.stretches import stretches
from rapport.engine.metrics.relations.then import known_entries, with_values_then
from rapport.engine.metrics.windows import standing_in_windows

_CHANGING = frozenset(c.name for c in TABLES["cases"].changeable if c.change is Change.CHANGEABLE)
_AGES = ((1, "under 1 day"), (3, "1 to 3 days"), (7, "3 to 7 days"), (30, "7 to 30 days"))
_OLDEST = "over 30 days"


def _open(reading: Reading) -> ir.Table:
    """One row per case and period at whose end it was open, with the owner, priority, status ... it had then.

    Columns: age_days since it was first opened, age_band, unassigned.
    """
    standing = standing_in_windows(plain(_stretches_of_cases(reading)), reading.windows)
    changing = sorted(name for name in reading.wanted if name in _CHANGING)
    changing += ["owner_id"] if reading.wants("unassigned") and "owner_id" not in changing else []
    fixed = sorted(name for name in reading.wanted if name in TABLES["cases"].columns and name not in _CHANGING)
    cases = reading.lookup("cases", list(dict.fromkeys([*fixed, "opened_at"]))).rename(_case="id")
    rows = plain(standing.join(cases, [("id", "_case")]).drop("_case"))
    if changing:
        rows = with_values_then(rows, reading, "cases", changing)
    if reading.wants("unassigned"):
        rows = rows.mutate(unassigned=rows.owner_id.isnull())
    if reading.wants("age_band", "age_days"):
        rows = rows.mutate(age_days=elapsed(rows.opened_at, rows.stands_at, unit="days"))
        bands = [(rows.age_days < days, name) for days, name in _AGES]
        rows = rows.mutate(age_band=ibis.cases(*bands, else_=_OLDEST))
    return rows


def _stretches_of_cases(reading: Reading) -> ir.Table:
    """One row per stretch in which a case was open: id, from_at, to_at; a re-opened case stands again."""
    cases = real_cases(reading)
    begun = ibis.ifelse(cases.resolved_at < cases.opened_at, cases.resolved_at, cases.opened_at)
    turns = [
        cases.select("id", at=begun, opens=ibis.literal(value=True)),
        cases.filter(cases.resolved_at.notnull()).select("id", at="resolved_at", opens=ibis.literal(value=False)),
    ]
    if reading.has("case_events"):
        events = reading.lookup("case_events", ["case_id", "type", "occurred_at"])
        turning = events.filter(events["type"].isin(["solved", "reopened"]))
        turns.append(turning.select(id="case_id", at="occurred_at", opens=turning["type"] == "reopened"))
    if reading.has("attribute_history"):
        entries = known_entries(reading, "cases", ["solved_at"])
        emptied = entries.filter(entries.value.isnull() & ~entries.is_first)
        moved = entries.filter(entries.value.notnull())
        turns.append(emptied.select("id", at="valid_from", opens=ibis.literal(value=True)))
        turns.append(moved.select("id", at=moved.value.cast("timestamp('UTC', 6)"), opens=ibis.literal(value=False)))
    return stretches(plain(ibis.union(*turns))).semi_join(cases, "id")


def _turns(reading: Reading) -> ir.Table:
    """One row per beginning or end of a stretch in which a case was open: at, is_opening, is_reopening, is_solve."""
    found = _stretches_of_cases(reading)
    order = ibis.window(group_by="id", order_by=found.from_at)
    begun = plain(found.mutate(_number=ibis.row_number().over(order)))
    turns = begun.select(
        "id", at="from_at", is_opening=begun._number == 0, is_reopening=begun._number > 0, is_solve=False
    ).union(
        begun.filter(begun.to_at.notnull()).select(
            "id", at="to_at", is_opening=False, is_reopening=False, is_solve=True
        )
    )
    named = sorted(name for name in reading.wanted if name in TABLES["cases"].columns)
    cases = reading.lookup("cases", named).rename(_case="id")
    return plain(turns.join(cases, [("id", "_case")]).drop("_case"))


OPEN_CASES = Relation(
    name="open_cases",
    grain="open cases",
    table="cases",
    needs=("cases",),
    rows=_open,
    dating=Dating.PER_PERIOD,
    dimensions={**CASE_DIMENSIONS, "age_band": column("age_band")},
    labels=("subject_line", "status", "priority", "owner_id", "age_days"),
)
CASE_TURNS = Relation(
    name="case_turns",
    grain="openings and solves",
    table="cases",
    needs=("cases",),
    rows=_turns,
    dimensions=CASE_DIMENSIONS,
    labels=("subject_line", "status", "priority", "owner_id"),
)
