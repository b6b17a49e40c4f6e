"""What is kept of what is sold."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.errors import MissingColumn
from rapport.engine.metrics.aggregates import MONEY_SUM
from rapport.engine.metrics.money import converted
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Relation, column, through
from rapport.engine.metrics.relations.contracts import contract_terms
from rapport.engine.metrics.relations.sales import placed_orders

_PARTY = ("contact_id", "account_id")


def _margins(reading: Reading) -> ir.Table:
    """One row per order not refunded in full, and per contract that began: at, amount, margin, margin_known.

    Contracts, and orders without a margin, have that of the setting `gross_margin_percent`, else none.
    Raises MissingColumn where neither orders nor the setting tell one.
    """
    told = reading.setting("gross_margin_percent", None)
    share = None if told is None else float(str(told)) / 100
    parts = []
    if reading.has("orders"):
        orders = placed_orders(reading)
        margins = reading.lookup("orders", ["margin"]).select(_order="id", margin="margin")
        kept = orders.filter(~orders.refunded & (orders.amount > 0).fill_null(False))
        parts.append(
            plain(kept.join(margins, [("id", "_order")])).select("id", *_PARTY, "at", "amount", "margin", "currency")
        )
    if share is not None and reading.has("contracts"):
        terms = contract_terms(reading, ["monthly_amount", "currency"])
        nothing = ibis.null().cast("decimal(18, 4)")
        parts.append(
            terms.select("id", *_PARTY, at="from_at", amount="monthly_amount", margin=nothing, currency="currency")
        )
    if not parts:
        raise MissingColumn("order.margin", needed_by=reading.needed_by)
    rows = plain(ibis.union(*parts) if len(parts) > 1 else parts[0])
    rows = converted(rows, reading, dated_by="at", amount="margin")
    rows = converted(plain(rows), reading, dated_by="at")
    if share is not None:
        assumed = (rows.amount.cast("float64") * share).cast(MONEY_SUM)
        rows = rows.mutate(margin=ibis.coalesce(rows.margin, assumed))
    return rows.mutate(margin_known=rows.margin.notnull() & rows.amount.notnull())


MARGINS = Relation(
    name="margins",
    grain="orders with a margin",
    table="orders",
    needs_any=("orders", "contracts"),
    rows=_margins,
    dimensions={
        "account": column("account_id"),
        "industry": through("account_id", "accounts", "industry"),
        "country": through("contact_id", "contacts", "country"),
        "source": through("contact_id", "contacts", "lead_source"),
    },
    labels=("amount", "margin", "currency", "contact_id", "account_id"),
)
