"""An import, and an undo, that are killed again and again lose nothing and double nothing."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

CHILD = Path(__file__).parent / "importing_child.py"
ROWS = 20_000
ACCOUNTS = 300


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A home and a database of its own: SQLite, or where the tests run on PostgreSQL a new database there."""
    own = {**os.environ, "RAPPORT_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "rapport.workspace.settings"}
    server = os.environ.get("RAPPORT_TEST_DATABASE", "")
    if not server.startswith("postgres"):
        yield {**own, "RAPPORT_DATABASE": ""}
        return
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS rapport_kill_import WITH (FORCE)")
        connection.execute("CREATE DATABASE rapport_kill_import")
        yield {**own, "RAPPORT_DATABASE": urlsplit(server)._replace(path="/rapport_kill_import").geturl()}
        connection.execute("DROP DATABASE rapport_kill_import WITH (FORCE)")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """20,000 contacts of 300 accounts; the last row doubles the first."""
    path = tmp_path / "contacts.csv"
    with path.open("w") as lines:
        lines.write("Record ID,Email,First Name,Company Name\n")
        lines.writelines(f"{n},p{n}@example.com,Name {n},Company {n % ACCOUNTS}\n" for n in range(ROWS))
        lines.write("0,other@example.com,Name,Company 0\n")
    return path


def asked(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, str(CHILD), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def worked(environment: dict[str, str], what: str, import_id: str, *, kill_after: float | None) -> int:
    """Let a child work, killed some seconds after it has begun. Returns its exit code."""
    child = subprocess.Popen([sys.executable, str(CHILD), what, import_id], env=environment, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    if kill_after is not None:
        time.sleep(kill_after)
        child.send_signal(signal.SIGKILL)
    child.stdout.close()
    return child.wait(timeout=900)


def killed_until_done(
    environment: dict[str, str], what: str, import_id: str, *, seed: int, kills: int
) -> dict[str, Any]:
    """Kill the work at random moments, then let it come through. Returns the report; at least one kill came midway."""
    moments = random.Random(seed)
    codes = [worked(environment, what, import_id, kill_after=moments.uniform(0.05, 0.9)) for _ in range(kills)]
    assert -signal.SIGKILL in codes, "the work was too quick to be killed"
    if codes[-1] == -signal.SIGKILL:
        assert worked(environment, what, import_id, kill_after=None) == 0
    found: dict[str, Any] = json.loads(asked(environment, "report", import_id))
    return found


@pytest.mark.slow
class TestKilledImports:
    def test_end_with_every_row_once_and_are_undone_as_a_whole(self, environment: dict[str, str], file: Path) -> None:
        import_id = asked(environment, "prepare", str(file))
        found = killed_until_done(environment, "import", import_id, seed=7, kills=5)
        assert found == {
            "state": "done",
            "counts": {"new": ROWS, "updated": 0, "unchanged": 0, "duplicate": 1, "error": 0},
            "undo_counts": {},
            "cursor": ROWS + 1,
            "contacts": ROWS,
            "ids": ROWS,
            "standing": ROWS,
            "accounts": ACCOUNTS,
            "entries": 3 * ROWS,
            "attributes": 3 * ROWS,
            "deletions": 0,
            "changes": ROWS + ACCOUNTS,
        }
        undone = killed_until_done(environment, "undo", import_id, seed=8, kills=3)
        assert undone == {
            **found,
            "state": "undone",
            "undo_counts": {"deleted": ROWS + ACCOUNTS, "restored": 0, "left": 0},
            "standing": 0,
            "deletions": ROWS + ACCOUNTS,
        }
