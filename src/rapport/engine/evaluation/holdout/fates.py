"""What became of everybody who was assigned: whether the outcome happened in their own window, and what they spent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from rapport.engine.crm.as_of import AsOf, as_restated
from rapport.engine.crm.identity import survivors
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.runner import Runner
from rapport.engine.scores.cut_offs import is_mature, window_end
from rapport.engine.scores.definition_base import ScoreDefinition
from rapport.engine.scores.outcome import occurrences, outcome_of
from rapport.engine.scores.purchases import purchases
from rapport.engine.statistics.auc import Flags, Floats

_NEEDED_BY = "a holdout report"
Instants = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Assigned:
    """One subject: in which arm, of which stratum ("" for none), since when."""

    subject_id: str
    arm: str
    stratum: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Fates:
    """What became of those whose window is over, an entry each.

    Attributes:
        assigned: those whose window is over; waiting, how many others there are.
        converted: whether the outcome happened in (assignment, assignment + within_days x 24 h].
        revenue: their purchases in it, base currency; None where no purchases are known.
    """

    assigned: tuple[Assigned, ...]
    waiting: int
    converted: Flags
    revenue: Floats | None


def fates(
    definition: ScoreDefinition,
    snapshot: Snapshot,
    assigned: Sequence[Assigned],
    *,
    within_days: int,
    now: datetime,
    runner: Runner,
) -> Fates:
    """What happened after each assignment, as restated at `now`; records merged since count as the one they became.

    Raises: DefinitionError where the definition claims no outcome.
    """
    over = tuple(a for a in assigned if is_mature(a.at, within_days, now))
    waiting = len(assigned) - len(over)
    if not over:
        return Fates(assigned=(), waiting=waiting, converted=np.zeros(0, dtype=bool), revenue=None)
    view = as_restated(snapshot, now)
    since = min(a.at for a in over)
    present = _present(definition, view, runner)
    windows = [
        (present.get(a.subject_id, a.subject_id), _micros(a.at), _micros(window_end(a.at, within_days))) for a in over
    ]
    happened = _by_subject(occurrences(definition, view, runner), "occurred_at", None, since, runner)
    absent = outcome_of(definition).absent
    converted = np.array([(_within(happened, w) > 0) != absent for w in windows], dtype=bool)
    spent = _purchases(definition, view, since, runner)
    revenue = None if spent is None else np.array([_within(spent, w) for w in windows], dtype=float)
    return Fates(assigned=over, waiting=waiting, converted=converted, revenue=revenue)


def _present(definition: ScoreDefinition, view: AsOf, runner: Runner) -> Mapping[str, str]:
    chain = survivors(view, definition.subject)
    if chain is None:
        return {}
    links = runner.to_arrow(chain).to_pydict()
    return dict(zip(links["from_id"], links["to_id"], strict=True))


def _purchases(
    definition: ScoreDefinition, view: AsOf, since: datetime, runner: Runner
) -> Mapping[str, tuple[Instants, Floats]] | None:
    """Amounts of orders, or of won deals where there are no orders; None where neither is known or can be theirs."""
    source = next((name for name in ("orders", "deals") if view.has(name)), None)
    if source is None or definition.subject == "deal":
        return None
    rows = purchases(
        view,
        subject=definition.subject,
        source=source,
        monetary="amount",
        time_zone=definition.time_zone or view.snapshot.time_zone,
        needed_by=_NEEDED_BY,
    )
    return _by_subject(rows, "purchased_at", "amount", since, runner)


def _by_subject(
    rows: ir.Table, dated_by: str, amount: str | None, since: datetime, runner: Runner
) -> Mapping[str, tuple[Instants, Floats]]:
    """Instants (microseconds, ascending) and running totals of each subject, of rows after `since`."""
    recent = rows.filter(rows[dated_by] > ibis.literal(since, type="timestamp('UTC', 6)"))
    told = ibis.coalesce(recent[amount].cast("float64"), 0.0) if amount else ibis.literal(1.0)
    recent = recent.select("subject_id", dated=recent[dated_by].cast("timestamp('UTC', 6)"), told=told)
    found = runner.to_arrow(recent)
    when = np.asarray(found["dated"].cast("int64").to_numpy(), dtype=np.int64)
    worth = np.asarray(found["told"].to_numpy(), dtype=float)
    by: dict[str, list[int]] = {}
    for place, subject in enumerate(found["subject_id"].to_pylist()):
        by.setdefault(subject, []).append(place)
    ordered = {}
    for subject, places in by.items():
        at = np.array(sorted(places, key=lambda i: int(when[i])), dtype=int)
        ordered[subject] = (when[at], np.concatenate([[0.0], np.cumsum(worth[at])]))
    return ordered


def _within(known: Mapping[str, tuple[Instants, Floats]], window: tuple[str, int, int]) -> float:
    """The total of (start, end] of one subject."""
    subject, start, end = window
    if subject not in known:
        return 0.0
    when, total = known[subject]
    first, last = np.searchsorted(when, [start, end], side="right")
    return float(total[last] - total[first])


def _micros(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)
