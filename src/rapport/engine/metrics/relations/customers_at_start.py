"""Customers as they stand, and those of the start of a period with what became of them by its end."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading, either, elapsed, plain
from rapport.engine.metrics.relation import Dating, Dimension, Relation, column
from rapport.engine.metrics.relations.customers import WHOSE
from rapport.engine.metrics.relations.stays import stays
from rapport.engine.metrics.relations.trailing import a_year_back
from rapport.engine.metrics.windows import Window, every_window

_YEAR_DAYS = 365.25
_LABELS = ("by", "plan", "account_id", "contact_id", "to_at")
_DIMENSIONS: dict[str, Dimension] = {
    "by": column("by"),
    "plan": column("plan"),
    **WHOSE,
}


def at_start(reading: Reading, windows: Sequence[Window]) -> ir.Table:
    """One row per window and customer who was one when it began: `period`, kept, lost, matured, and the stay's columns.

    kept: a customer still, or again, when the window stands. matured: false where the contract ended so lately that
    it may still be renewed; it is then counted as kept. tenure: how long a customer already, in bands.
    """
    known = stays(reading)
    if reading.wants("tenure"):
        known = known.mutate(since=known.from_at.min().over(ibis.window(group_by=known.customer_id)))
    looked_at = every_window(known, windows)
    runs_on = looked_at.to_at.isnull() | (looked_at.to_at >= looked_at.stands_at)
    there = (looked_at.from_at < looked_at.window_start) & (
        looked_at.to_at.isnull() | (looked_at.to_at >= looked_at.window_start)
    )
    came = (looked_at.from_at >= looked_at.window_start) & (looked_at.from_at < looked_at.stands_at) & runs_on
    back = looked_at.filter(came).select(_whose="customer_id", _when="period").distinct()
    began = plain(looked_at.mutate(_runs_on=runs_on).filter(there))
    rows = began.left_join(back, [("customer_id", "_whose"), ("period", "_when")])
    returned = rows._whose.notnull()
    pending = either(rows.in_grace_since < rows.stands_at) & ~returned
    rows = rows.mutate(kept=rows._runs_on | returned, lost=~(rows._runs_on | returned), matured=~pending)
    rows = rows.mutate(by_contract=rows.by == "contract")
    if "since" in rows.columns:
        rows = rows.mutate(tenure=_tenure(rows))
    return plain(rows.drop("_whose", "_when", "_runs_on"))


def _tenure(rows: ir.Table) -> ir.StringValue:
    years = elapsed(rows.since, rows.window_start, unit="days") / _YEAR_DAYS
    return ibis.cases(
        (years < 1, "under 1 year"), (years < 2, "1 to 2 years"), (years < 5, "2 to 5 years"), else_="5 years or more"
    )


def _current(reading: Reading) -> ir.Table:
    """One row per stay, from when until when: a customer has at most one at an instant."""
    return stays(reading)


CURRENT_CUSTOMERS = Relation(
    name="current_customers",
    grain="customers",
    table="orders",
    needs_any=("orders", "deals", "contracts"),
    rows=_current,
    dating=Dating.STANDING,
    dimensions=_DIMENSIONS,
    labels=_LABELS,
)
CUSTOMERS_AT_START = Relation(
    name="customers_at_start",
    grain="customers of the start",
    table="orders",
    needs_any=("orders", "deals", "contracts"),
    rows=lambda reading: at_start(reading, reading.windows),
    dating=Dating.PER_PERIOD,
    dimensions={**_DIMENSIONS, "tenure": column("tenure")},
    labels=_LABELS,
)
CUSTOMERS_A_YEAR_AGO = Relation(
    name="customers_a_year_ago",
    grain="customers of a year before",
    table="orders",
    needs_any=("orders", "deals", "contracts"),
    rows=lambda reading: at_start(reading, a_year_back(reading.windows, reading.time_zone)),
    dating=Dating.PER_PERIOD,
    dimensions={**_DIMENSIONS, "tenure": column("tenure")},
    labels=_LABELS,
)
