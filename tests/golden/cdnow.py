"""CDNOW purchases as CRM tables: 2,357 customers, 6,919 purchases, 1997-01-01 to 1998-06-30."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from crm_rows import arrow
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.runner import Runner

ZONE = "America/New_York"
LAST_DAY = date(1998, 6, 30)
AT = datetime.combine(LAST_DAY, time(23, 59), ZoneInfo(ZONE))


@dataclass(frozen=True)
class Purchase:
    customer: str
    day: date
    amount: Decimal


def purchases(folder: Path) -> list[Purchase]:
    with gzip.open(folder / "cdnow" / "CDNOW_sample.txt.gz", "rt") as file:
        cells = [line.split() for line in file if line.strip()]
    return [Purchase(customer=cell[1], day=date.fromisoformat(cell[2]), amount=Decimal(cell[4])) for cell in cells]


def snapshot(rows: list[Purchase], runner: Runner) -> Snapshot:
    """Each purchase an order at 20:00 New York time, which is the next day in UTC for half of the year."""
    zone = ZoneInfo(ZONE)
    orders = [
        {
            "id": f"o{number:05}",
            "contact_id": row.customer,
            "ordered_at": datetime.combine(row.day, time(20), zone),
            "recorded_at": datetime.combine(row.day, time(20), zone),
            "amount": row.amount,
            "status": "paid",
        }
        for number, row in enumerate(rows)
    ]
    first = {customer: datetime(1997, 1, 1, tzinfo=zone) for customer in {row.customer for row in rows}}
    contacts = [{"id": c, "created_at": day, "recorded_at": day} for c, day in first.items()]
    tables = {"orders": arrow("orders", orders), "contacts": arrow("contacts", contacts)}
    return Snapshot({name: runner.from_arrow(table) for name, table in tables.items()}, time_zone=ZONE, currency="USD")
