"""A company large enough to measure dashboards on: the simulated one, and a shop beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rapport.engine.crm.simulation import Simulation, write_parquet

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
_DAY_US = 86_400_000_000
_PART = 1_000_000


def made(folder: Path, *, contacts: int, orders: int, interactions: int) -> Path:
    """Parquet files, one folder per table; what is there already is kept."""
    done = folder / "complete"
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_parquet(
            Simulation(contacts=contacts, interactions=interactions, seed=1, end=AS_OF, history=False), folder
        )
        _shop(folder, orders=orders)
        done.touch()
    return folder


def _shop(folder: Path, *, orders: int) -> None:
    """Orders of the contacts, in the order of time, a tenth of the buyers making half of them."""
    people = pq.read_table(folder / "contacts", columns=["id", "account_id"])
    ids, accounts = people["id"].combine_chunks(), people["account_id"].combine_chunks()
    random = np.random.default_rng(7)
    for start in range(0, orders, _PART):
        count = min(_PART, orders - start)
        buyer = (random.beta(0.6, 2.0, count) * len(ids)).astype(np.int64)
        at = int(AS_OF.timestamp()) * 1_000_000 - np.sort(random.integers(0, 730 * _DAY_US, count))[::-1]
        instants = pa.array(at, pa.timestamp("us", tz="UTC"))
        rows = pa.table(
            {
                "id": pa.array([f"shop-{n:09}" for n in range(start, start + count)]),
                "source": pa.array(["shop"] * count),
                "created_at": instants,
                "recorded_at": instants,
                "recorded_at_assumed": pa.array(np.zeros(count, bool)),
                "ingested_at": instants,
                "contact_id": ids.take(pa.array(buyer)),
                "account_id": accounts.take(pa.array(buyer)),
                "channel": pa.array(np.array(["web", "store", "app"])[random.integers(0, 3, count)]),
                "ordered_at": instants,
                "amount": pa.array(np.round(random.lognormal(3.5, 0.8, count), 2)).cast(pa.decimal128(18, 4)),
                "currency": pa.array(["EUR"] * count),
                "status": pa.array(["paid"] * count),
            }
        )
        target = folder / "orders" / f"shop-{start // _PART:04}.parquet"
        pq.write_table(rows, target, compression="zstd", row_group_size=250_000)
