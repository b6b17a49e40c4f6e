"""Definitions of scores, read from YAML or from a form. The kind picks the model.

The parts that every kind shares are in `definition_base.py`; kinds import them from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rapport.engine.crm.closed import validated
from rapport.engine.errors import DefinitionError
from rapport.engine.scores.accounts.spec import AccountsDefinition
from rapport.engine.scores.churn.spec import ChurnDefinition
from rapport.engine.scores.combined.spec import CombinedDefinition
from rapport.engine.scores.conversion.spec import ConversionDefinition
from rapport.engine.scores.definition_base import (
    Audience,
    Band,
    Matrix,
    Outcome,
    Range,
    ReadyAt,
    ScoreDefinition,
)
from rapport.engine.scores.definition_text import read_yaml
from rapport.engine.scores.lifetime.spec import LifetimeDefinition
from rapport.engine.scores.next_purchase.spec import NextPurchaseDefinition
from rapport.engine.scores.parts import ScoreOfScores, with_parts
from rapport.engine.scores.points.spec import PointsDefinition
from rapport.engine.scores.rfm.spec import RfmDefinition
from rapport.engine.scores.satisfaction.spec import SatisfactionDefinition

DEFINITION_TYPES: dict[str, type[ScoreDefinition]] = {"points": PointsDefinition, "rfm": RfmDefinition}
DEFINITION_TYPES["accounts"] = AccountsDefinition
DEFINITION_TYPES["satisfaction"] = SatisfactionDefinition
DEFINITION_TYPES["next_purchase"] = NextPurchaseDefinition
DEFINITION_TYPES["combined"] = CombinedDefinition
DEFINITION_TYPES["conversion"] = ConversionDefinition
DEFINITION_TYPES["lifetime"] = LifetimeDefinition
DEFINITION_TYPES["churn"] = ChurnDefinition

__all__ = [
    "DEFINITION_TYPES",
    "Audience",
    "Band",
    "Matrix",
    "Outcome",
    "Range",
    "ReadyAt",
    "ScoreDefinition",
    "definition_of",
    "parse_definition",
]


def parse_definition(text: str) -> ScoreDefinition:
    """The definition that a YAML text states, numbers as written.

    Raises: DefinitionError for the first thing that is wrong, with its place.
    """
    return definition_of(read_yaml(text))


def definition_of(document: Mapping[str, Any], *, within: tuple[str, ...] = ()) -> ScoreDefinition:
    """The definition that a dictionary (a form, JSON) states.

    Parameters: within, the names of the scores that the document is a part of, the outermost first.
    """
    kind = document.get("kind")
    if kind not in DEFINITION_TYPES:
        raise DefinitionError(
            "The kind of score is not known.", where="kind", received=kind, allowed=sorted(DEFINITION_TYPES)
        )
    model = DEFINITION_TYPES[kind]
    if issubclass(model, ScoreOfScores):
        document = with_parts(document, read=definition_of, within=within)
    place = (*within[1:], str(document.get("name"))) if within else ()
    return validated(model, document, what=".".join(f"scores.{name}" for name in place))
