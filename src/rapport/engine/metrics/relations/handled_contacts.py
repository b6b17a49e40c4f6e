"""Contacts that agents handled: one row per leg, with the time it took."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading
from rapport.engine.metrics.relation import Relation, column, through
from rapport.engine.metrics.relations.service_calls import service_legs

_TYPES = ("call", "chat")
_COLUMNS = (
    *("type", "channel", "occurred_at", "ended_at", "direction", "outcome", "queue", "case_id", "contact_id"),
    *("owner_id", "session_id", "message_id", "duration_s", "hold_s", "after_call_s"),
)


def _handled(reading: Reading) -> ir.Table:
    """One row per leg that an agent handled: at (its end), call_key, talk_s, handle_s, timed, talk_timed.

    `talk_s`: talk or active time and hold; null where no talk time, or a negative one, is told. `handle_s`: with work
    after the call; null where that is not told, and `amount_missing` then says so.
    """
    legs = service_legs(reading, _TYPES, _COLUMNS)
    handled = legs.filter(legs.answered)
    talk = ibis.ifelse(handled.duration_s >= 0, handled.duration_s, ibis.null().cast("float64"))
    lasted = talk + handled.hold_s.fill_null(0.0)
    micros = (talk.fill_null(0.0) * 1e6).cast("int64")
    ended = ibis.coalesce(handled.ended_at, handled.occurred_at + micros.as_interval("us"))
    rows = handled.mutate(at=ended, talk_s=lasted, handle_s=lasted + handled.after_call_s)
    return rows.mutate(
        talk_timed=rows.talk_s.notnull(),
        timed=rows.handle_s.notnull(),
        amount_missing=rows.handle_s.isnull(),
        amount_unconverted=ibis.literal(value=False),
    )


HANDLED_CONTACTS = Relation(
    name="handled_contacts",
    grain="handled contacts",
    table="interactions",
    needs=("interactions.queue", "interactions.duration_s"),
    rows=_handled,
    dimensions={
        "channel": column("channel"),
        "queue": column("queue"),
        "agent": column("owner_id"),
        "team": through("owner_id", "users", "team_id"),
        "direction": column("direction"),
    },
    labels=("queue", "owner_id", "talk_s", "after_call_s"),
)
