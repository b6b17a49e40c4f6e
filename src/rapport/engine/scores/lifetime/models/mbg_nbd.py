"""MBG/NBD: customers may drop out after each purchase, the first included.

Source: Batislam, Denizel & Filiztekin 2007, IJRM 24(3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rapport.engine.scores.lifetime.models.beta_geometric import BetaGeometric


@dataclass(frozen=True)
class MbgNbd(BetaGeometric):
    """One-time buyers may be gone already."""

    name: ClassVar[str] = "mbg_nbd"
    first: ClassVar[int] = 1
