"""Cases, by their opening and by their resolution."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.local_day import local_day, local_day_of
from rapport.engine.metrics.business_clock import with_business_day, with_business_hours
from rapport.engine.metrics.business_hours import calendar_of
from rapport.engine.metrics.reading import Reading, elapsed, moment, plain
from rapport.engine.metrics.relation import Dimension, Relation, column, through
from rapport.engine.metrics.relations.at_instant import with_value_at
from rapport.engine.metrics.relations.case_messages import with_facts
from rapport.engine.metrics.relations.first_responses import with_first_response
from rapport.engine.metrics.relations.waiting import with_wait_hours

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
    """One row per resolved case, by its last resolution: at, in_order, reopened, hours, business_hours ...

    A case re-opened since is not resolved. `complaint` is its type at the resolution, `wait_hours` the time in
    which it waited for the customer, `customer_replies` what the customer wrote after the opening message.
    """
    cases = real_cases(reading, "contact_id", "channel")
    facts = ["last_reopened"]
    facts += ["first_reopened"] if reading.wants("reopened") else []
    facts += ["first_solved_event"] if reading.wants("solved_same_day") else []
    facts += ["tells_replies"] if reading.wants("tells_replies") else []
    facts += [name for name in ("customer_replies", "customer_messages") if reading.wants(name)]
    done = with_facts(cases.filter(cases.resolved_at.notnull()), reading, facts)
    done = plain(done.filter((done.last_reopened <= done.resolved_at).fill_null(True)))
    done = done.mutate(at=done.resolved_at, hours=elapsed(done.opened_at, done.resolved_at, unit="hours"))
    done = done.mutate(in_order=(done.hours >= 0).fill_null(False))
    if "first_reopened" in facts:
        done = done.mutate(reopened=(done.first_reopened <= done.resolved_at).fill_null(False))
    if "tells_replies" in facts:
        done = done.mutate(tells_replies=done.tells_replies.fill_null(False))
    return _with_own_time(done, reading)


def _with_own_time(done: ir.Table, reading: Reading) -> ir.Table:
    """Columns that cost a query or a look into history, where they are wanted."""
    if reading.wants("complaint"):
        done = with_value_at(done, reading, "cases", "type", key="id", at="resolved_at", name="type_then")
        done = done.mutate(complaint=(done.type_then == "complaint").fill_null(False))
    if reading.wants("calendar_days"):
        opened, ended = (local_day(done[at], reading.time_zone) for at in ("opened_at", "resolved_at"))
        done = done.mutate(calendar_days=ended.delta(opened, unit="day").cast("float64"))
    if reading.wants("solved_same_day"):
        done = _with_same_day(done, reading)
    if reading.wants("business_hours"):
        done = with_business_hours(done, reading, start="opened_at", end="resolved_at", since="cases.opened_at")
    if reading.wants("wait_hours", "hours_without_wait", "wait_known"):
        done = with_wait_hours(done, reading)
        done = done.mutate(hours_without_wait=done.hours - done.wait_hours)
        done = done.mutate(wait_known=done.in_order & done.wait_hours.notnull())
    return done


def _opened(reading: Reading) -> ir.Table:
    """One row per case, by its opening: at, matured, and what came of it where that is wanted.

    solved_same_day, solved_within_24h  by the first solve; `matured` after 24 hours and the end of the local day
    solved_same_business_day            on the business day it belongs to; business_day_over
    first_resolution_hours              to the first solve, first_resolved
    response_minutes, response_business_minutes, responded   to the first public reply of a human agent
    inbound                             not opened by an agent
    """
    cases = real_cases(reading, "contact_id", "channel")
    solved = reading.wants("solved_same_day", "solved_within_24h", "solved_same_business_day", "business_day_over")
    solved = solved or reading.wants("first_resolution_hours", "first_resolved", "first_resolution_business_hours")
    responded = reading.wants("responded", "response_minutes", "response_business_minutes", "response_business_known")
    facts = ["first_solved_event"] if solved else []
    facts += ["opened_in_public", "first_reply", "first_later_reply", "tells_replies"] if responded else []
    facts += ["opened_by_agent"] if reading.wants("inbound") else []
    rows = with_facts(cases, reading, facts) if facts else cases
    rows = rows.mutate(at=rows.opened_at, matured=_a_day_over(rows, reading))
    if "opened_by_agent" in facts:
        rows = rows.mutate(inbound=~rows.opened_by_agent.fill_null(False))
    rows = _with_first_solve(rows, reading) if solved else rows
    return with_first_response(rows, reading) if responded else rows


def _a_day_over(rows: ir.Table, reading: Reading) -> ir.BooleanValue:
    now = reading.view.at
    day_over = local_day(rows.opened_at, reading.time_zone) < ibis.literal(local_day_of(now, reading.time_zone))
    return (day_over & (rows.opened_at + ibis.interval(hours=24) <= moment(now))).fill_null(False)


def _with_first_solve(rows: ir.Table, reading: Reading) -> ir.Table:
    rows = _with_same_day(rows, reading)
    hours = elapsed(rows.opened_at, rows.first_solved_at, unit="hours")
    in_order = (hours >= 0).fill_null(False)
    rows = rows.mutate(
        first_resolution_hours=hours,
        first_resolved=in_order,
        solved_within_24h=in_order & (hours <= 24),
    )
    if reading.wants("first_resolution_business_hours"):
        rows = with_business_hours(
            rows,
            reading,
            start="opened_at",
            end="first_solved_at",
            name="first_resolution_business_hours",
            since="cases.opened_at",
        )
    if reading.wants("solved_same_business_day", "business_day_over"):
        rows = with_business_day(rows, reading, at="opened_at", done="first_solved_at", since="cases.opened_at")
        today = ibis.literal(local_day_of(reading.view.at, calendar_of(reading).time_zone))
        over = (rows.business_day < today).fill_null(False)
        in_time = (rows._done_day <= rows.business_day).fill_null(False)
        rows = rows.mutate(business_day_over=over, solved_same_business_day=over & in_time)
    return rows


def _with_same_day(rows: ir.Table, reading: Reading) -> ir.Table:
    """First solved, by its events, else by its last resolution; and whether on the local day of the opening."""
    earliest = ibis.least(rows.first_solved_event, rows.resolved_at)
    first = ibis.coalesce(earliest, rows.first_solved_event, rows.resolved_at)
    rows = rows.mutate(first_solved_at=first)
    same = local_day(rows.first_solved_at, reading.time_zone) == local_day(rows.opened_at, reading.time_zone)
    return rows.mutate(solved_same_day=same.fill_null(False))


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
