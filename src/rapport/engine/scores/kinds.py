"""The kinds of score by name."""

from __future__ import annotations

from rapport.engine.scores.accounts.kind import AccountsKind
from rapport.engine.scores.churn.kind import ChurnKind
from rapport.engine.scores.combined.kind import CombinedKind
from rapport.engine.scores.conversion.kind import ConversionKind
from rapport.engine.scores.definition_base import ScoreDefinition
from rapport.engine.scores.kind import Kind
from rapport.engine.scores.lifetime.kind import LifetimeKind
from rapport.engine.scores.next_purchase.kind import NextPurchaseKind
from rapport.engine.scores.parts import ScoreOfScores
from rapport.engine.scores.points.kind import PointsKind
from rapport.engine.scores.rfm.kind import RfmKind
from rapport.engine.scores.satisfaction.kind import SatisfactionKind

__all__ = ["KINDS", "Kind", "learns"]

KINDS: dict[str, Kind] = {"points": PointsKind(), "rfm": RfmKind()}
KINDS["accounts"] = AccountsKind(KINDS)
KINDS["satisfaction"] = SatisfactionKind()
KINDS["next_purchase"] = NextPurchaseKind()
KINDS["combined"] = CombinedKind(KINDS)
KINDS["conversion"] = ConversionKind()
KINDS["lifetime"] = LifetimeKind()
KINDS["churn"] = ChurnKind()


def learns(definition: ScoreDefinition) -> bool:
    """Whether a score, or one that it is made of, rests on a model that is fitted to history."""
    parts = definition.scores.values() if isinstance(definition, ScoreOfScores) else ()
    return KINDS[definition.kind].learns or any(learns(part) for part in parts)
