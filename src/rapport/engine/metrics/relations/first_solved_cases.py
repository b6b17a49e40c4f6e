"""Cases by their first solve, and whether the matter came back."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.flags import without_flagged
from rapport.engine.metrics.reading import Reading, moment, plain
from rapport.engine.metrics.relation import Relation, column
from rapport.engine.metrics.relations.case_messages import events_of, with_replies
from rapport.engine.metrics.relations.cases import CASE_DIMENSIONS, real_cases

CONTACT_WINDOW_DAYS = 7  # setting `new_contact_window_days`


def _first_solved(reading: Reading) -> ir.Table:
    """One row per case by its first solve, those that the customer solved left out: at, matured, replies, and

    came_back   re-opened, or a new contact of the customer on the same topic, within the window
    at_once     not so, and with at most one public reply by an agent; one_touch with just one
    zero_reply  without any; unasked without a further message of the customer
    """
    cases = real_cases(reading, "contact_id", "channel", "topic")
    days = reading.whole_number("new_contact_window_days", CONTACT_WINDOW_DAYS)
    done = _with_solving(cases, reading, days)
    done = done.filter(done["at"].notnull() & ~done.self_solved.fill_null(False))
    done = _with_new_contact(plain(done.mutate(_until=done["at"] + ibis.interval(days=days))), reading)
    rows = done.mutate(
        came_back=(done.first_reopened <= done._until).fill_null(False) | done._new_contact,
        tells=done.tells_replies.fill_null(False),
        agent_replies=done.agent_replies.fill_null(0),
    )
    return rows.mutate(
        matured=rows._until <= moment(reading.view.at),
        at_once=rows.tells & ~rows.came_back & (rows.agent_replies <= 1),
        one_touch=rows.tells & (rows.agent_replies == 1),
        zero_reply=rows.tells & (rows.agent_replies == 0),
        unasked=rows.tells & ~rows.came_back & (rows.customer_replies == 0).fill_null(False),
        replies=ibis.cases((rows.agent_replies == 0, "0"), (rows.agent_replies == 1, "1"), else_="2 or more"),
    )


def _with_solving(cases: ir.Table, reading: Reading, days: int) -> ir.Table:
    """`cases` with `at`, their first solve, and what their events tell, null without events:

    first_reopened after it, agent_replies until the window's end, customer_replies, tells_replies, self_solved.
    """
    if not reading.has("case_events"):
        no, nothing = ibis.null().cast("boolean"), ibis.null().cast("int64")
        told = cases.mutate(first_reopened=cases.closed_at.nullif(cases.closed_at), agent_replies=nothing)
        return told.mutate(at=cases.resolved_at, customer_replies=nothing, tells_replies=no, self_solved=no)
    events = with_replies(events_of(cases, reading))
    solved = ibis.ifelse(events.is_solve, events["at"], ibis.null()).min().over(ibis.window(group_by="_case"))
    first = ibis.coalesce(ibis.least(solved, events.resolved_at), solved, events.resolved_at)
    dated = plain(events.mutate(_first=first))
    by_contact = (dated.author_id == dated.contact_id).fill_null(False) & ~dated.by_agent
    in_time = (dated["at"] <= dated._first + ibis.interval(days=days)).fill_null(False)
    facts = dated.group_by("_case").aggregate(
        _first=dated._first.min(),
        first_reopened=dated["at"].min(where=dated.is_reopening & (dated["at"] >= dated._first)),
        agent_replies=dated.count(where=dated.by_agent_in_public & in_time),
        customer_replies=dated.count(where=dated.by_customer & dated.counts_as_reply),
        tells_replies=dated.is_message.any(),
        self_solved=(dated.is_solve & (dated["at"] == dated._first) & by_contact).any(),
    )
    joined = plain(cases.left_join(facts, [("id", "_case")]).drop("_case"))
    return joined.mutate(at=ibis.coalesce(joined._first, joined.resolved_at)).drop("_first")


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
