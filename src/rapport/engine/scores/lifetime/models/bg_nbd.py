"""BG/NBD: customers may drop out after each repeat purchase. Source: Fader, Hardie & Lee 2005."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rapport.engine.scores.lifetime.models.beta_geometric import BetaGeometric


@dataclass(frozen=True)
class BgNbd(BetaGeometric):
    """One-time buyers are alive for certain; dropout is found among repeat buyers."""

    name: ClassVar[str] = "bg_nbd"
    first: ClassVar[int] = 0
