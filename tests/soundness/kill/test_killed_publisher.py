"""A publisher is really killed, again and again: the lake and every reader keep exactly the database's rows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "publisher_under_fire.py"


def under_fire(installation: dict[str, str], *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], env=installation, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_by_a_kill_at_any_step(installation: dict[str, str]) -> None:
    under_fire(installation, "steps")


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_by_kills_at_random_moments(installation: dict[str, str]) -> None:
    under_fire(installation, "moments", os.environ.get("RAPPORT_TEST_KILLS", "20"))


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_by_killing_rival_publishers(installation: dict[str, str]) -> None:
    under_fire(installation, "rivals", "6")


def test_a_full_disk_is_told_and_loses_nothing(installation: dict[str, str]) -> None:
    under_fire(installation, "full")


@pytest.mark.slow
def test_readers_see_whole_transactions_while_others_write_publish_compact_and_rebuild(
    installation: dict[str, str],
) -> None:
    under_fire(installation, "readers", "10")
