"""Subjects that begin anew: a lost deal or a recycled lead after which nothing earlier counts."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions.grammar import EventMatch
from rapport.engine.runner import Runner
from rapport.engine.scores.points.event_codes import coded_events
from rapport.engine.scores.points.plan import source_of


def restarts(
    match: EventMatch,
    view: AsOf,
    *,
    subject: str,
    subjects: ir.Table | None,
    runner: Runner,
    needed_by: str,
    time_zone: str,
) -> ir.Table:
    """One row per subject that began anew by the view's instant: _restarted (subject_id), _restarted_at (UTC).

    The latest occurrence counts, whatever its age; `within_days` of the match says nothing here.
    """
    coded = coded_events(
        view,
        source_of(match),
        [match],
        subject=subject,
        subjects=subjects,
        runner=runner,
        needed_by=needed_by,
        time_zone=time_zone,
    )
    rows = coded.rows.filter(coded.rows.code.isin(list(coded.matches)))
    return rows.group_by(_restarted=rows.subject_id).aggregate(_restarted_at=rows.occurred_at.max())


def since(rows: ir.Table, restarted: ir.Table) -> ir.Table:
    """Events (subject_id, occurred_at) after the subject began anew."""
    joined = rows.left_join(restarted, [("subject_id", "_restarted")])
    later = joined.filter(joined._restarted_at.isnull() | (joined.occurred_at > joined._restarted_at))
    return later.drop("_restarted", "_restarted_at")


def begun_anew(rows: ir.Table, restarted: ir.Table) -> ir.Table:
    """Subjects (subject_id, created_at) that are as old as their new beginning."""
    joined = rows.left_join(restarted, [("subject_id", "_restarted")])
    created_at = ibis.coalesce(ibis.greatest(joined.created_at, joined._restarted_at), joined.created_at)
    created_at = ibis.ifelse(joined._restarted_at.isnull(), joined.created_at, created_at)
    return joined.mutate(created_at=created_at).drop("_restarted", "_restarted_at")
