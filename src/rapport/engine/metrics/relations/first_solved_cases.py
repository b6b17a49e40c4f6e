"""Cases by their first solve, and whether the matter came back."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.flags import without_flagged
from rapport.engine.metrics.reading import Reading, moment, plain
from rapport.engine.metrics.relation import Relation, column
from rapport.engine.metrics.relations.case_messages import events_of, with_facts
from rapport.engine.metrics.relations.cases import CASE_DIMENSIONS, real_cases

CONTACT_WINDOW_DAYS = 7  # setting `new_contact_window_days`


def _first_solved(reading: Reading) -> ir.Table:
    """One row per case by its first solve, those that the customer solved left out: at, matured, replies, and

    came_back   re-opened, or a new contact of the customer on the same topic, within the window
    at_once     not so, and with at most one public reply by an agent; one_touch with just one
    zero_reply  without any; unasked without a further message of the customer
    """
    cases = real_cases(reading, "contact_id", "channel", "topic")
    told = with_facts(cases, reading, ["first_solved_event", "first_reopened", "customer_replies", "tells_replies"])
    earliest = ibis.least(told.first_solved_event, told.resolved_at)
    told = told.mutate(at=ibis.coalesce(earliest, told.first_solved_event, told.resolved_at))
    done = plain(told.filter(told["at"].notnull()))
    days = reading.whole_number("new_contact_window_days", CONTACT_WINDOW_DAYS)
    done = done.mutate(_until=done["at"] + ibis.interval(days=days))
    done = _with_solving(done, reading)
    done = plain(done.filter(~done._self_solved))
    done = _with_new_contact(done, reading)
    reopened = ((done.first_reopened >= done["at"]) & (done.first_reopened <= done._until)).fill_null(False)
    rows = done.mutate(came_back=reopened | done._new_contact, tells=done.tells_replies.fill_null(False))
    return rows.mutate(
        matured=rows._until <= moment(reading.view.at),
        at_once=rows.tells & ~rows.came_back & (rows.agent_replies <= 1),
        one_touch=rows.tells & (rows.agent_replies == 1),
        zero_reply=rows.tells & (rows.agent_replies == 0),
        unasked=rows.tells & ~rows.came_back & (rows.customer_replies == 0),
        replies=ibis.cases((rows.agent_replies == 0, "0"), (rows.agent_replies == 1, "1"), else_="2 or more"),
    )


def _with_solving(done: ir.Table, reading: Reading) -> ir.Table:
    """Public replies by agents until the window's end, and whether the customer solved the case."""
    if not reading.has("case_events"):
        return done.mutate(agent_replies=ibis.literal(0, type="int64"), _self_solved=ibis.literal(value=False))
    events = events_of(done, reading)
    ends = done.select(_ended="id", _at="at", _until="_until")
    events = plain(events.join(ends, [("_case", "_ended")]))
    by_contact = ((events.author_id == events.contact_id) & ~events.by_agent).fill_null(False)
    facts = events.group_by("_case").aggregate(
        agent_replies=events.count(where=events.by_agent_in_public & (events["at"] <= events._until)),
        _self_solved=(events.is_solve & (events["at"] == events._at) & by_contact).any(),
    )
    joined = plain(done.left_join(facts, [("id", "_case")]).drop("_case"))
    return joined.mutate(
        agent_replies=joined.agent_replies.fill_null(0), _self_solved=joined._self_solved.fill_null(False)
    )


def _with_new_contact(done: ir.Table, reading: Reading) -> ir.Table:
    """Whether the customer came with the same topic, or one not told, after the solve and within the window."""
    news = _contacts(reading)
    solved = done.select(_solved="id", _who="contact_id", _about="topic", _at="at", _until="_until")
    met = solved.join(news, [("_who", "who")])
    inside = (met.came_at > met._at) & (met.came_at <= met._until) & (met._solved != met.what)
    same = (met.about == met._about).fill_null(True)
    again = met.filter(inside & same).select("_solved").distinct().mutate(_new_contact=ibis.literal(value=True))
    joined = plain(done.left_join(again, [("id", "_solved")]).drop("_solved"))
    return joined.mutate(_new_contact=joined._new_contact.fill_null(False))


def _contacts(reading: Reading) -> ir.Table:
    """One row per new case, or inbound service interaction without a case: what, who, about (its topic), came_at."""
    cases = real_cases(reading, "contact_id", "topic")
    news = cases.select(what="id", who="contact_id", about="topic", came_at="opened_at")
    if not reading.has("interactions"):
        return news
    rows = reading.lookup("interactions", ["contact_id", "case_id", "queue", "direction", "occurred_at"])
    loose = rows.filter((rows.direction == "inbound") & rows.queue.notnull() & rows.case_id.isnull())
    loose = without_flagged(loose, reading.view)
    nothing = ibis.null().cast("string")
    return news.union(loose.select(what="id", who="contact_id", about=nothing, came_at="occurred_at"))


FIRST_SOLVED_CASES = Relation(
    name="first_solved_cases",
    grain="solved cases",
    table="cases",
    needs=("cases.solved_at",),
    rows=_first_solved,
    dimensions={**CASE_DIMENSIONS, "replies": column("replies")},
    labels=("subject_line", "topic", "agent_replies", "came_back", "owner_id", "opened_at"),
)
