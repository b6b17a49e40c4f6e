"""Ids of rows made here: UUIDv7 (RFC 9562), so that newer rows sort after older ones."""

from __future__ import annotations

import os
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


def new_ids(count: int) -> list[str]:
    """Many UUIDv7 in ascending order: milliseconds, a counter in place of the first 12 random bits, 60 random bits."""
    start = time.time_ns() // 1_000_000
    random = os.urandom(8 * count).hex()
    ids = []
    for i in range(count):
        moment = f"{start + (i >> 12):012x}"
        bits = random[16 * i : 16 * i + 15]
        ids.append(f"{moment[:8]}-{moment[8:]}-7{i & 0xFFF:03x}-8{bits[:3]}-{bits[3:]}")
    return ids
