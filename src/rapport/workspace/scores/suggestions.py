"""Points suggested for a version: from the tally of what buyers did, and learned from history where that is asked for.

Suggestions change nothing. Accepting all or some of them makes a new draft, which is proved and published like any.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils import timezone

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DefinitionError
from rapport.engine.evaluation.backtest import LIVE, backtest
from rapport.engine.evaluation.report import BacktestReport
from rapport.engine.runner import Runner
from rapport.engine.scores.definition_text import read_yaml
from rapport.engine.scores.definition_writing import write_yaml
from rapport.engine.scores.points.spec import PointsDefinition
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
from rapport.workspace.scores.definitions import create_draft, parsed, version_of
from rapport.workspace.scores.findings import FINGERPRINT, Found, fingerprint, newest
from rapport.workspace.scores.models import ScoreDefinition
from rapport.workspace.scores.runs import READ_TABLES, Progress, quiet

TASK = "suggest_points"


def run_suggestions(
    name: str, version: int | None = None, *, now: datetime | None = None, progress: Progress = quiet
) -> dict[str, Any]:
    """What the tally suggests for each criterion, and how the score would rank with all of it; JSON values.

    Raises: DefinitionError for kinds other than points, without an outcome, or where buyers did nothing.
    """
    stored = version_of(name, version)
    definition = points_of(stored)
    at = now or timezone.now()
    with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
        progress(0, 3, "counting what buyers did")
        cut_offs = suggested_cut_offs(definition, snapshot, now=at, runner=runner)
        counted = tally(definition, snapshot, now=at, runner=runner, cut_offs=cut_offs)
        points = suggested_by(counted, ready=ready_of(definition))
        criteria = by_criterion(definition, points)
        progress(1, 3, "comparing with the present points")
        chosen = {one.criterion: one.suggested for one in criteria}
        effect = _effect(definition, chosen, snapshot, cut_offs, now=at, runner=runner)
    progress(3, 3, f"{len(criteria)} suggestions")
    return {
        **_as_json(counted, points, criteria),
        "effect": effect,
        "version": stored.version,
        FINGERPRINT: fingerprint(stored.document),
    }


def newest_suggestions(version: ScoreDefinition) -> Found | None:
    return newest(TASK, version)


def accept(version: ScoreDefinition, points: Mapping[str, Decimal], *, by: str) -> ScoreDefinition:
    """A new draft of the version with other points for some criteria; the rest of it is the same.

    Raises: DefinitionError where nothing is chosen or a criterion is not there, or gives no single number.
    """
    if not points:
        raise DefinitionError("No suggestion is chosen.", where=version.name)
    document = with_points(version.document or "", points)
    names = ", ".join(f"{name} {_plain(value)}" for name, value in points.items())
    return create_draft(document=document, by=by, note=f"Suggested points for {names}"[:300])


def with_points(document: str, points: Mapping[str, Decimal]) -> str:
    """The document with other points, written anew (comments are not kept)."""
    stated = read_yaml(document)
    wanted = dict(points)
    for group in stated.get("groups", {}).values():
        for criterion in group.get("criteria", ()):
            if criterion.get("name") in wanted:
                if isinstance(criterion.get("points"), Mapping):
                    raise DefinitionError("It gives points by value or count.", where=f"criterion {criterion['name']}")
                criterion["points"] = wanted.pop(criterion["name"])
    if wanted:
        raise DefinitionError("There is no such criterion.", received=", ".join(wanted))
    return write_yaml(stated)


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
    chosen: Mapping[str, Decimal],
    snapshot: Snapshot,
    cut_offs: list[datetime],
    *,
    now: datetime,
    runner: Runner,
) -> dict[str, Any] | None:
    """How the score ranks with all suggestions beside the present points, on the same cases."""
    changed = _changed(definition, chosen)
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


def _changed(definition: PointsDefinition, chosen: Mapping[str, Decimal]) -> PointsDefinition:
    groups = {
        name: group.model_copy(
            update={
                "criteria": tuple(
                    c.model_copy(update={"points": chosen[c.name]}) if c.name in chosen else c for c in group.criteria
                )
            }
        )
        for name, group in definition.groups.items()
    }
    return definition.model_copy(update={"groups": groups})


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
