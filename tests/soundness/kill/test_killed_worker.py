"""Workers are really killed in the middle of jobs: every job is done in the end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "worker_under_fire.py"


@pytest.mark.slow
def test_every_job_is_done_although_workers_are_killed(installation: dict[str, str]) -> None:
    done = subprocess.run([sys.executable, str(SCRIPT)], env=installation, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
