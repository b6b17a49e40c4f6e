"""Promises on cases: decided, by case, and by the case's opening."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading, elapsed, moment, plain
from rapport.engine.metrics.relation import Dimension, Relation, column, through
from rapport.engine.metrics.relations.at_instant import with_value_at
from rapport.engine.metrics.relations.cases import real_cases

_COLUMNS = ("case_id", "metric", "applied_at", "due_at", "met_at", "breached_at", "policy", "calendar")
_CASE_DIMENSIONS: dict[str, Dimension] = {
    "owner": through("case_id", "cases", "owner_id"),
    "queue": through("case_id", "cases", "queue"),
    "channel": through("case_id", "cases", "channel"),
    "type": through("case_id", "cases", "type"),
    "account": through("case_id", "cases", "account_id"),
}
_DIMENSIONS: dict[str, Dimension] = {
    "policy": column("policy"),
    "metric": column("metric"),
    "priority": column("priority"),
    **_CASE_DIMENSIONS,
}


def targets(reading: Reading) -> ir.Table:
    """One row per promise on a real case: opened_at, kept, broken, decided, decided_at; the priority when it was made.

    Kept at `met_at`, up to the deadline; else broken at the deadline, whether it was met later or not. Without a
    deadline `breached_at` says when it was broken. Not yet due and not met: undecided.
    """
    rows = reading.lookup("sla_targets", _COLUMNS)
    if reading.has("cases"):
        cases = real_cases(reading).select(_case="id", opened_at="opened_at")
        rows = plain(rows.join(cases, [("case_id", "_case")]).drop("_case"))
    else:
        rows = rows.mutate(opened_at=rows.applied_at)
    deadline = ibis.coalesce(rows.due_at, rows.breached_at)
    kept = rows.met_at.notnull() & (rows.met_at <= deadline).fill_null(True)
    broken = ~kept & (deadline <= moment(reading.view.at)).fill_null(False)
    rows = rows.mutate(
        kept=kept, broken=broken, decided=kept | broken, decided_at=ibis.ifelse(kept, rows.met_at, deadline)
    )
    if reading.wants("priority"):
        rows = with_value_at(rows, reading, "cases", "priority", key="case_id", at="applied_at", name="priority")
    return rows


def _decided(reading: Reading) -> ir.Table:
    """One row per promise that was decided, at its decision."""
    rows = targets(reading)
    return plain(rows.filter(rows.decided)).mutate(at=lambda t: t.decided_at)


def _by_opening(reading: Reading) -> ir.Table:
    """One row per promise, at the opening of its case: matured when decided, responded, response_minutes."""
    rows = targets(reading)
    minutes = elapsed(rows.applied_at, rows.met_at, unit="hours") * 60.0
    answered = (rows.metric == "first_response") & (minutes >= 0)
    return rows.mutate(
        at=rows.opened_at, matured=rows.decided, response_minutes=minutes, responded=answered.fill_null(False)
    )


def _by_case(reading: Reading) -> ir.Table:
    """One row per case whose promises were decided: at, kept (all of them). Its first breach decides."""
    rows = targets(reading)
    cases = rows.group_by("case_id").aggregate(
        breached=rows.broken.any(),
        pending=(~rows.decided).any(),
        first_breach=rows.decided_at.min(where=rows.broken),
        last_kept=rows.decided_at.max(where=rows.kept),
        targets=rows.count(),
    )
    known = cases.filter(cases.breached | ~cases.pending)
    return known.mutate(
        id=known.case_id,
        at=ibis.ifelse(known.breached, known.first_breach, known.last_kept),
        kept=~known.breached,
    )


_LABELS = ("case_id", "metric", "policy", "due_at", "met_at")
_NEEDS = ("sla_targets.applied_at",)

SLA_TARGETS = Relation(
    name="sla_targets",
    grain="decided promises",
    table="sla_targets",
    needs=_NEEDS,
    rows=_decided,
    dimensions=_DIMENSIONS,
    labels=_LABELS,
)
SLA_COHORT = Relation(
    name="sla_cohort",
    grain="promises",
    table="sla_targets",
    needs=(*_NEEDS, "cases"),
    rows=_by_opening,
    dimensions=_DIMENSIONS,
    labels=_LABELS,
)
SLA_CASES = Relation(
    name="sla_cases",
    grain="cases with promises",
    table="cases",
    needs=_NEEDS,
    rows=_by_case,
    dimensions={**_CASE_DIMENSIONS, "priority": through("case_id", "cases", "priority")},
    labels=("targets",),
)
