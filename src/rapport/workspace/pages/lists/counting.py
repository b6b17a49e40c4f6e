"""How many rows a list has: exactly as far as that is quick, then as an estimate. Never before the list is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

CAP = 10_000


@dataclass(frozen=True, kw_only=True)
class Count:
    """A number and how it is meant: exactly, at least, or about."""

    number: int
    sort: str  # exactly, at_least, about


def count(rows: QuerySet[Any], *, everything: bool) -> Count:
    """everything: the list is the whole table, so that the database's own estimate may stand for it."""
    found = rows.order_by().values("pk")[: CAP + 1].count()
    if found <= CAP:
        return Count(number=found, sort="exactly")
    estimate = _estimate(rows.model._meta.db_table) if everything else None
    return Count(number=estimate, sort="about") if estimate else Count(number=CAP, sort="at_least")


def _estimate(table: str) -> int | None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)", [table])
        else:
            cursor.execute(f"SELECT max(rowid) FROM {connection.ops.quote_name(table)}")  # noqa: S608 # our own name
        row = cursor.fetchone()
    return int(row[0]) if row and row[0] and row[0] > 0 else None
