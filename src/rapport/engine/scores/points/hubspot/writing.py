"""A definition of points as the JSON of a HubSpot draft, as far as its form allows."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rapport.engine.scores.definition_base import Band
from rapport.engine.scores.points.hubspot.exchanged import CannotCarry, Exported, Json, Notes
from rapport.engine.scores.points.hubspot.names import OBJECT_OF
from rapport.engine.scores.points.hubspot.operations import number
from rapport.engine.scores.points.hubspot.rules import Writer
from rapport.engine.scores.points.spec import Criterion, Decay, Group, Limit, PointsDefinition

_CATEGORIES = {"fit": "FIT", "engagement": "INTENT"}


def export_score(definition: PointsDefinition) -> Exported:
    """The body of a draft (PublicDraftUpdateRequest without ids) that gives the same points in HubSpot.

    What HubSpot cannot say is left out, or carried with another meaning, and noted. Segments must be named
    `hubspot:<id>`; interaction types without a HubSpot event likewise.
    """
    notes = Notes(where="score")
    types = sorted({group.type for group in definition.groups.values()}, reverse=True)
    document: dict[str, Any] = {
        "name": definition.title or definition.name,
        "objectTypeId": OBJECT_OF[definition.subject],
        "allowedGroupTypes": [_CATEGORIES[one] for one in types],
        **_most(definition, notes),
        **_audience(definition, notes),
    }
    outputs = _outputs(definition, document["allowedGroupTypes"], notes)
    if outputs:
        document["outputConfiguration"] = {"outputs": outputs}
    _unknown_to_hubspot(definition, notes)
    document["groupConfigs"] = [_group(definition, name, notes) for name in definition.groups]
    document["groupConfigs"] = [group for group in document["groupConfigs"] if group["ruleConfigurations"]]
    return Exported(document=document, notes=tuple(notes.found))


def _most(definition: PointsDefinition, notes: Notes) -> Json:
    most = definition.range.max
    if definition.range.min != -most or most != int(most):
        notes.changed(f"HubSpot's total goes from -{int(most)} to {int(most)}")
    found: dict[str, Any] = {"maxScore": int(most)}
    limits = [limit for limit in (definition.limits.fit, definition.limits.engagement) if limit is not None]
    bounds = {limit.max for limit in limits if limit.max is not None}
    if len(bounds) == 1 and all(limit.max is not None and limit.min == -limit.max for limit in limits):
        found["maxScorePerCategory"] = int(bounds.pop())
    elif limits:
        notes.left_out("the limits of fit and engagement, which HubSpot has as one number, above and below 0")
    if definition.limits.total is not None:
        notes.left_out("the limit of the total")
    return found


def _audience(definition: PointsDefinition, notes: Notes) -> Json:
    include, exclude = definition.audience.include, definition.audience.exclude
    if include and exclude:
        notes.left_out("the excluded segments: HubSpot takes included or excluded ones, not both")
    wanted = include or exclude
    if not wanted:
        return {}
    try:
        ids = [Writer.segment_id(name) for name in wanted]
    except CannotCarry as why:
        notes.left_out(f"the audience: {why}")
        return {}
    return {"filterConfiguration": {"listFilterType": "INCLUDES" if include else "EXCLUDES", "segmentIds": ids}}


def _outputs(definition: PointsDefinition, categories: Sequence[str], notes: Notes) -> list[Json]:
    found: list[Json] = []
    if definition.bands:
        found.append({"id": "bands", "outputType": "THRESHOLD", "boundaries": _bounds(definition.bands)})
    if definition.matrix is not None and len(categories) == 2:
        matrix = {"FIT": _bounds(definition.matrix.fit), "INTENT": _bounds(definition.matrix.engagement)}
        found.append({"id": "matrix", "outputType": "MATRIX", "boundaries": matrix})
    elif definition.matrix is not None:
        notes.left_out("the matrix, which needs groups of fit and of engagement")
    return found


def _bounds(bands: Sequence[Band]) -> list[Json]:
    return [{"label": band.label, "threshold": number(band.from_)} for band in bands]


def _unknown_to_hubspot(definition: PointsDefinition, notes: Notes) -> None:
    for what, value in (("outcome", definition.outcome), ("readiness", definition.ready_at)):
        if value is not None:
            notes.left_out(f"the {what}, which HubSpot does not know")


def _group(definition: PointsDefinition, name: str, notes: Notes) -> Json:
    group = definition.groups[name]
    notes.where = f"group {name!r}"
    found: dict[str, Any] = {"groupName": name, "groupCategory": _CATEGORIES[group.type], **_limit(group.limit)}
    decay = _decay(group.decay, notes)
    if decay is not None:
        found["groupDecay"] = decay
    rules = [_rule(definition, group, criterion, notes) for criterion in group.criteria]
    found["ruleConfigurations"] = [rule for rule in rules if rule is not None]
    return found


def _rule(definition: PointsDefinition, group: Group, criterion: Criterion, notes: Notes) -> Json | None:
    notes.where = f"criterion {criterion.name!r}"
    try:
        calculation = Writer(subject=definition.subject, notes=notes, decays=group.decay is not None).rule(criterion)
    except CannotCarry as why:
        notes.left_out(f"the criterion: {why}")
        return None
    return {"enabled": True, **_limit(criterion.limit), "configuration": {"calculation": calculation}}


def _limit(limit: Limit | None) -> dict[str, Any]:
    if limit is None:
        return {}
    bounds = {"minValue": limit.min, "maxValue": limit.max}
    return {key: number(value) for key, value in bounds.items() if value is not None}


def _decay(decay: Decay | None, notes: Notes) -> Json | None:
    """HubSpot lowers points by a percentage of what they were, once an interval."""
    if decay is None:
        return None
    days = decay.half_life_days or decay.per_days
    percent = Decimal(50) if decay.percent is None else decay.percent
    assert days is not None
    if days != int(days) or percent != int(percent):
        notes.left_out("the decay: HubSpot takes whole days and whole per cents")
        return None
    if decay.shape != "linear":
        notes.changed(
            "HubSpot's decay is linear: half after one interval, nothing after two, where a half-life goes on"
        )
    return {"decayIntervalDays": int(days), "percentToDecayPerInterval": int(percent)}
