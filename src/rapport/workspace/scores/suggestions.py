"""Points suggested for a version: from the tally of what buyers did, and learned from history where that is asked for.

Suggestions change nothing. Accepting all or some of them makes a new draft, which is proved and published like any.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils import timezone

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DefinitionError, RapportError
from rapport.engine.evaluation.backtest import LIVE, backtest
from rapport.engine.evaluation.report import BacktestReport
from rapport.engine.runner import Runner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.definition_writing import definition_yaml
from rapport.engine.scores.outcome import outcome_of
from rapport.engine.scores.points.learned.suggestions import suggest
from rapport.engine.scores.points.spec import CountPoints, Criterion, PointsDefinition, ValuePoints
from rapport.engine.scores.points.tally import Tally, tally
from rapport.engine.scores.points.tally_suggestions import (
    CriterionSuggestion,
    SuggestedPoints,
    by_criterion,
    ready_of,
    suggested_by,
)
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.scores.backtests import suggested as suggested_cut_offs
from rapport.workspace.scores.definitions import create_draft, live, parsed, version_of
from rapport.workspace.scores.feedback import by_criterion as by_criterion_said
from rapport.workspace.scores.findings import FINGERPRINT, Found, fingerprint, newest
from rapport.workspace.scores.models import ScoreDefinition
from rapport.workspace.scores.runs import READ_TABLES, Progress, quiet

TASK = "suggest_points"
OTHERWISE = "otherwise"


def run_suggestions(
    name: str, version: int | None = None, *, now: datetime | None = None, progress: Progress = quiet
) -> dict[str, Any]:
    """What the tally suggests and what history teaches, each with how the score would rank with all of it; JSON values.

    Where one of the two has nothing to go by, it says why (`tally_problem`, `learned.problem`).
    Raises: DefinitionError for kinds other than points or without an outcome.
    """
    stored = version_of(name, version)
    definition = points_of(stored)
    at = now or timezone.now()
    with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
        progress(0, 3, "counting what buyers did")
        cut_offs = suggested_cut_offs(definition, snapshot, now=at, runner=runner)
        tallied = _tallied(definition, snapshot, cut_offs, now=at, runner=runner)
        progress(1, 3, "learning from what happened")
        learned = _learned(definition, snapshot, now=at, runner=runner)
    progress(2, 3, "asking what salespeople said")
    said = _said(name)
    for row in (*tallied.get("criteria", ()), *learned.get("suggestions", ())):
        row["said"] = said.get(row["criterion"])
    progress(3, 3, "done")
    return {**tallied, "learned": learned, "version": stored.version, FINGERPRINT: fingerprint(stored.document)}


def _said(name: str) -> dict[str, dict[str, Any]]:
    """By criterion that gives points now: how often salespeople agree with the live score; empty where none is."""
    return {one.of: asdict(one) for one in by_criterion_said(name)} if live(name) is not None else {}


def _tallied(
    definition: PointsDefinition, snapshot: Snapshot, cut_offs: list[datetime], *, now: datetime, runner: Runner
) -> dict[str, Any]:
    try:
        counted = tally(definition, snapshot, now=now, runner=runner, cut_offs=cut_offs)
        points = suggested_by(counted, ready=ready_of(definition))
    except RapportError as error:
        outcome_of(definition)
        return {"tally_problem": error.sentence}
    criteria = by_criterion(definition, points)
    chosen: dict[Where, Decimal] = {(one.criterion, None): one.suggested for one in criteria}
    effect = _effect(definition, chosen, snapshot, cut_offs, now=now, runner=runner)
    return {**_as_json(counted, points, criteria), "effect": effect}


def _learned(definition: PointsDefinition, snapshot: Snapshot, *, now: datetime, runner: Runner) -> dict[str, Any]:
    """Points learned from everyone eligible at past cut-offs, as JSON values."""
    try:
        found = suggest(definition, as_known(snapshot, now), runner=runner)
    except RapportError as error:
        return {"problem": error.sentence}
    rows = [{**asdict(one), "sure": one.sure} for one in found.suggestions]
    untold = [{"criterion": name, "label": label, "why": why} for (name, label), why in found.untold.items()]
    document = {
        "suggestions": rows,
        "untold": untold,
        "present": asdict(found.present),
        "accepted": asdict(found.accepted),
        "n": found.n,
        "event_count": found.event_count,
        "forward": found.forward,
    }
    answer: dict[str, Any] = json.loads(json.dumps(document, default=_text))
    return answer


def _text(value: object) -> str:
    return _plain(value) if isinstance(value, Decimal) else str(value)


def newest_suggestions(version: ScoreDefinition) -> Found | None:
    return newest(TASK, version)


Where = tuple[str, str | int | None]
"""A criterion and the part of its points: None for one number, a value, `otherwise`, or the position of a range."""


def accept(version: ScoreDefinition, points: Mapping[Where, Decimal], *, by: str) -> ScoreDefinition:
    """A new draft of the version with other points for some criteria; the rest of it says the same.

    Written anew from what it says: comments are not kept. Raises: DefinitionError where nothing is chosen, or a
    criterion is not there or has no such part.
    """
    if not points:
        raise DefinitionError("No suggestion is chosen.", where=version.name)
    definition = parse_definition(version.document or "")
    if not isinstance(definition, PointsDefinition):
        raise DefinitionError("Only points have suggestions.", where=version.name, received=definition.kind)
    changed = with_points(definition, points)
    names = ", ".join(f"{name} {_plain(value)}" for (name, _), value in points.items())
    return create_draft(document=definition_yaml(changed), by=by, note=f"Suggested points: {names}"[:300])


def with_points(definition: PointsDefinition, points: Mapping[Where, Decimal]) -> PointsDefinition:
    """The definition with other points. Raises: DefinitionError for what it does not have."""
    wanted = dict(points)
    groups = {
        name: group.model_copy(update={"criteria": tuple(_with_points(c, wanted) for c in group.criteria)})
        for name, group in definition.groups.items()
    }
    if wanted:
        names = ", ".join(name if part is None else f"{name}: {part}" for name, part in wanted)
        raise DefinitionError(
            "The definition has no such points.",
            where=definition.name,
            received=names,
            next_step="Ask for suggestions anew: the definition has changed since.",
        )
    return definition.model_copy(update={"groups": groups})


def _with_points(criterion: Criterion, wanted: dict[Where, Decimal]) -> Criterion:
    """The criterion with what is wanted of it, taken out of `wanted`."""
    name, points = criterion.name, criterion.points
    if isinstance(points, ValuePoints):
        given = {value: wanted.pop((name, value), now) for value, now in points.map.items()}
        otherwise = wanted.pop((name, OTHERWISE), points.otherwise)
        return criterion.model_copy(update={"points": points.model_copy(update={"map": given, "otherwise": otherwise})})
    if isinstance(points, CountPoints):
        ranges = tuple((a, b, wanted.pop((name, i), now)) for i, (a, b, now) in enumerate(points.ranges))
        return criterion.model_copy(update={"points": points.model_copy(update={"ranges": ranges})})
    return criterion.model_copy(update={"points": wanted.pop((name, None), points)})


def number_of(text: str) -> Decimal:
    """Points as written in a form. Raises: DefinitionError."""
    try:
        return Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        raise DefinitionError("Points are a number.", received=text) from None


def points_of(version: ScoreDefinition) -> PointsDefinition:
    """The definition of a version of points. Raises: DefinitionError for another kind."""
    definition = parsed(version)
    if not isinstance(definition, PointsDefinition):
        raise DefinitionError("Only points have suggestions.", where=version.name, received=definition.kind)
    return definition


def _effect(
    definition: PointsDefinition,
    chosen: Mapping[Where, Decimal],
    snapshot: Snapshot,
    cut_offs: list[datetime],
    *,
    now: datetime,
    runner: Runner,
) -> dict[str, Any] | None:
    """How the score ranks with all suggestions beside the present points, on the same cases."""
    changed = with_points(definition, chosen)
    if changed == definition or not cut_offs:
        return None
    report = backtest(changed, snapshot, cut_offs=cut_offs, now=now, runner=runner, baselines=(), live=definition)
    return effect_of(report)


def effect_of(report: BacktestReport) -> dict[str, Any]:
    """AUC and lift of the changed score and of the present one, and the difference with its interval."""
    present = next(b for b in report.baselines if b.name == LIVE)
    return {
        "auc": asdict(report.score.auc),
        "present_auc": asdict(present.auc),
        "ahead": asdict(present.ahead) if present.ahead is not None else None,
        "lift": report.score.top_lift,
        "present_lift": present.top_lift,
        "cases": report.conversion.n,
        "events": report.conversion.events,
    }


def _as_json(counted: Tally, points: SuggestedPoints, criteria: tuple[CriterionSuggestion, ...]) -> dict[str, Any]:
    return {
        "tally": asdict(counted),
        "ready": _plain(points.ready),
        "interactions": points.interactions,
        "each": _plain(points.each),
        "by_stage": {stage: _plain(value) for stage, value in points.by_stage.items()},
        "criteria": [{**asdict(one), "now": _plain(one.now), "suggested": _plain(one.suggested)} for one in criteria],
    }


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")
