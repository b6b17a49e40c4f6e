"""A file far larger than the memory it may take is read as a stream."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CHILD = Path(__file__).parent / "reading_child.py"
ALLOWED_MB = 120


def checked(tmp_path: Path, file: Path) -> dict[str, object]:
    environment = {
        **os.environ,
        "RAPPORT_HOME": str(tmp_path),
        "RAPPORT_DATABASE": "",
        "DJANGO_SETTINGS_MODULE": "rapport.workspace.settings",
    }
    command = [sys.executable, str(CHILD), str(file)]
    found: dict[str, object] = json.loads(
        subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    )
    return found


@pytest.mark.slow
class TestLargeFiles:
    def test_of_200_megabytes_take_little_memory(self, tmp_path: Path) -> None:
        file = tmp_path / "contacts.csv"
        note = 'a note, with "quotes" and\nline breaks '.replace('"', '""') * 50
        with file.open("w") as lines:
            lines.write("Record ID,Email,Notes\n")
            lines.writelines(f'{n},p{n}@example.com,"{note}"\n' for n in range(100_000))
        assert file.stat().st_size > 200_000_000
        found = checked(tmp_path, file)
        assert found["counts"] == {"new": 100_000, "updated": 0, "unchanged": 0, "duplicate": 0, "error": 0}
        assert float(str(found["grown_mb"])) < ALLOWED_MB

    def test_of_a_hundred_cells_of_a_million_characters_take_little_memory(self, tmp_path: Path) -> None:
        file = tmp_path / "contacts.csv"
        with file.open("w") as lines:
            lines.write("Record ID,Email,Notes\n")
            lines.writelines(f"{n},p{n}@example.com,{'x' * 1_000_000}\n" for n in range(100))
            lines.write(f"100,p100@example.com,{'x' * 1_000_001}\n")
        found = checked(tmp_path, file)
        assert found["counts"] == {"new": 100, "updated": 0, "unchanged": 0, "duplicate": 0, "error": 1}
        assert float(str(found["grown_mb"])) < ALLOWED_MB
