"""A lead score of HubSpot as a definition of points."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from rapport.engine.crm.closed import validated
from rapport.engine.crm.conditions.words import condition_words, event_words, field_words
from rapport.engine.errors import DefinitionError
from rapport.engine.scores.points.hubspot.calculators import Part, Reader, always
from rapport.engine.scores.points.hubspot.exchanged import Imported, Json, Notes
from rapport.engine.scores.points.hubspot.names import SUBJECT_OF
from rapport.engine.scores.points.spec import CountPoints, PointsDefinition, ValuePoints

_TYPES = {"FIT": "fit", "INTENT": "engagement"}
_USUAL_MOST = 100
_LONGEST_NAME = 120


def import_score(
    document: str | Json,
    *,
    name: str | None = None,
    segments: Mapping[str, str] | None = None,
    events: Mapping[str, str] | None = None,
    outcome: Mapping[str, Any] | None = None,
) -> Imported:
    """A score as HubSpot's API gives it (PublicScoreConfiguration, or the body of a draft), as a definition.

    Parameters: name, of the score here; made of HubSpot's by default. segments, events: our names by
        HubSpot's segment ids and event type ids. outcome: what the score claims, which HubSpot does not know.
    What cannot be carried is left out and noted; nothing is dropped silently.
    Raises: DefinitionError where the text is no such JSON, the object is neither contact, company nor deal, or
        no rule can be carried.
    """
    score = _score(document)
    notes = Notes(where="score")
    subject = _subject(score)
    reader = Reader(
        subject=subject,
        notes=notes,
        segments=segments or {},
        events=events or {},
        entity=subject,
        prefix=f"{subject}.",
    )
    try:
        stated = _stated(score, subject, name, reader)
        stated["groups"] = _groups(score, reader)
    except (KeyError, TypeError, ValueError, ArithmeticError) as wrong:
        if isinstance(wrong, ValidationError):
            raise DefinitionError("A rule says what a criterion here cannot say.", where=notes.where) from wrong
        raise DefinitionError(
            "This is not the JSON of a HubSpot lead score.", where=notes.where, received=repr(wrong)
        ) from wrong
    if not stated["groups"]:
        left = "; ".join(note.what for note in notes.found)
        raise DefinitionError("No rule of this score can be carried.", where=str(score.get("name")), received=left)
    if outcome is not None:
        stated["outcome"] = dict(outcome)
    return Imported(definition=validated(PointsDefinition, stated, what="hubspot"), notes=tuple(notes.found))


def _score(document: str | Json) -> Json:
    if not isinstance(document, str):
        return document
    try:
        found = json.loads(document, parse_float=Decimal)
    except ValueError as wrong:
        raise DefinitionError(f"The text is not JSON: {wrong}.", where="hubspot") from None
    if not isinstance(found, dict) or "groupConfigs" not in found:
        raise DefinitionError(
            "This is not the JSON of a HubSpot lead score.",
            where="hubspot",
            next_step="Take the answer of GET /marketing/lead-scoring/.../scores/{scoreId}.",
        )
    return found


def _subject(score: Json) -> str:
    object_type = str(score.get("objectTypeId"))
    if object_type not in SUBJECT_OF:
        raise DefinitionError(
            "Scores are about contacts, companies or deals.",
            where="objectTypeId",
            received=object_type,
            allowed=tuple(SUBJECT_OF),
        )
    return SUBJECT_OF[object_type]


def _stated(score: Json, subject: str, name: str | None, reader: Reader) -> dict[str, Any]:
    title = str(score["name"])
    most, per_type = _most(score)
    stated: dict[str, Any] = {"name": name or slug(title), "title": title, "subject": subject, "kind": "points"}
    stated["range"] = [-most, most]
    if per_type is not None:
        limit = {"min": -per_type, "max": per_type}
        stated["limits"] = {_TYPES[one]: limit for one in score["allowedGroupTypes"]}
    stated |= _outputs(score, reader.notes)
    audience = score.get("filterConfiguration")
    if audience:
        key = "include" if audience["listFilterType"] == "INCLUDES" else "exclude"
        stated["audience"] = {key: [reader.segment(one) for one in audience["segmentIds"]]}
    return stated


def _most(score: Json) -> tuple[int, int | None]:
    """The largest total, and the largest of a type; HubSpot lets both go as far below 0."""
    per_type = score.get("maxScorePerCategory")
    most = score.get("maxScore") or (int(per_type) * len(score["allowedGroupTypes"]) if per_type else _USUAL_MOST)
    return int(most), int(per_type) if per_type else None


def _outputs(score: Json, notes: Notes) -> dict[str, Any]:
    """Bands of the threshold over the whole score, and the matrix."""
    found: dict[str, Any] = {}
    for output in (score.get("outputConfiguration") or {}).get("outputs", ()):
        label = output.get("propertyLabel") or output["outputType"]
        if output["outputType"] == "MATRIX":
            found["matrix"] = {_TYPES[of]: _bounds(bounds, notes) for of, bounds in output["boundaries"].items()}
        elif output["outputType"] == "THRESHOLD":
            whole = set(output.get("categories") or score["allowedGroupTypes"]) >= set(score["allowedGroupTypes"])
            if whole and "bands" not in found:
                found["bands"] = _bounds(output["boundaries"], notes)
            else:
                notes.left_out(f"the labels {label!r}: bands are of the whole score, and one set of them")
    if "matrix" in found and set(found["matrix"]) != {"fit", "engagement"}:
        notes.left_out("the matrix, which needs bounds of fit and of engagement")
        del found["matrix"]
    return found


def _bounds(boundaries: Sequence[Json], notes: Notes) -> list[dict[str, Any]]:
    if any(one.get("color") for one in boundaries):
        notes.left_out("colours of labels")
    return [{"label": one.get("newLabel") or one["label"], "from": one["threshold"]} for one in boundaries]


def _groups(score: Json, reader: Reader) -> dict[str, Any]:
    groups: dict[str, Any] = {}
    taken: set[str] = set()
    for group in score["groupConfigs"]:
        label = str(group["groupName"])
        criteria = _criteria(group, reader, taken)
        reader.notes.where = f"group {label!r}"
        if not criteria:
            reader.notes.left_out("the group, none of whose rules can be carried")
            continue
        stated: dict[str, Any] = {"type": _TYPES[group["groupCategory"]], "criteria": criteria}
        stated |= _limit(group)
        if group.get("groupDecay"):
            stated["decay"] = _decay(group["groupDecay"], reader.notes)
        groups[_free(label, groups)] = stated
    return groups


def _decay(decay: Json, notes: Notes) -> dict[str, Any]:
    notes.changed(
        "points fall evenly day by day here, where HubSpot lowers them once an interval; at its ends both agree"
    )
    return {
        "per_days": decay["decayIntervalDays"],
        "percent": decay["percentToDecayPerInterval"],
        "shape": "linear",
    }


def _criteria(group: Json, reader: Reader, taken: set[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for position, rule in enumerate(group["ruleConfigurations"], start=1):
        reader.notes.where = f"group {str(group['groupName'])!r}, rule {position}"
        if not rule.get("enabled", True):
            reader.notes.left_out("the rule, which is switched off")
            continue
        parts = reader.parts(rule["configuration"]["calculation"])
        limit = _limit(rule)
        if limit and len(parts) > 1:
            reader.notes.changed("the rule's bounds hold for each of its criteria here, not for their sum")
        for part in parts:
            label = _free(_named(part, reader.subject)[:_LONGEST_NAME], taken)
            criterion = _criterion(label, part) | limit
            if _can_be_read(criterion, reader):
                taken.add(label)
                found.append(criterion)
    return found


def _can_be_read(criterion: dict[str, Any], reader: Reader) -> bool:
    """Whether our tables take the criterion: a text test on a number column, say, is left out."""
    group = {"type": "fit", "criteria": [criterion]}
    alone = {"name": "score", "subject": reader.subject, "range": [0, 1], "groups": {"group": group}}
    try:
        validated(PointsDefinition, alone, what=criterion["name"])
    except DefinitionError as wrong:
        reader.notes.left_out(f"{criterion['name']!r}: {wrong.what}")
        return False
    return True


def _criterion(label: str, part: Part) -> dict[str, Any]:
    stated: dict[str, Any] = {"name": label, "points": part.points}
    if part.per is not None:
        stated["per"] = part.per
    if part.when is not None:
        stated["when"] = part.when
    return stated


def _limit(bounded: Json) -> dict[str, Any]:
    bounds = {
        end: bounded[key] for end, key in (("min", "minValue"), ("max", "maxValue")) if bounded.get(key) is not None
    }
    return {"limit": bounds} if bounds else {}


def _named(part: Part, subject: str) -> str:
    """What the criterion is about, in words; the same for the same rule."""
    if isinstance(part.points, ValuePoints):
        return field_words(part.points.value)
    if isinstance(part.points, CountPoints):
        return f"{event_words(part.points.count)}, how often"
    if part.per is not None:
        return event_words(part.per)
    if part.when is None or part.when == always(subject):
        return "everyone"
    return condition_words(part.when)


def _free(label: str, taken: Mapping[str, Any] | set[str]) -> str:
    if label not in taken:
        return label
    number = 2
    while f"{label[: _LONGEST_NAME - 5]} {number}" in taken:
        number += 1
    return f"{label[: _LONGEST_NAME - 5]} {number}"


def slug(title: str) -> str:
    """A name for a score: lower case, letters, digits and underscores, a letter first."""
    words = re.sub(r"[^a-z0-9]+", "_", title.casefold()).strip("_")[:70]
    return words if words[:1].isalpha() else f"score_{words}".rstrip("_")
