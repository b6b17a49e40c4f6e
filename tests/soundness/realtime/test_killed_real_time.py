"""Acceptors and scorers are really killed: what was answered is there, and nothing is done twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "real_time_under_fire.py"


@pytest.mark.slow
def test_nothing_answered_is_lost_and_no_crossing_is_acted_on_twice(installation: dict[str, str]) -> None:
    done = subprocess.run([sys.executable, str(SCRIPT)], env=installation, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
