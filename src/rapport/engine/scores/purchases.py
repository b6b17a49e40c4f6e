"""Purchases of each subject as of an instant: the rows that recency, frequency and worth are made of."""

from __future__ import annotations

from datetime import timedelta

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.exchange import in_base_currency
from rapport.engine.crm.local_day import local_day_of, start_of_local_day


def purchases(
    view: AsOf,
    *,
    subject: str,
    source: str,
    monetary: str,
    time_zone: str,
    needed_by: str,
    window_days: int | None = None,
    widened: bool = True,
) -> ir.Table:
    """One row per purchase: subject_id, purchased_at (UTC), amount (base currency, net of refunds), unconverted.

    An order counts unless it was cancelled or fully refunded; a won deal counts on the day it was
    closed. An amount in another currency counts at the rate of its day. `amount` is null where none is told
    or no rate holds (`unconverted`): such a purchase counts for recency and frequency.

    Parameters:
        subject: contact or account; a contact's orders are its account's where they name no other.
        source: orders or deals. monetary: what is summed, amount or margin.
        widened: as in `in_base_currency`.
        window_days: purchases of today and the n - 1 local days before; None takes all.
    """
    rows = _orders(view, subject, monetary, needed_by) if source == "orders" else _deals(view, subject, needed_by)
    rows = rows.filter(rows.subject_id.notnull())
    if window_days is not None:
        first = local_day_of(view.at, time_zone) - timedelta(days=window_days - 1)
        rows = rows.filter(
            rows.purchased_at >= ibis.literal(start_of_local_day(first, time_zone), type="timestamp('UTC', 6)")
        )
    rows = rows.mutate(currency=rows.currency.upper())
    told = in_base_currency(
        rows, view, dated_by="purchased_at", needed_by=needed_by, time_zone=time_zone, widened=widened
    )
    return told.select("subject_id", "purchased_at", "amount", unconverted="amount_unconverted")


def _orders(view: AsOf, subject: str, monetary: str, needed_by: str) -> ir.Table:
    parties = ["contact_id"] if subject == "contact" else ["account_id", "contact_id"]
    columns = [*parties, "ordered_at", "amount", "currency", "status"]
    if monetary not in columns:
        columns.append(monetary)
    orders = view.table("orders", needed_by=needed_by, columns=columns, dated=True)
    orders = orders.filter(~orders.status.fill_null("").isin(["cancelled", "refunded"]))
    worth = orders[monetary]
    if view.has("refunds"):
        orders = _with_refunds(orders, view, needed_by)
        orders = orders.filter(~((orders.refunded > 0) & (orders.refunded >= orders.amount)).fill_null(False))
        worth = orders[monetary] - orders.refunded
    orders = orders.mutate(worth=worth)
    if subject == "account":
        orders = _with_account(orders, view, needed_by)
    else:
        orders = orders.mutate(subject=orders.contact_id)
    return orders.select("currency", subject_id="subject", purchased_at="ordered_at", amount="worth")


def _with_refunds(orders: ir.Table, view: AsOf, needed_by: str) -> ir.Table:
    """Orders with `refunded`, the sum given back by the view's instant, 0 where nothing was."""
    refunds = view.table("refunds", needed_by=needed_by, columns=["order_id", "amount"])
    given = refunds.group_by(_order_id=refunds.order_id).aggregate(_given=refunds.amount.sum())
    joined = orders.left_join(given, [("id", "_order_id")])
    return joined.mutate(refunded=joined._given.cast("decimal(38, 4)").fill_null(0)).drop("_order_id", "_given")


def _with_account(orders: ir.Table, view: AsOf, needed_by: str) -> ir.Table:
    """Orders with `subject`: their account, else the one their contact belonged to at the instant."""
    if not view.has("contacts"):
        return orders.mutate(subject=orders.account_id)
    contacts = view.table("contacts", needed_by=needed_by, columns=["account_id"])
    belongs = contacts.select(_contact_id=contacts.id, _account_id=contacts.account_id)
    joined = orders.left_join(belongs, [("contact_id", "_contact_id")])
    return joined.mutate(subject=ibis.coalesce(joined.account_id, joined._account_id)).drop(
        "_contact_id", "_account_id"
    )


def _deals(view: AsOf, subject: str, needed_by: str) -> ir.Table:
    party = f"{subject}_id"
    columns = [party, "status", "closed_at", "amount", "currency"]
    deals = view.table("deals", needed_by=needed_by, columns=columns)
    won = deals.filter((deals.status == "won") & deals.closed_at.notnull())
    return won.select("currency", "amount", subject_id=party, purchased_at="closed_at")
