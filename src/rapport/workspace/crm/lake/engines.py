"""The engine that reads and sorts the lake, within the bounds of the installation."""

from __future__ import annotations

import shutil
import time
import uuid

from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.workspace.options import home_folder, option

_LEFT_BEHIND_SECONDS = 24 * 3600


def new_runner() -> DuckdbRunner:
    """DuckDB with the threads and memory it may take, spilling to a folder of its own, which it deletes when closed."""
    threads, spill = option("threads"), home_folder() / "spill"
    spill.mkdir(parents=True, exist_ok=True)
    return DuckdbRunner(
        threads=int(threads) if threads else None,
        memory_limit=option("memory") or None,
        temp_directory=spill / uuid.uuid4().hex,
    )


def clear_spill() -> int:
    """Delete the spill folders that killed processes left behind, once they are a day old; how many."""
    left = [
        folder
        for folder in (home_folder() / "spill").glob("*")
        if folder.stat().st_mtime < time.time() - _LEFT_BEHIND_SECONDS
    ]
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)
    return len(left)
