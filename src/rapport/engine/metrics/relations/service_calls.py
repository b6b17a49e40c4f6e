"""Calls to service: one row per call, whatever its legs, and the days on which they could come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.flags import without_flagged
from rapport.engine.crm.local_day import local_day, local_day_of, local_time
from rapport.engine.errors import EngineCannot
from rapport.engine.metrics.business_hours import calendar_of
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Dating, Dimension, Relation, column, through
from rapport.engine.metrics.windows import Window, in_windows

SHORT_ABANDON_SECONDS = 10  # setting `short_abandon_seconds`
ABANDONED = ("abandoned", "abandon", "hang", "hung_up")
SELF_SERVED = ("self_service", "self_served", "ivr", "contained")
CALLED_BACK = ("callback", "call_back", "callback_requested")
_UNANSWERED = (
    *(*ABANDONED, *SELF_SERVED, *CALLED_BACK),
    *("voicemail", "no_answer", "busy", "failed", "overflow", "phantom"),
)
_COLUMNS = (
    *("type", "occurred_at", "direction", "outcome", "queue", "case_id", "contact_id", "owner_id", "session_id"),
    *("message_id", "duration_s", "wait_s"),
)
CALL_DIMENSIONS: dict[str, Dimension] = {
    "queue": column("queue"),
    "agent": column("owner_id"),
    "team": through("owner_id", "users", "team_id"),
    "outcome": column("outcome"),
    "hour": column("hour"),
    "country": through("contact_id", "contacts", "country"),
}


def service_legs(reading: Reading, types: Sequence[str], columns: Sequence[str]) -> ir.Table:
    """One row per leg of an interaction with service (it has a queue or a case): call_key, answered, `columns`.

    Legs of one call share its `session_id`. A message sent twice counts once; what was flagged is left out.
    """
    rows = reading.lookup("interactions", columns)
    mine = rows.filter(rows["type"].isin(list(types)) & (rows.queue.notnull() | rows.case_id.notnull()))
    mine = plain(without_flagged(mine, reading.view))
    sent = mine.mutate(_sent=ibis.coalesce(mine.message_id, mine.id))
    first = ibis.row_number().over(group_by=sent._sent, order_by=[sent.occurred_at, sent.id])
    once = sent.mutate(_copy=first).filter(lambda t: t._copy == 0).drop("_copy", "_sent")
    outcome = once.outcome.lower()
    talked = (once.duration_s > 0).fill_null(False)
    answered = ibis.ifelse(outcome.isnull(), talked, ~outcome.isin(list(_UNANSWERED)))
    return once.mutate(call_key=ibis.coalesce(once.session_id, once.id), came_of=outcome, answered=answered)


def service_calls(reading: Reading) -> ir.Table:
    """One row per call: at (of its first leg), the queue, agent and outcome of its last leg, waited_s, and

    offered      inbound and brought to a queue: not ended in the menu
    answered     an inbound call that somebody answered, on whatever leg
    abandoned    whose last leg the caller left; short_abandon within the threshold, long_abandon after it
    agent_day    the agent and the local day, where answered
    """
    legs = service_legs(reading, ["call"], _COLUMNS)
    whole = ibis.window(group_by="call_key")
    last = ibis.row_number().over(group_by=legs.call_key, order_by=[legs.occurred_at.desc(), legs.id.desc()])
    calls = legs.mutate(
        at=legs.occurred_at.min().over(whole),
        waited_s=legs.wait_s.sum().over(whole),
        ever_answered=legs.answered.cast("int64").max().over(whole) == 1,
        _last=last,
    )
    calls = plain(calls.filter(calls._last == 0).drop("_last"))
    inbound = (calls.direction == "inbound").fill_null(calls.queue.notnull())
    offered = inbound & ~calls.came_of.isin([*SELF_SERVED, "phantom"]).fill_null(False)
    abandoned = offered & calls.came_of.isin(list(ABANDONED)).fill_null(False)
    threshold = reading.whole_number("short_abandon_seconds", SHORT_ABANDON_SECONDS)
    short = abandoned & (calls.waited_s < threshold).fill_null(False)
    day = local_day(calls["at"], reading.time_zone).cast("string")
    answered = inbound & calls.ever_answered
    return calls.mutate(
        offered=offered,
        answered=answered,
        abandoned=abandoned,
        short_abandon=short,
        long_abandon=abandoned & ~short,
        offered_long=offered & ~short,
        hour=local_time(calls["at"], reading.time_zone).hour().cast("string").lpad(2, "0"),
        agent_day=ibis.ifelse(answered, calls.owner_id + " " + day, ibis.null().cast("string")),
    )


def _per_day(reading: Reading) -> ir.Table:
    """`service_calls` with their `period` and its days; a period without a call has one row that stands for its days.

    Columns: days, working_days of the period as far as it has passed and data cover it.
    """
    if reading.runner is None:
        raise EngineCannot("Calls per day need a runner to read the calendar.", where=reading.needed_by)
    calls = plain(in_windows(service_calls(reading), reading.windows))
    days = _days(reading)
    placeholder = _placeholders(reading, calls)
    rows = calls.mutate(is_call=ibis.literal(value=True))
    rows = plain(rows.union(placeholder.select(*rows.columns)))
    return plain(rows.join(days, [("period", "_number")]).drop("_number"))


def _days(reading: Reading) -> ir.Table:
    """One row per window: its number, its days, and those on which the company works."""
    assert reading.runner is not None
    needs_calendar = reading.wants("working_day_count")
    calendar = calendar_of(reading) if needs_calendar else None
    first = reading.lookup("interactions", ["occurred_at", "type", "queue"])
    first = first.filter((first["type"] == "call") & first.queue.notnull())
    begun = reading.runner.to_arrow(first.aggregate(at=first.occurred_at.min()))["at"][0].as_py()
    told = reading.setting("data_through", None)
    through = told if isinstance(told, datetime) else reading.view.at
    numbers: list[int] = []
    days: list[int] = []
    working: list[int] = []
    for window in reading.windows:
        covered = _covered(window, begun, through, reading.time_zone)
        numbers.append(window.number)
        days.append(len(covered))
        open_days = set(calendar.days(window.start, window.stand)) if calendar else set()
        working.append(len(open_days & set(covered)))
    columns = {"_number": numbers, "days": days, "working_days": working}
    return ibis.memtable(pa.table({name: pa.array(column, pa.int64()) for name, column in columns.items()}))


def _covered(window: Window, begun: datetime | None, through: datetime, zone: str) -> list[date]:
    """Local days of a window, as far as it has passed, between the first call and the last sign of life."""
    if begun is None:
        return []
    start, end = max(window.start, begun), min(window.stand, through)
    if start >= end:
        return []
    day = local_day_of(start.astimezone(ZoneInfo("UTC")), zone)
    last = local_day_of(end - timedelta(microseconds=1), zone)
    return [day + timedelta(days=i) for i in range((last - day).days + 1)]


def _placeholders(reading: Reading, calls: ir.Table) -> ir.Table:
    """A row per window, in the columns of the calls, empty."""
    stamp = pa.timestamp("us", tz="UTC")
    told = pa.table(
        {
            "period": pa.array([w.number for w in reading.windows], pa.int64()),
            "id": pa.array(["no calls" for _ in reading.windows]),
            "at": pa.array([w.start for w in reading.windows], stamp),
        }
    )
    rows = ibis.memtable(told)
    types = calls.schema()
    empty = {
        name: ibis.literal(value=False) if types[name].is_boolean() else ibis.null().cast(types[name])
        for name in calls.columns
        if name not in ("period", "id", "at")
    }
    return rows.mutate(**empty, is_call=ibis.literal(value=False), at=rows["at"].cast(types["at"]))


def _with_days_once(rows: ir.Table, dimensions: Sequence[str]) -> ir.Table:
    """The days of a group on its first row, so that they add up to themselves."""
    group = ibis.window(group_by=["period", *dimensions])
    counted = plain(rows.mutate(_calls=rows.is_call.cast("int64").sum().over(group)))
    kept = counted.filter(counted.is_call if dimensions else counted.is_call | (counted._calls == 0))
    first = ibis.row_number().over(group_by=["period", *dimensions], order_by=[kept["at"], kept.id]) == 0
    nothing = ibis.null().cast("int64")
    return kept.mutate(
        day_count=ibis.ifelse(first, kept.days, nothing),
        working_day_count=ibis.ifelse(first, kept.working_days, nothing),
    ).drop("_calls")


_NEEDS = ("interactions.type=call", "interactions.queue")
_LABELS = ("queue", "outcome", "waited_s", "contact_id", "owner_id")

SERVICE_CALLS = Relation(
    name="service_calls",
    grain="calls to service",
    table="interactions",
    needs=_NEEDS,
    rows=service_calls,
    dimensions=CALL_DIMENSIONS,
    labels=_LABELS,
)
SERVICE_CALL_DAYS = Relation(
    name="service_call_days",
    grain="calls to service",
    table="interactions",
    needs=_NEEDS,
    rows=_per_day,
    dating=Dating.PER_PERIOD,
    dimensions=CALL_DIMENSIONS,
    labels=_LABELS,
    fold=_with_days_once,
)
