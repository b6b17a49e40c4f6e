"""Scores from HubSpot and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from rapport.engine.scores.definition_writing import definition_yaml
from rapport.engine.scores.points.hubspot import Exported, Imported, Note, export_score, import_score
from rapport.workspace.scores.definitions import create_draft
from rapport.workspace.scores.models import ScoreDefinition
from rapport.workspace.scores.suggestions import points_of


@dataclass(frozen=True, kw_only=True)
class Drafted:
    """An imported score as a draft, and what is not the same as in HubSpot."""

    draft: ScoreDefinition
    notes: Sequence[Note]


def from_hubspot(text: str, *, by: str, name: str | None = None) -> Drafted:
    """A draft from the JSON of a HubSpot lead score. Raises: DefinitionError where it is none."""
    found = read_hubspot(text, name=name)
    draft = create_draft(document=definition_yaml(found.definition), by=by, note=_summary(found))
    return Drafted(draft=draft, notes=found.notes)


def read_hubspot(text: str, *, name: str | None = None) -> Imported:
    """What an import would give, without keeping it."""
    return import_score(text, name=name)


def to_hubspot(version: ScoreDefinition) -> Exported:
    """A version of points as the body of a HubSpot draft. Raises: DefinitionError for another kind."""
    return export_score(points_of(version))


def hubspot_json(found: Exported) -> str:
    return json.dumps(found.document, indent=2, ensure_ascii=False)


def _summary(found: Imported) -> str:
    count = len(found.notes)
    return "Imported from HubSpot" + (f"; {count} note{'s' if count != 1 else ''}" if count else "")
