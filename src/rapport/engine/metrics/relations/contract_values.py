"""Customers under contract at the end of each period, and what they are expected to pay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa

from rapport.engine.metrics.lifetimes.purchase_log import Floats
from rapport.engine.metrics.lifetimes.valuation import Horizon, fitted_contracts
from rapport.engine.metrics.money import converted
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relations.recurring import running_contracts
from rapport.engine.metrics.relations.stays import under_contract
from rapport.engine.metrics.windows import Window

_DAY_US = 86_400_000_000


@dataclass(frozen=True)
class UnderContract:
    """Arrays of equal length: ids of customers, since when (microseconds since 1970), what they are expected to pay."""

    ids: pa.Array
    since: np.ndarray
    value: Floats


def contract_values(reading: Reading, horizon: Horizon) -> dict[int, UnderContract]:
    """Of each window by its number: monthly amount then x discounted months that a contract of that age still runs.

    How contracts are kept is learnt from those that began before the window stands, as far as told by then.
    """
    runner = reading.runner
    assert runner is not None
    spans = runner.to_arrow(under_contract(reading).select("customer_id", "from_at", "to_at"))
    rows = converted(plain(running_contracts(reading, reading.windows)), reading, dated_by="stands_at")
    paid = rows.group_by("period", "customer_id").aggregate(monthly=rows.amount.sum().cast("float64"))
    amounts = runner.to_arrow(paid.filter(paid.monthly > 0))
    return {window.number: _at_end(window, spans, amounts, horizon) for window in reading.windows}


def _at_end(window: Window, spans: pa.Table, amounts: pa.Table, horizon: Horizon) -> UnderContract:
    now = _microseconds(window.stand)
    start, end = _instants(spans, "from_at"), _instants(spans, "to_at")
    begun = start < now
    over = begun & (end < now)
    running = begun & ~over
    until = np.where(over, end, now)
    own = amounts.filter(pa.array(amounts["period"].to_numpy() == window.number))
    monthly = dict(zip(own["customer_id"].to_pylist(), own["monthly"].to_pylist(), strict=True))
    ids = spans["customer_id"].combine_chunks().filter(pa.array(running))
    paid = np.array([monthly.get(who, 0.0) for who in ids.to_pylist()])
    if not running.any():
        return UnderContract(ids, start[running], paid)
    model = fitted_contracts(((until - start) / _DAY_US)[begun], over[begun])
    months = model.months((now - start[running]) / _DAY_US, horizon)
    return UnderContract(ids, start[running], paid * months)


def _instants(rows: pa.Table, name: str) -> np.ndarray:
    """Microseconds since 1970; far ahead where there is none."""
    values = rows[name].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).fill_null(np.iinfo(np.int64).max)
    return np.asarray(values.to_numpy(), dtype=np.int64)


def _microseconds(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000 + at.microsecond
