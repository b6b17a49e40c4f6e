"""Does acting pay? The report of a holdout, computed from what happened since and kept with the plan."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np

from rapport.engine.actions.holdout import ARMS, HOLDOUT, TREATED
from rapport.engine.evaluation.holdout.fates import Assigned, Fates, fates
from rapport.engine.evaluation.holdout.report import Arm, Design, HoldoutReport, holdout_report
from rapport.engine.scores.definition_base import ScoreDefinition as Definition
from rapport.workspace.actions.models import ActionAssignment, HoldoutPlan
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.scores.definitions import parsed, version_of
from rapport.workspace.scores.runs import READ_TABLES


def report(plan: HoldoutPlan, *, now: datetime) -> HoldoutReport:
    """What acting was worth so far, kept with the plan."""
    definition = parsed(version_of(plan.score, plan.version))
    rows = ActionAssignment.objects.filter(action=plan.action, deleted_at=None)
    told = rows.order_by("subject_id").values_list("subject_id", "arm", "stratum", "assigned_at", "done_at")
    assigned = [Assigned(subject_id=s or "", arm=a or "", stratum=b, at=at) for s, a, b, at, _ in told]
    done = {s or "" for s, _, _, _, done_at in told if done_at is not None}
    found = _fates(plan, definition, assigned, now=now)
    made = holdout_report(_arms(plan, found, done), design_of(plan, found.waiting, now=now), now=now, seed=_seed(plan))
    plan.report, plan.reported_at = made.to_dict(), now
    plan.save(update_fields=["report", "reported_at"])
    return made


def report_all(*, now: datetime) -> list[HoldoutPlan]:
    """The report of every plan that runs or whose last windows are still open or just closed."""
    due = [p for p in HoldoutPlan.objects.all() if p.reported_at is None or p.reported_at < due_at(p)]
    for plan in due:
        report(plan, now=now)
    return due


def due_at(plan: HoldoutPlan) -> datetime:
    """When the last window of the planned time is over: claims are made from then on.

    Stopping early does not bring it forward; otherwise one could stop at a lucky moment.
    """
    return plan.ends_at + timedelta(days=plan.within_days)


def design_of(plan: HoldoutPlan, waiting: int, *, now: datetime) -> Design:
    """The plan as it was made."""
    due = due_at(plan)
    over = (now - plan.started_at) / (due - plan.started_at)
    bands = {band: _shares(share) for band, share in plan.by_band.items()}
    return Design(
        control=HOLDOUT,
        shares={"": _shares(plan.held_out), **bands},
        due_at=due,
        reached=min(1.0, max(0.0, over)),
        waiting=waiting,
        least_effect=plan.least_effect,
    )


def _shares(held_out: float) -> Mapping[str, float]:
    return {TREATED: 1 - held_out, HOLDOUT: held_out}


def _fates(plan: HoldoutPlan, definition: Definition, assigned: Sequence[Assigned], *, now: datetime) -> Fates:
    with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
        return fates(definition, snapshot, assigned, within_days=plan.within_days, now=now, runner=runner)


def _arms(plan: HoldoutPlan, found: Fates, done: set[str]) -> list[Arm]:
    return [_arm(name, plan, found, done) for name in ARMS]


def _arm(name: str, plan: HoldoutPlan, found: Fates, done: set[str]) -> Arm:
    places = np.array([i for i, a in enumerate(found.assigned) if a.arm == name], dtype=int)
    members = [found.assigned[i] for i in places]
    treated = name == TREATED
    return Arm(
        name=name,
        converted=found.converted[places],
        strata=tuple(a.stratum for a in members),
        revenue=None if found.revenue is None else found.revenue[places],
        reached=np.array([a.subject_id in done for a in members], dtype=bool) if treated else None,
        cost=float(plan.cost) if treated and plan.cost is not None else None,
    )


def _seed(plan: HoldoutPlan) -> int:
    return zlib.crc32(plan.action.encode())
