"""Purchases of each subject as of an instant: the rows that recency, frequency and monetary value are made of."""

from __future__ import annotations

from datetime import timedelta

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.local_day import local_day_of, start_of_local_day
from rapport.engine.scores.rfm.spec import RfmDefinition

_NEEDED_BY = "an RFM score"


def purchases(definition: RfmDefinition, view: AsOf, *, time_zone: str) -> ir.Table:
    """One row per purchase: subject_id, purchased_at (UTC), amount (decimal, base currency, net of refunds).

    An order counts unless it was cancelled or fully refunded; a won deal counts on the day it was
    closed. `amount` is null where none is told or it is in another currency: such a purchase counts for
    recency and frequency. With a window, purchases of today and the n - 1 local days before.
    """
    rows = _orders(definition, view) if definition.purchases == "orders" else _deals(definition, view)
    rows = rows.filter(rows.subject_id.notnull() & rows.purchased_at.notnull())
    if definition.window_days is not None:
        first = local_day_of(view.at, time_zone) - timedelta(days=definition.window_days - 1)
        rows = rows.filter(
            rows.purchased_at >= ibis.literal(start_of_local_day(first, time_zone), type="timestamp('UTC', 6)")
        )
    foreign = rows.currency.notnull() & (rows.currency.upper() != view.snapshot.currency.upper())
    return rows.select("subject_id", "purchased_at", amount=ibis.ifelse(foreign, ibis.null(), rows.amount))


def _orders(definition: RfmDefinition, view: AsOf) -> ir.Table:
    parties = ["contact_id"] if definition.subject == "contact" else ["account_id", "contact_id"]
    columns = [*parties, "ordered_at", "amount", "currency", "status"]
    if definition.monetary not in columns:
        columns.append(definition.monetary)
    orders = view.table("orders", needed_by=_NEEDED_BY, columns=columns)
    orders = orders.filter(~orders.status.fill_null("").isin(["cancelled", "refunded"]))
    worth = orders[definition.monetary]
    if view.has("refunds"):
        orders = _with_refunds(orders, view)
        orders = orders.filter(~((orders.refunded > 0) & (orders.refunded >= orders.amount)).fill_null(False))
        worth = orders[definition.monetary] - orders.refunded
    orders = orders.mutate(worth=worth)
    orders = (
        _with_account(orders, view) if definition.subject == "account" else orders.mutate(subject=orders.contact_id)
    )
    return orders.select("currency", subject_id="subject", purchased_at="ordered_at", amount="worth")


def _with_refunds(orders: ir.Table, view: AsOf) -> ir.Table:
    """Orders with `refunded`, the sum given back by the view's instant, 0 where nothing was."""
    refunds = view.table("refunds", needed_by=_NEEDED_BY, columns=["order_id", "amount"])
    given = refunds.group_by(_order_id=refunds.order_id).aggregate(_given=refunds.amount.sum())
    joined = orders.left_join(given, [("id", "_order_id")])
    return joined.mutate(refunded=joined._given.cast("decimal(38, 4)").fill_null(0)).drop("_order_id", "_given")


def _with_account(orders: ir.Table, view: AsOf) -> ir.Table:
    """Orders with `subject`: their account, else the one their contact belonged to at the instant."""
    if not view.has("contacts"):
        return orders.mutate(subject=orders.account_id)
    contacts = view.table("contacts", needed_by=_NEEDED_BY, columns=["account_id"])
    belongs = contacts.select(_contact_id=contacts.id, _account_id=contacts.account_id)
    joined = orders.left_join(belongs, [("contact_id", "_contact_id")])
    return joined.mutate(subject=ibis.coalesce(joined.account_id, joined._account_id)).drop(
        "_contact_id", "_account_id"
    )


def _deals(definition: RfmDefinition, view: AsOf) -> ir.Table:
    party = f"{definition.subject}_id"
    columns = [party, "status", "closed_at", "amount", "currency"]
    deals = view.table("deals", needed_by=_NEEDED_BY, columns=columns)
    won = deals.filter((deals.status == "won") & deals.closed_at.notnull())
    return won.select("currency", "amount", subject_id=party, purchased_at="closed_at")
