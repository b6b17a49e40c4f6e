"""Scores that a definition names: the live version of each is written into the document when it is saved.

So a version means the same for ever. When a part gets a newer version, the whole stays as it was published and
says that there is a newer one.
"""

from __future__ import annotations

from collections.abc import Sequence

from rapport.engine.errors import DefinitionError
from rapport.engine.scores.definition import ScoreDefinition as Definition
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.parts import ScoreOfScores
from rapport.workspace.scores.embedding import embedded, with_time_zone
from rapport.workspace.scores.models import ScoreDefinition, State


def resolved(document: str) -> str:
    """`document` with the live versions of the scores that it only names.

    Raises: DefinitionError for a name that is not live, with those that are.
    """
    return embedded(document, _live_document)


def newer_parts(definition: Definition) -> Sequence[str]:
    """The scores it is made of (and those that they are made of) whose live version says something else by now."""
    if not isinstance(definition, ScoreOfScores):
        return ()
    found = []
    for name, part in definition.scores.items():
        live = ScoreDefinition.objects.filter(name=name, state=State.PUBLISHED).first()
        if live is not None and _differs(live, part):
            found.append(name)
        found += [inner for inner in newer_parts(part) if inner not in found]
    return tuple(found)


def _live_document(name: str) -> str:
    version = ScoreDefinition.objects.filter(name=name, state=State.PUBLISHED).first()
    if version is None:
        live = ScoreDefinition.objects.filter(state=State.PUBLISHED).order_by("name").values_list("name", flat=True)
        raise DefinitionError(
            "There is no live score of this name.",
            where="scores",
            received=name,
            allowed=[one for one in live if one] or "none is live yet",
            next_step="Publish it first, or write its whole definition here.",
        )
    return with_time_zone(version.document or "", version.time_zone or "")


def _differs(live: ScoreDefinition, part: Definition) -> bool:
    try:
        now = parse_definition(live.document or "")
    except DefinitionError:
        return True
    same_zone = {"time_zone": None}
    return now.model_copy(update=same_zone) != part.model_copy(update=same_zone)
