"""Points cards learned from data: few features, few lines, whole points, intervals and support."""

from rapport.engine.statistics.card.fit import fit_card
from rapport.engine.statistics.card.spec import Card, CardBin, CardFeature

__all__ = ["Card", "CardBin", "CardFeature", "fit_card"]
