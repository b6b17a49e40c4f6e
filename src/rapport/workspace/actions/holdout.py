"""Holding a share of those an action would reach out from it at random, and what acting was worth.

Whoever hands out an action asks `arm_of` (or `arms_of` for many) first, and leaves those alone that are held out. The
answer is kept as an action assignment when it is first given and never changes while the plan runs.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Count

from rapport.engine.actions.holdout import HOLDOUT, TREATED, Split
from rapport.engine.actions.holdout import arm_of as drawn_arm
from rapport.engine.errors import DefinitionError
from rapport.workspace.actions.models import ActionAssignment, HoldoutPlan, WorkItem
from rapport.workspace.crm.records.changes import save
from rapport.workspace.scores.definitions import live, parsed

_SOURCE = "rapport"
_MOST_HELD_OUT = 0.5
_AT_ONCE = 500
TABLE = "action_assignments"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is asked of a plan. `within_days` None takes the window of the score's outcome."""

    score: str
    held_out: float
    days: int
    why: str = ""
    within_days: int | None = None
    by_band: Mapping[str, float] = field(default_factory=dict)
    least_effect: float | None = None
    cost: Decimal | None = None


def start(wanted: Wanted, *, by: str, now: datetime) -> HoldoutPlan:
    """Divide those whom the work list would suggest by this score from now on.

    Raises DefinitionError where the score is not live or claims no outcome, where a plan runs already, and for
    shares and times that make no test.
    """
    version = live(wanted.score)
    if version is None:
        raise DefinitionError("This score is not live, so nobody is suggested by it.", where=wanted.score)
    definition = parsed(version)
    if definition.outcome is None:
        raise DefinitionError(
            "It claims no outcome, so there is nothing to compare.",
            where=wanted.score,
            next_step="Publish a version with outcome: {event: ..., within_days: ...}.",
        )
    _check(wanted, [band.label for band in definition.bands])
    with transaction.atomic():
        _end_what_is_over(wanted.score, now)
        if running(wanted.score, now=now) is not None:
            raise DefinitionError(
                "A holdout of this score runs already.", where=wanted.score, next_step="Stop it, or wait for its end."
            )
        number = HoldoutPlan.objects.filter(score=wanted.score).count() + 1
        return HoldoutPlan.objects.create(
            action=f"contact:{wanted.score}-{number}",
            title=f"Contacting by {version.label}",
            score=wanted.score,
            version=version.version or 1,
            subject=version.subject,
            salt=secrets.token_hex(16),
            held_out=wanted.held_out,
            by_band=dict(wanted.by_band),
            within_days=wanted.within_days or definition.outcome.within_days,
            least_effect=wanted.least_effect,
            cost=wanted.cost,
            started_at=now,
            ends_at=now + timedelta(days=wanted.days),
            started_by=by,
            why=wanted.why.strip(),
        )


def stop(plan: HoldoutPlan, *, by: str, why: str, now: datetime) -> HoldoutPlan:
    """End it before its time: nobody is divided any more, and those held out are suggested again."""
    if not why.strip():
        raise DefinitionError("A reason is needed.", where=plan.action, next_step="Say in a sentence why.")
    if plan.stopped_at is None:
        plan.stopped_at, plan.stopped_by, plan.ended = now, by, why.strip()
        plan.save(update_fields=["stopped_at", "stopped_by", "ended"])
    return plan


def running(score: str, *, now: datetime) -> HoldoutPlan | None:
    """The plan that divides the suggestions of a score now."""
    plans = HoldoutPlan.objects.filter(score=score, stopped_at=None, started_at__lte=now, ends_at__gt=now)
    return plans.order_by("-started_at").first()


def arm_of(score: str, subject_id: str, *, band: str | None, now: datetime) -> str:
    """`treated` or `holdout`: the one question that everything asks before it acts on a subject by a score."""
    return arms_of(score, {subject_id: band}, now=now)[subject_id]


def arms_of(score: str, subjects: Mapping[str, str | None], *, now: datetime) -> dict[str, str]:
    """The arm of each subject (id -> band), drawn and kept where it is asked for the first time.

    Without a running plan everybody is treated and nothing is kept. Who had a suggestion before the plan began was
    acted on already: they are treated and do not count.
    """
    plan = running(score, now=now)
    if plan is None:
        return dict.fromkeys(subjects, TREATED)
    known = _assigned(plan, subjects)
    before = _suggested_before(plan, set(subjects) - set(known))
    split = split_of(plan)
    drawn = {s: drawn_arm(s, split, band=b) for s, b in subjects.items() if s not in known and s not in before}
    _keep(plan, {s: (arm, subjects[s]) for s, arm in drawn.items()}, now=now)
    return {**dict.fromkeys(before, TREATED), **known, **drawn}


def held_out_now(*, now: datetime) -> set[str]:
    """Everybody held out by a running plan: they are left alone by other scores' suggestions too."""
    plans = HoldoutPlan.objects.filter(stopped_at=None, started_at__lte=now, ends_at__gt=now)
    rows = ActionAssignment.objects.filter(action__in=plans.values("action"), arm=HOLDOUT)
    return {s for s in rows.values_list("subject_id", flat=True) if s}


def left_alone(score: str, subject_id: str, *, band: str | None, now: datetime) -> bool:
    """Whether a subject is to be left alone now: held out from this score's action, or from another's."""
    plans = HoldoutPlan.objects.filter(stopped_at=None, started_at__lte=now, ends_at__gt=now).values("action")
    held = ActionAssignment.objects.filter(action__in=plans, subject_id=subject_id, arm=HOLDOUT)
    return held.exists() or arm_of(score, subject_id, band=band, now=now) == HOLDOUT


def split_of(plan: HoldoutPlan) -> Split:
    """How the plan divides, salt included."""
    return Split(action=plan.action, salt=plan.salt, held_out=plan.held_out, by_band=plan.by_band)


def reached(item: WorkItem, *, by: str, at: datetime | None) -> None:
    """The action was done for a subject of a running plan (`at` None: it was not, after all)."""
    plans = HoldoutPlan.objects.filter(score=item.score, stopped_at=None).values("action")
    rows = ActionAssignment.objects.filter(action__in=plans, subject_id=item.subject_id, arm=TREATED)
    for row_id in rows.values_list("pk", flat=True):
        save(TABLE, row_id, {"done_at": at}, by=by, at=at or item.created_at)


def sizes(plan: HoldoutPlan) -> dict[str, int]:
    """How many are in each arm."""
    rows = ActionAssignment.objects.filter(action=plan.action).values_list("arm").annotate(n=Count("id")).order_by()
    return {arm: n for arm, n in rows if arm}


def _check(wanted: Wanted, bands: Collection[str]) -> None:
    shares = [wanted.held_out, *wanted.by_band.values()]
    if not 0 < wanted.held_out <= _MOST_HELD_OUT or any(not 0 <= s <= _MOST_HELD_OUT for s in shares):
        raise DefinitionError(
            "The share held out does not make a test.",
            where=wanted.score,
            received=wanted.held_out,
            allowed="above 0, at most 0.5; 0 for a band that is spared",
        )
    unknown = sorted(set(wanted.by_band) - set(bands))
    if unknown:
        raise DefinitionError("The score has no such band.", where=wanted.score, received=unknown[0], allowed=bands)
    if not 1 <= wanted.days <= 730:
        raise DefinitionError(
            "A holdout runs for some days.", where=wanted.score, received=wanted.days, allowed="1 to 730 days"
        )


def _end_what_is_over(score: str, now: datetime) -> None:
    for plan in HoldoutPlan.objects.filter(score=score, stopped_at=None, ends_at__lte=now):
        plan.stopped_at, plan.ended = plan.ends_at, "It came to its planned end."
        plan.save(update_fields=["stopped_at", "ended"])


def _assigned(plan: HoldoutPlan, subjects: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in _parts(subjects):
        rows = ActionAssignment.objects.filter(action=plan.action, subject_id__in=part)
        found |= {s: arm for s, arm in rows.values_list("subject_id", "arm") if s and arm}
    return found


def _suggested_before(plan: HoldoutPlan, subjects: Collection[str]) -> set[str]:
    found: set[str] = set()
    for part in _parts(subjects):
        rows = WorkItem.objects.filter(score=plan.score, subject_id__in=part, created_at__lt=plan.started_at)
        found |= set(rows.filter(state__in=("open", "snoozed")).values_list("subject_id", flat=True))
    return found


def _keep(plan: HoldoutPlan, drawn: Mapping[str, tuple[str, str | None]], *, now: datetime) -> None:
    """Safe to run twice: a subject has one assignment of an action."""
    rows = [
        ActionAssignment(
            source=_SOURCE,
            external_id=f"{plan.action}:{subject_id}"[:200],
            action=plan.action,
            subject=plan.subject,
            subject_id=subject_id,
            arm=arm,
            stratum=band or "",
            assigned_at=now,
            created_at=now,
            recorded_at=now,
        )
        for subject_id, (arm, band) in drawn.items()
    ]
    ActionAssignment.objects.bulk_create(rows, ignore_conflicts=True, batch_size=_AT_ONCE)


def _parts(ids: Collection[str]) -> list[list[str]]:
    wanted = sorted(ids)
    return [wanted[i : i + _AT_ONCE] for i in range(0, len(wanted), _AT_ONCE)]
