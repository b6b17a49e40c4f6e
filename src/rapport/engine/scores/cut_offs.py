"""Which cut-offs a backtest should take."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import ibis
import numpy as np

from rapport.engine.crm.local_day import local_day_of, start_of_local_day
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.runner import Runner
from rapport.engine.scores.definition_base import Outcome

SUBJECT_TABLES = {"contact": "contacts", "account": "accounts", "deal": "deals"}
_KNOWN_SHARE = 10  # a tenth of today's subjects must have been known


def window_end(as_of: datetime, within_days: int) -> datetime:
    """The last instant of the window (as_of, as_of + within_days x 24 h]."""
    return as_of + timedelta(hours=24 * within_days)


def is_mature(as_of: datetime, within_days: int, now: datetime) -> bool:
    """Whether the whole window lies in the past."""
    return window_end(as_of, within_days) <= now


def overlapping(cut_offs: Sequence[datetime], within_days: int) -> bool:
    """Whether windows overlap, so that one event may count at several cut-offs. `cut_offs`, the earliest first."""
    return any(window_end(a, within_days) > b for a, b in pairwise(cut_offs))


def suggest_cut_offs(
    snapshot: Snapshot,
    outcome: Outcome,
    now: datetime,
    count: int = 6,
    *,
    subject: str = "contact",
    runner: Runner | None = None,
) -> tuple[datetime, ...]:
    """The newest `count` cut-offs with whole windows that do not overlap, the earliest first.

    Each is the first instant of a local day. With a runner, none lies before a window's length after
    the day on which a tenth of today's subjects was known, so that there is something to score and to learn
    from; so fewer may come, or none.
    """
    earliest = _earliest(snapshot, subject, runner) if runner is not None else None
    cut_offs: list[datetime] = []
    latest = now
    while len(cut_offs) < count:
        day = local_day_of(latest - timedelta(hours=24 * outcome.within_days), snapshot.time_zone)
        latest = start_of_local_day(day, snapshot.time_zone)
        if earliest is not None and latest < window_end(earliest, outcome.within_days):
            break
        cut_offs.append(latest)
    return tuple(reversed(cut_offs))


def _earliest(snapshot: Snapshot, subject: str, runner: Runner) -> datetime | None:
    """When a tenth of today's subjects was known; None where there are none."""
    rows = snapshot.table(SUBJECT_TABLES[subject], needed_by="a backtest")
    known = ibis.coalesce(*(rows[c] for c in ("recorded_at", "created_at") if c in rows.columns))
    # not `epoch_seconds()`: Ibis calls it a whole number, and DuckDB gives one with a fraction
    instants = runner.to_arrow(rows.select(known=known).filter(lambda t: t.known.notnull()))["known"]
    ordered = np.sort(instants.to_numpy().astype("datetime64[s]").astype(np.int64))
    return datetime.fromtimestamp(int(ordered[len(ordered) // _KNOWN_SHARE]), tz=UTC) if len(ordered) else None
