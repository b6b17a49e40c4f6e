"""The first public reply of a human agent to a case."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.business_clock import with_business_hours
from rapport.engine.metrics.reading import Reading, elapsed


def with_first_response(cases: ir.Table, reading: Reading) -> ir.Table:
    """`cases` with response_minutes, response_business_minutes and responded.

    Of a case whose events tell who wrote what, the first public reply of a human agent counts; where an agent opened
    it with a public message, the second such message. Else the case's own `first_response_at`.

    Parameters: cases with opened_at, first_response_at and the facts opened_in_public, first_reply,
        first_later_reply and tells_replies (`case_messages.py`).
    """
    first = ibis.ifelse(cases.opened_in_public.fill_null(False), cases.first_later_reply, cases.first_reply)
    at = ibis.ifelse(cases.tells_replies.fill_null(False), first, cases.first_response_at)
    rows = cases.mutate(response_at=at)
    minutes = elapsed(rows.opened_at, rows.response_at, unit="hours") * 60.0
    rows = rows.mutate(response_minutes=minutes, responded=(minutes >= 0).fill_null(False))
    if reading.wants("response_business_minutes"):
        rows = with_business_hours(
            rows, reading, start="opened_at", end="response_at", name="_hours", since="cases.opened_at"
        )
        rows = rows.mutate(response_business_minutes=rows._hours * 60.0).drop("_hours")
    return rows
