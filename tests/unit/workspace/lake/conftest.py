"""A lake of its own for each test."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def lake_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of this test's lake."""
    folder = tmp_path / "lake of tests"
    monkeypatch.setenv("RAPPORT_LAKE", str(folder))
    return folder
