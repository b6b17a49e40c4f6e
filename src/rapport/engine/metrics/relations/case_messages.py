"""What the events of cases tell about each: first solve, re-openings, who opened it, replies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading, plain

_COLUMNS = ("case_id", "type", "occurred_at", "author_id", "is_public", "is_automatic")
_OF_CASES = ("opened_at", "resolved_at", "contact_id", "channel")
_CHATS = ("chat", "messaging", "live_chat")
Fact = Callable[[ir.Table], ir.Scalar]


def _first(condition: Callable[[ir.Table], ir.BooleanValue]) -> Fact:
    return lambda events: events["at"].min(where=condition(events))


def _last(condition: Callable[[ir.Table], ir.BooleanValue]) -> Fact:
    return lambda events: events["at"].max(where=condition(events))


def _number(condition: Callable[[ir.Table], ir.BooleanValue]) -> Fact:
    return lambda events: events.count(where=condition(events))


def _any(condition: Callable[[ir.Table], ir.BooleanValue]) -> Fact:
    return lambda events: condition(events).any()


# Each is null for a case without events.
_FACTS: Mapping[str, Fact] = {
    "first_solved_event": _first(lambda e: e.is_solve),
    "first_reopened": _first(lambda e: e.is_reopening),
    "last_reopened": _last(lambda e: e.is_reopening),
    "opened_by_agent": _any(lambda e: e.is_opening & e.by_agent),
    "opened_in_public": _any(lambda e: e.is_opening & e.by_agent & e.is_seen),
    "first_reply": _first(lambda e: e.by_agent_in_public),
    "first_later_reply": _first(lambda e: e.by_agent_in_public & (e["at"] > e.opened_at)),
    "tells_replies": _any(lambda e: e.is_message),
    "customer_messages": _number(lambda e: e.by_customer),
    "customer_replies": _number(lambda e: e.by_customer & e.counts_as_reply),
}

_OF_TURNS = frozenset({"first_solved_event", "first_reopened", "last_reopened"})  # need not know who wrote


def with_facts(cases: ir.Table, reading: Reading, names: Sequence[str]) -> ir.Table:
    """`cases` (of `real_cases`, with contact_id and channel) with the facts named; null for a case without events.

    first_solved_event, first_reopened, last_reopened   instants
    opened_by_agent, opened_in_public   an agent opened it; with a message that the customer sees
    first_reply, first_later_reply      the first public reply by a human agent; the first after the opening instant
    tells_replies                       its events tell who wrote what
    customer_messages, customer_replies public messages of customers; those after the opening one, with what a
                                        chatting customer writes in a row counted once
    """
    if not reading.has("case_events"):
        types = {name: _FACTS[name](_no_events(cases)).type() for name in names}
        return cases.mutate(**{name: ibis.null().cast(type_) for name, type_ in types.items()})
    events = _turns_of(reading) if _OF_TURNS.issuperset(names) else events_of(cases, reading)
    if "customer_replies" in names:
        events = with_replies(events)
    facts = events.group_by("_case").aggregate(**{name: _FACTS[name](events) for name in names})
    return plain(cases.left_join(facts, [("id", "_case")]).drop("_case"))


def _turns_of(reading: Reading) -> ir.Table:
    """One row per solve and re-opening: _case, at, is_solve, is_reopening."""
    events = reading.lookup("case_events", ["case_id", "type", "occurred_at"])
    turning = events.filter(events["type"].isin(["solved", "reopened"]))
    return turning.select(
        _case="case_id",
        at="occurred_at",
        is_solve=turning["type"] == "solved",
        is_reopening=turning["type"] == "reopened",
    )


def events_of(cases: ir.Table, reading: Reading) -> ir.Table:
    """One row per event of the cases: its id, at, type, author_id, _case, opened_at, resolved_at, contact_id, channel


    by_agent            whose author is a user; without a table of users: not the case's contact
    is_seen, is_human   not internal; not made by a rule or robot
    by_agent_in_public  a public reply by a human agent
    by_customer         a public message of a customer, not an auto-reply
    """
    events = reading.lookup("case_events", _COLUMNS)
    theirs = cases.select(_case="id", **{name: name for name in _OF_CASES})
    joined = plain(events.join(theirs, [("case_id", "_case")]))
    if reading.has("users"):
        users = reading.lookup("users", []).select(_user="id").distinct()
        joined = plain(joined.left_join(users, [("author_id", "_user")]))
        by_agent = joined._user.notnull()
    else:
        by_agent = (joined.author_id != joined.contact_id).fill_null(joined.author_id.notnull())
    rows = joined.mutate(at=joined.occurred_at, by_agent=by_agent)
    return _judged(rows)


def _judged(events: ir.Table) -> ir.Table:
    is_seen, is_human = events.is_public.fill_null(True), ~events.is_automatic.fill_null(False)
    is_reply = events["type"] == "reply_by_agent"
    by_customer = (events["type"] == "reply_by_customer") & is_seen & is_human
    return events.mutate(
        is_seen=is_seen,
        is_human=is_human,
        is_opening=events["type"] == "opened",
        is_solve=events["type"] == "solved",
        is_reopening=events["type"] == "reopened",
        is_message=is_reply | (events["type"] == "reply_by_customer"),
        by_agent_in_public=is_reply & is_seen & is_human,
        by_customer=by_customer,
    )


def with_replies(events: ir.Table) -> ir.Table:
    """Which messages of customers count as replies: after the opening instant, and in a chat the first in a row."""
    spoken = events.is_opening | events.by_customer | events.by_agent_in_public
    customer = events.by_customer | (events.is_opening & ~events.by_agent)
    voices = plain(events.mutate(_voice=customer).filter(spoken))
    order = ibis.window(group_by="_case", order_by=[voices["at"], ~voices.is_opening, voices.id])
    goes_on = voices._voice.lag().over(order).fill_null(False)
    chats = voices.channel.lower().isin(list(_CHATS)).fill_null(False)
    counted = (voices["at"] > voices.opened_at) & ~(chats & goes_on)
    told = voices.select(_event="id", counts_as_reply=counted)
    joined = plain(events.left_join(told, [("id", "_event")]).drop("_event"))
    return joined.mutate(counts_as_reply=joined.counts_as_reply.fill_null(False))


def _no_events(cases: ir.Table) -> ir.Table:
    """Columns as `events_of` has them, to learn what type a fact has."""
    flags = ("is_solve", "is_reopening", "is_opening", "by_agent", "is_seen", "by_agent_in_public", "is_message")
    known = {name: ibis.literal(value=False) for name in (*flags, "by_customer", "counts_as_reply")}
    return cases.mutate(at=cases.opened_at, **known)
