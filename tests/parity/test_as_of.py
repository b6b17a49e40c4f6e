"""As-of views and local days give the same rows on every engine."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from crm_rows import at, snapshot
from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.local_day import local_day
from rapport.engine.runner import Runner

pytestmark = pytest.mark.slow

DAYS = [
    ("Europe/Stockholm", at(2024, 3, 30, 23, 30), date(2024, 3, 31)),
    ("Europe/Stockholm", at(2024, 10, 27, 22, 59), date(2024, 10, 27)),
    ("Asia/Kathmandu", at(2024, 1, 1, 18, 15), date(2024, 1, 2)),
    ("Pacific/Apia", at(2011, 12, 30, 10), date(2011, 12, 31)),
]


@pytest.mark.parametrize(("zone", "instant", "day"), DAYS)
def test_local_days(engine: Runner, zone: str, instant: datetime, day: date) -> None:
    rows = engine.from_arrow(pa.table({"moment": pa.array([instant], pa.timestamp("us", tz="UTC"))}))
    assert engine.to_arrow(rows.select(day=local_day(rows.moment, zone))).to_pylist() == [{"day": day}]


def test_values_milestones_and_merges(engine: Runner) -> None:
    known = at(2024, 1, 1)
    data = snapshot(
        engine,
        deals=[{"id": "d", "contact_id": "a", "created_at": known, "recorded_at": known, "closed_at": at(2024, 3, 1)}],
        attribute_history=[
            {"id": name, "entity": "deal", "entity_id": "d", "attribute": name, "value": text}
            | {"valid_from": known, "recorded_at": known}
            for name, text in [
                ("amount", "1234567890123.4567"),
                ("contact_id", "a"),
                ("probability", "0.1"),
                ("properties.x", "7"),
            ]
        ],
        identity_links=[
            {"id": "l", "entity": "contact", "from_id": "a", "to_id": "b", "kind": "merge", "recorded_at": known}
        ],
    )
    columns = ["amount", "contact_id", "probability", "properties.x", "closed_at"]
    rows = engine.to_arrow(as_known(data, at(2024, 2, 1)).table("deals", needed_by="test", columns=columns)).to_pylist()
    amount = Decimal("1234567890123.4567")
    assert rows == [
        {"id": "d", "amount": amount, "contact_id": "b", "probability": 0.1, "properties.x": "7", "closed_at": None}
    ]
