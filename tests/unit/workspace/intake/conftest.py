"""Files to import."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

WriteFile = Callable[..., Path]


@pytest.fixture
def file(tmp_path: Path) -> WriteFile:
    """Writes a file: file("deals.csv", "a,b", "1,2") or file("x.csv", data=b"...")."""

    def write(name: str, *lines: str, data: bytes | None = None, encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(data if data is not None else "\n".join([*lines, ""]).encode(encoding))
        return path

    return write
