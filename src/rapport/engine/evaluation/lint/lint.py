"""Lint of a definition of points."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rapport.engine.crm.as_of import as_known, as_restated
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DefinitionError
from rapport.engine.evaluation.lint import bounds, direction, fields, redundancy, weight
from rapport.engine.evaluation.lint.finding import CriterionFigures, Finding, LintReport, ordered
from rapport.engine.evaluation.lint.fired import Fired, fired_at
from rapport.engine.runner import Runner
from rapport.engine.scores.cut_offs import suggest_cut_offs
from rapport.engine.scores.definition_base import ScoreDefinition
from rapport.engine.scores.outcome import known
from rapport.engine.scores.points.expression import Points
from rapport.engine.scores.points.spec import PointsDefinition

CUT_OFFS = 3


def lint(
    definition: ScoreDefinition,
    snapshot: Snapshot,
    *,
    now: datetime,
    runner: Runner,
    cut_offs: Sequence[datetime] | None = None,
) -> LintReport:
    """What is wrong, or not needed, in a definition of points.

    One pass over everybody as known at `now`, and one at each past cut-off, where who had not had the outcome is
    compared with what happened after. Nothing of it changes a score.

    Parameters: cut_offs, with whole windows before `now`; None takes the newest three.
    Raises: DefinitionError for another kind of score.
    """
    if not isinstance(definition, PointsDefinition):
        raise DefinitionError(
            "Only points are linted.", where=definition.name, received=definition.kind, allowed=("points",)
        )
    view = as_known(snapshot, now)
    missing = Points(definition, view, runner).missing
    if missing:
        return _nothing_to_see(definition, missing, now)
    today = fired_at(definition, view, runner=runner)
    past = _cut_offs(definition, snapshot, cut_offs, now=now, runner=runner)
    judged = direction.judged_at(definition, snapshot, past, now=now, runner=runner)
    shares = weight.variance_shares(today)
    kept = weight.kept_orders(today, shares)
    found = [
        *_without_outcome(definition, today, [one.fired for one in judged], snapshot, shares, kept),
        *_with_outcome(definition, today, judged, snapshot, now=now, runner=runner),
    ]
    return LintReport(
        name=definition.name,
        as_of=now,
        subjects=today.count,
        cut_offs=tuple(past),
        findings=ordered(found),
        criteria=tuple(_figures(definition, today, judged, shares)),
        kept=kept,
    )


def _nothing_to_see(definition: PointsDefinition, missing: Sequence[str], now: datetime) -> LintReport:
    found = [
        Finding(code="missing_table", criterion="", sentence=f"No source fills {table}.", evidence={"table": table})
        for table in missing
    ]
    return LintReport(name=definition.name, as_of=now, subjects=0, cut_offs=(), findings=ordered(found), criteria=())


def _cut_offs(
    definition: PointsDefinition,
    snapshot: Snapshot,
    asked: Sequence[datetime] | None,
    *,
    now: datetime,
    runner: Runner,
) -> Sequence[datetime]:
    if definition.outcome is None:
        return ()
    if asked is not None:
        return sorted(asked)
    return suggest_cut_offs(snapshot, definition.outcome, now, CUT_OFFS, subject=definition.subject, runner=runner)


def _without_outcome(
    definition: PointsDefinition,
    now: Fired,
    past: Sequence[Fired],
    snapshot: Snapshot,
    shares: Sequence[float] | None,
    kept: Sequence[float],
) -> list[Finding]:
    unknown = fields.unknown_fields(definition, snapshot, now)
    return [
        *unknown,
        *redundancy.silent(definition, now, past, {one.criterion: one.sentence for one in unknown}),
        *redundancy.doubled(definition, now),
        *weight.heavy(definition, shares),
        *weight.crowded(definition, shares, kept),
        *bounds.binding(now),
        *bounds.empty(definition, now, past),
    ]


def _with_outcome(
    definition: PointsDefinition,
    today: Fired,
    judged: Sequence[direction.Judged],
    snapshot: Snapshot,
    *,
    now: datetime,
    runner: Runner,
) -> list[Finding]:
    if definition.outcome is None:
        sentence = "It claims no outcome, so directions and leaks are not checked."
        return [Finding(code="no_outcome", criterion="", sentence=sentence)]
    found = list(direction.wrong_way(definition, judged))
    if definition.outcome.absent or definition.outcome.repeatable:
        return found  # before and after the outcome say little where it comes again, or is that nothing comes
    first = known(definition, as_restated(snapshot, now), runner).first
    leaks = [
        *fields.filled_after(definition, snapshot, first, now=now, runner=runner),
        *direction.only_after(definition, today, set(first), judged),
    ]
    once = {one.criterion: one for one in reversed(leaks)}  # the field's own history says it better
    return [*found, *once.values()]


def _figures(
    definition: PointsDefinition, now: Fired, judged: Sequence[direction.Judged], shares: Sequence[float] | None
) -> list[CriterionFigures]:
    found = []
    for position, (group, criterion) in enumerate(definition.criteria):
        count = int(now.fired[:, position].sum())
        converted = direction.conversions(judged, position) if judged else (None, None)
        found.append(
            CriterionFigures(
                name=criterion.name,
                group=group,
                fired_count=count,
                fired_share=count / now.count if now.count else 0.0,
                variance_share=shares[position] if shares is not None else None,
                converted=converted[0],
                others_converted=converted[1],
            )
        )
    return found
