"""Regular expressions of `matches`: the RE2 subset, so that no pattern can run away."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

from rapport.engine.errors import DefinitionError

LONGEST = 200
_MEMORY = 1 << 20  # bytes one compiled pattern may take


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Any:
    """The compiled pattern. Raises: DefinitionError where RE2 cannot read it."""
    if len(pattern) > LONGEST:
        raise DefinitionError("A pattern is too long.", where="matches", received=pattern, allowed="200 characters")
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as failure:
        reason = failure.args[0].decode() if failure.args and isinstance(failure.args[0], bytes) else str(failure)
        raise DefinitionError(
            f"The pattern cannot be read: {reason}.",
            where="matches",
            received=pattern,
            allowed="RE2: no look-around, no back references",
        ) from None
