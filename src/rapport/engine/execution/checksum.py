"""Checksums of files that leave."""

from __future__ import annotations

import hashlib
from pathlib import Path


def checksum(file: Path) -> str:
    """SHA-256 in hexadecimal, read piece by piece."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
