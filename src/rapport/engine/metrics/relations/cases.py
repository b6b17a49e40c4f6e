"""Cases: opened, resolved, and open at the end of a period."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.local_day import local_day
from rapport.engine.metrics.business_hours import with_business_hours
from rapport.engine.metrics.reading import Reading, elapsed, plain
from rapport.engine.metrics.relation import Dating, Dimension, Relation, column, through
from rapport.engine.metrics.relations.stretches import stretches
from rapport.engine.metrics.relations.then import known_entries

_MILESTONES = ("opened_at", "first_response_at", "solved_at", "closed_at")
CASE_DIMENSIONS: dict[str, Dimension] = {
    "owner": column("owner_id"),
    "team": through("owner_id", "users", "team_id"),
    "priority": column("priority"),
    "type": column("type"),
    "topic": column("topic"),
    "channel": column("channel"),
    "queue": column("queue"),
    "status": column("status"),
    "account": column("account_id"),
    "industry": through("account_id", "accounts", "industry"),
    "country": through("contact_id", "contacts", "country"),
}
_LABELS = ("subject_line", "status", "priority", "owner_id", "opened_at")


def real_cases(reading: Reading, *columns: str) -> ir.Table:
    """One row per case, spam and merged ones left out: its milestones and resolved_at (solved, else closed)."""
    cases = reading.table("cases", [*_MILESTONES, "is_spam", "merged_into_id", *columns])
    kept = cases.filter((~cases.is_spam).fill_null(True) & cases.merged_into_id.isnull())
    return kept.mutate(resolved_at=ibis.coalesce(kept.solved_at, kept.closed_at))


def _resolved(reading: Reading) -> ir.Table:
    """One row per resolved case, by its last resolution: at, hours, business_hours, reopened, in_order."""
    cases = real_cases(reading, *(["type"] if reading.wants("complaint") else []))
    done = cases.filter(cases.resolved_at.notnull())
    done = done.mutate(at=done.resolved_at, hours=elapsed(done.opened_at, done.resolved_at, unit="hours"))
    done = done.mutate(in_order=(done.hours >= 0).fill_null(False))
    if reading.wants("complaint"):
        done = done.mutate(complaint=(done["type"] == "complaint").fill_null(False))
    if reading.wants("reopened"):
        done = _with_event(done, reading, "reopened")
    if reading.wants("business_hours"):
        done = with_business_hours(done, reading, start="opened_at", end="resolved_at")
    return done


def _opened(reading: Reading) -> ir.Table:
    """One row per case, by its opening: at, solved_same_day, responded, response_hours."""
    cases = real_cases(reading)
    rows = cases.mutate(
        at=cases.opened_at, response_hours=elapsed(cases.opened_at, cases.first_response_at, unit="hours")
    )
    rows = rows.mutate(responded=(rows.response_hours >= 0).fill_null(False))
    if not reading.wants("solved_same_day"):
        return rows
    first = _first_solved(rows, reading)
    same = local_day(first.first_solved_at, reading.time_zone) == local_day(first.opened_at, reading.time_zone)
    return first.mutate(solved_same_day=same.fill_null(False))


def _first_solved(cases: ir.Table, reading: Reading) -> ir.Table:
    """When a case was first solved: by its events, else by its last resolution."""
    if not reading.has("case_events"):
        return cases.mutate(first_solved_at=cases.resolved_at)
    events = reading.lookup("case_events", ["case_id", "type", "occurred_at"])
    solved = events.filter(events["type"] == "solved")
    first = solved.group_by(_case=solved.case_id).aggregate(_first=solved.occurred_at.min())
    joined = cases.left_join(first, [("id", "_case")])
    earliest = ibis.coalesce(ibis.least(joined._first, joined.resolved_at), joined._first, joined.resolved_at)
    return plain(joined.mutate(first_solved_at=earliest).drop("_case", "_first"))


def _with_event(cases: ir.Table, reading: Reading, name: str) -> ir.Table:
    """`cases` with a boolean column `name`: whether such an event happened before the resolution."""
    events = reading.lookup("case_events", ["case_id", "type", "occurred_at"])
    named = events.filter(events["type"] == name)
    first = named.group_by(_case=named.case_id).aggregate(_first=named.occurred_at.min())
    joined = cases.left_join(first, [("id", "_case")])
    happened = (joined._first <= joined["at"]).fill_null(False)
    return plain(joined.mutate(**{name: happened}).drop("_case", "_first"))


def _standing(reading: Reading) -> ir.Table:
    """One row per stretch in which a case was open; a re-opened case stands again."""
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
    open_ = stretches(plain(ibis.union(*turns))).rename(_case="id")
    joined = open_.join(cases, [("_case", "id")]).drop("_case")
    return plain(joined)


RESOLVED_CASES = Relation(
    name="resolved_cases",
    grain="resolved cases",
    table="cases",
    needs=("cases.solved_at",),
    rows=_resolved,
    dimensions=CASE_DIMENSIONS,
    labels=_LABELS,
)
OPENED_CASES = Relation(
    name="opened_cases",
    grain="opened cases",
    table="cases",
    needs=("cases",),
    rows=_opened,
    dimensions=CASE_DIMENSIONS,
    labels=_LABELS,
)
OPEN_CASES = Relation(
    name="open_cases",
    grain="open cases",
    table="cases",
    needs=("cases",),
    rows=_standing,
    dating=Dating.STANDING,
    dimensions=CASE_DIMENSIONS,
    labels=("subject_line", "status", "priority", "owner_id"),
)
