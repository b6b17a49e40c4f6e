"""Who is held out from an action: decided by a keyed hash, so that chance alone decides and anyone can check.

`arm_of` depends on the salt, the action and the subject and on nothing else: not on the order in which subjects come,
not on who else is there, not on the clock. Asked again it answers the same. Each band may have a share of its own held
out; a subject's number stays the same from band to band, so raising a share only ever adds to those held out.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from rapport.engine.errors import DefinitionError

TREATED, HOLDOUT = "treated", "holdout"
ARMS = (TREATED, HOLDOUT)
_STEPS = 2**53  # whole numbers that a float holds exactly


@dataclass(frozen=True, kw_only=True)
class Split:
    """How subjects of an action are divided.

    Attributes:
        action: its name; the same subject is divided anew for each action.
        salt: secret of this action, at least 16 characters, made once at random and kept.
        held_out: share held out, 0..1; by_band, where it differs (0: nobody of that band is held out).
    """

    action: str
    salt: str
    held_out: float
    by_band: Mapping[str, float]

    def __post_init__(self) -> None:
        if len(self.salt) < 16:
            raise DefinitionError("A salt has at least 16 characters.", where=self.action)
        for share in (self.held_out, *self.by_band.values()):
            if not 0 <= share <= 1:
                raise DefinitionError("A share lies between 0 and 1.", where=self.action, received=share)

    def share(self, band: str | None) -> float:
        """The share held out of a band."""
        return self.by_band.get(band or "", self.held_out)


def arm_of(subject_id: str, split: Split, *, band: str | None = None) -> str:
    """`treated` or `holdout`, the same whenever it is asked."""
    return HOLDOUT if number_of(subject_id, split) < split.share(band) else TREATED


def number_of(subject_id: str, split: Split) -> float:
    """The subject's number in [0, 1): uniform, and unrelated to anything else about it.

    HMAC-SHA256 of action and subject under the salt, its first 53 bits.
    """
    told = f"{len(split.action)}:{split.action}{subject_id}".encode()
    digest = hmac.new(split.salt.encode(), told, sha256).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / _STEPS
