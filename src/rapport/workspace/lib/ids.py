"""Ids of rows made here: UUIDv7 (RFC 9562), so that newer rows sort after older ones."""

from __future__ import annotations

import secrets
import time
import uuid


def new_id() -> str:
    """A UUIDv7 as text: 48 bits of milliseconds, 74 random bits."""
    random = secrets.randbits(74)
    value = (
        (time.time_ns() // 1_000_000) << 80 | 0x7 << 76 | (random >> 62) << 64 | 0b10 << 62 | (random & (1 << 62) - 1)
    )
    return str(uuid.UUID(int=value))
