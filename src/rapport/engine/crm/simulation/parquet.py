"""The simulated tables as files, one folder per table, in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rapport.engine.crm.simulation.simulate import simulated_parts, truth
from rapport.engine.crm.simulation.spec import Simulation


def write_parquet(
    simulation: Simulation, folder: Path, *, on_part: Callable[[str, int], None] | None = None
) -> dict[str, int]:
    """Write `<table>/part-0000.parquet` ... and `truth.parquet`.

    Contacts are numbered in the order of their ids and each part holds consecutive contacts, so all
    interactions are sorted by (contact_id, occurred_at) within and across the files.

    Parameters: on_part is told each table and its number of rows as they are written.
    Returns: rows by table.
    """
    rows: Counter[str] = Counter()
    parts: Counter[str] = Counter()
    for name, part in simulated_parts(simulation):
        target = folder / name
        target.mkdir(parents=True, exist_ok=True)
        _write(part, target / f"part-{parts[name]:04}.parquet")
        parts[name] += 1
        rows[name] += len(part)
        if on_part is not None:
            on_part(name, len(part))
    _write(truth(simulation), folder / "truth.parquet")
    return dict(rows)


def _write(rows: pa.Table, file: Path) -> None:
    pq.write_table(rows, file, compression="zstd", row_group_size=250_000)
