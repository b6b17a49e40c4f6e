"""The engine that reads and sorts the lake, within the bounds of the installation."""

from __future__ import annotations

from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.workspace.options import home_folder, option


def new_runner() -> DuckdbRunner:
    """DuckDB with the threads and memory it may take, spilling to the home folder."""
    threads = option("threads")
    return DuckdbRunner(
        threads=int(threads) if threads else None,
        memory_limit=option("memory") or None,
        temp_directory=home_folder() / "spill",
    )
