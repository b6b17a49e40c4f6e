"""Points to begin with, from a tally: what an interaction must give so that those who bought were ready before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from rapport.engine.errors import DefinitionError
from rapport.engine.scores.points.plan import match_key
from rapport.engine.scores.points.spec import Criterion, PointsDefinition
from rapport.engine.scores.points.tally import Stages, StageTally, Tally, stages_of

_WHOLE = Decimal(1)


@dataclass(frozen=True, kw_only=True)
class SuggestedPoints:
    """What an interaction should give.

    Attributes:
        interactions: that a ready buyer had on average, all stages together.
        each: points for any interaction. by_stage: with the stages weighed by their observed conversion, so that
            an average buyer still comes to the ready score; equal to `each` where nothing was observed.
    """

    ready: Decimal
    interactions: float
    each: Decimal
    by_stage: Mapping[str, Decimal]


@dataclass(frozen=True, kw_only=True)
class CriterionSuggestion:
    """The points of one criterion, now and as suggested by its stage."""

    criterion: str
    group: str
    stage: str
    now: Decimal
    suggested: Decimal


def suggest_points(
    ready: Decimal | int, averages: Mapping[str, float], *, weights: Mapping[str, float] | None = None
) -> SuggestedPoints:
    """The ready score over the average number of interactions that ready buyers had, then by stage.

    each = ready / sum of the averages; of a stage s with weight w: ready x w(s) / sum over stages of average x w;
    whole numbers, rounded half to even. Ready 100 and averages 5, 3 and 4 give 12 interactions and 8 points each.

    Parameters: weights, how well those with an interaction of the stage convert, over how all do; None: alike.
    Raises: DefinitionError where buyers had no interactions, so that nothing can be said.
    """
    interactions = float(sum(averages.values()))
    if interactions <= 0 or ready <= 0:
        raise DefinitionError(
            "Buyers had no interactions before they bought, so no points can be suggested.",
            received=dict(averages),
            next_step="Check the stages, or look back further.",
        )
    told = weights or {}
    weighed = {stage: told.get(stage, 1.0) for stage in averages}
    total = sum(average * weighed[stage] for stage, average in averages.items())
    by_stage = {s: _whole(float(ready) * w / total) if total > 0 else Decimal(0) for s, w in weighed.items()}
    return SuggestedPoints(
        ready=Decimal(ready), interactions=interactions, each=_whole(float(ready) / interactions), by_stage=by_stage
    )


def suggested_by(tally: Tally, *, ready: Decimal) -> SuggestedPoints:
    """Points by stage from a tally, weighed by conversion where cut-offs told it."""
    averages = {one.stage: one.buyers_mean for one in tally.stages}
    base = tally.base.rate if tally.base is not None else None
    weights = {one.stage: _weight(one, base) for one in tally.stages}
    return suggest_points(ready, averages, weights=weights)


def ready_of(definition: PointsDefinition) -> Decimal:
    """The score at which somebody is ready: `ready_at.enter`, else the highest band, else the top of the range."""
    if definition.ready_at is not None:
        return definition.ready_at.enter
    return definition.bands[0].from_ if definition.bands else definition.range.max


def by_criterion(definition: PointsDefinition, suggested: SuggestedPoints) -> tuple[CriterionSuggestion, ...]:
    """What is suggested for each criterion that gives points for every occurrence of an event of a stage.

    Negative ones are left alone: they are not a step toward buying.
    """
    stages, found = stages_of(definition), []
    for group, criterion in definition.criteria:
        stage = _stage_of(criterion, stages)
        if stage is not None and isinstance(criterion.points, Decimal) and criterion.points > 0:
            found.append(
                CriterionSuggestion(
                    criterion=criterion.name,
                    group=group,
                    stage=stage,
                    now=criterion.points,
                    suggested=suggested.by_stage[stage],
                )
            )
    return tuple(found)


def _stage_of(criterion: Criterion, stages: Stages) -> str | None:
    """The stage that names the very event and fields, else the first that names the event."""
    if criterion.per is None:
        return None
    key, event = match_key(criterion.per), criterion.per.event
    exact = (stage for stage, matches in stages.items() if any(match_key(m) == key for m in matches))
    near = (stage for stage, matches in stages.items() if any(m.event == event for m in matches))
    return next(exact, None) or next(near, None)


def _weight(one: StageTally, base: float | None) -> float:
    if one.converted is None or one.converted.rate is None or not base:
        return 1.0
    return one.converted.rate / base


def _whole(points: float) -> Decimal:
    return Decimal(repr(points)).quantize(_WHOLE, rounding=ROUND_HALF_EVEN)
