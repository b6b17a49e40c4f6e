"""Amounts of a relation in the company's base currency (`crm/exchange.py`)."""

from __future__ import annotations

import ibis.expr.types as ir

from rapport.engine.crm.exchange import in_base_currency
from rapport.engine.metrics.reading import Reading


def converted(rows: ir.Table, reading: Reading, *, dated_by: str, amount: str = "amount") -> ir.Table:
    """`rows` with `amount` in base currency, `<amount>_missing` and `<amount>_unconverted`."""
    return in_base_currency(rows, reading.view, dated_by=dated_by, needed_by=reading.needed_by, amount=amount)
