"""A kind of score that says what a test tells it to, and rows of a small company to prove it on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from crm_rows import at
from rapport.engine.crm.as_of import AsOf

CUT_OFF = at(2024, 3, 1)
NOW = at(2024, 6, 1)
DAY = timedelta(days=1)


class ToldKind:
    """Scores by subject, the same at every instant; `values[(at, subject)]` goes first."""

    def __init__(self, values: Mapping[Any, float | None]) -> None:
        self.values = values

    def score(self, definition: Any, view: AsOf, *, runner: Any, run: Any = None, subjects: Any = None) -> Any:
        rows = runner.to_arrow(view.table("contacts", needed_by="a test", columns=["id"]))
        ids = rows["id"].to_pylist()
        told = [self.values.get((view.at, key), self.values.get(key)) for key in ids]
        values = [None if v is None else Decimal(str(v)) for v in told]
        return runner.from_arrow(
            pa.table(
                {
                    "subject_id": pa.array(ids, pa.string()),
                    "value": pa.array(values, pa.decimal128(18, 6)),
                    "band": [None if v is None else "high" if v >= 50 else "low" for v in values],
                    "matrix": pa.array([None] * len(ids), pa.string()),
                    "reason_null": [None if v is not None else "not told" for v in values],
                }
            )
        )


def contact(key: str, **more: Any) -> dict[str, Any]:
    return {"id": key, "created_at": at(2023, 1, 1), "recorded_at": at(2023, 1, 1), **more}


def contacts(keys: Sequence[str]) -> list[dict[str, Any]]:
    return [contact(key) for key in keys]


def order(who: str, when: datetime, known: datetime | None = None, **more: Any) -> dict[str, Any]:
    """An order of `who` at `when`, which the company came to know at `known`."""
    own = {"id": f"o-{who}-{when:%Y%m%d%H%M%S%f}", "contact_id": who, "ordered_at": when, "recorded_at": known or when}
    return {**own, "status": "paid", "amount": Decimal(10), **more}
