"""Stays: from when until when somebody was a customer, by contract or by purchases.

A customer with a contract is one until it ends; gaps of at most the grace (30 days) between contracts are none. A
customer without one is one for the activity window after a purchase: 90 days, or 3 times the own usual gap between
purchases where that is longer. The usual gap is the median of the gaps up to that purchase: what came later
never changes whether somebody was a customer before. Purchases under a contract do not count: the contract tells.
"""

from __future__ import annotations

from datetime import timedelta

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading, moment, plain
from rapport.engine.metrics.relations.contracts import contract_terms
from rapport.engine.metrics.relations.customers import beginnings

ACTIVITY_DAYS = 90  # setting `activity_window_days`
GAPS = 3  # setting `activity_window_gaps`
GRACE_DAYS = 30  # setting `contract_grace_days`
_INSTANT = "timestamp('UTC', 6)"
_DAY_US = 86_400_000_000
_COLUMNS = ("id", "customer_id", "account_id", "contact_id", "plan", "by", "from_at", "to_at", "in_grace_since")


def stays(reading: Reading) -> ir.Table:
    """One row per stay of a customer; the stays of one customer do not overlap.

    Columns: id and customer_id, account_id, contact_id, plan (of a contract), by (contract or purchase), from_at, to_at
    (null while a contract runs; of a buyer the end of the activity window, which may lie ahead), in_grace_since (when
    a contract ended that counts as running, as it may still be renewed; null elsewhere).
    """
    under = under_contract(reading) if reading.has("contracts") else None
    if not reading.has("orders") and not reading.has("deals"):
        assert under is not None
        return under
    bought = _by_purchases(_purchases(reading, under), reading)
    if under is None:
        return bought
    both = bought.union(under)
    following = both.from_at.lead().over(ibis.window(group_by=both.customer_id, order_by=[both.from_at, both.by]))
    clipped = both.mutate(_next=following)
    # a buyer's window ends where a contract begins
    until = ibis.ifelse(clipped._next < clipped.to_at, clipped._next, clipped.to_at)
    return clipped.mutate(to_at=until).drop("_next")


def under_contract(reading: Reading) -> ir.Table:
    """One row per stretch under contract, gaps within the grace closed."""
    grace = timedelta(days=reading.whole_number("contract_grace_days", GRACE_DAYS))
    terms = contract_terms(reading, ["plan"])
    never = moment(reading.view.at + timedelta(days=36_500))
    rows = _in_stretches(terms.mutate(_to=ibis.coalesce(terms.to_at, never)), grace, looks_back=None)
    merged = rows.group_by("customer_id", "_stretch").aggregate(
        from_at=rows.from_at.min(),
        ended=rows["_to"].max(),
        plan=rows.plan.argmax(rows.from_at),
        account_id=rows.account_id.max(),
        contact_id=rows.contact_id.max(),
    )
    now = moment(reading.view.at)
    in_grace = (merged.ended <= now) & (merged.ended > moment(reading.view.at - grace))
    to_at = ibis.ifelse((merged.ended > now) | in_grace, ibis.null().cast(_INSTANT), merged.ended)
    since = ibis.ifelse(in_grace, merged.ended, ibis.null().cast(_INSTANT))
    told = merged.mutate(id=merged.customer_id, by=ibis.literal("contract"), to_at=to_at, in_grace_since=since)
    return told.select(*_COLUMNS)


def _purchases(reading: Reading, under: ir.Table | None) -> ir.Table:
    """One row per order not refunded in full or won deal that was not made under a contract."""
    bought = beginnings(reading)
    bought = bought.filter(bought.by != "contract").select("id", "customer_id", "account_id", "contact_id", "at")
    if under is None:
        return bought
    spans = under.select(_whose="customer_id", _from="from_at", _to="to_at")
    joined = bought.left_join(
        spans,
        [
            bought.customer_id == spans._whose,
            bought["at"] >= spans._from,
            spans._to.isnull() | (bought["at"] < spans._to),
        ],
    )
    return plain(joined.filter(joined._whose.isnull()).drop("_whose", "_from", "_to"))


def _by_purchases(bought: ir.Table, reading: Reading) -> ir.Table:
    """One row per stretch of purchases, each within the activity window of the one before it."""
    days = reading.whole_number("activity_window_days", ACTIVITY_DAYS)
    times = reading.whole_number("activity_window_gaps", GAPS)
    order = ibis.window(group_by="customer_id", order_by=["at", "id"])
    gap = bought["at"].delta(bought["at"].lag().over(order), unit="microsecond")
    # orders within 24 hours are one purchase, with no gap between them
    rows = bought.mutate(_gap=ibis.ifelse(gap >= _DAY_US, gap.cast("float64"), ibis.null().cast("float64")))
    so_far = ibis.window(group_by="customer_id", order_by=["at", "id"], rows=(None, 0))
    usual = rows["_gap"].quantile(0.5).over(so_far).fill_null(0.0)
    reach = ibis.greatest(float(days * _DAY_US), usual * times) / 1e6
    rows = rows.mutate(from_at=rows["at"], _to=rows["at"] + reach.ceil().cast("int64").as_interval("s"))
    rows = _in_stretches(rows, timedelta(0), looks_back=-1)  # the window of the last purchase alone counts
    merged = rows.group_by("customer_id", "_stretch").aggregate(
        from_at=rows.from_at.min(),
        to_at=rows["_to"].argmax(rows.from_at),
        account_id=rows.account_id.max(),
        contact_id=rows.contact_id.max(),
    )
    told = merged.mutate(
        id=merged.customer_id,
        plan=ibis.null().cast("string"),
        by=ibis.literal("purchase"),
        in_grace_since=ibis.null().cast(_INSTANT),
    )
    return told.select(*_COLUMNS)


def _in_stretches(rows: ir.Table, grace: timedelta, *, looks_back: int | None) -> ir.Table:
    """`rows` (customer_id, from_at, _to, id) with `_stretch`: a new one begins where those before do not reach.

    Parameters: looks_back, the first of the rows before that count, -1 for the last one only; None for all.
    """
    before = ibis.window(group_by="customer_id", order_by=["from_at", "id"], rows=(looks_back, -1))
    reached = rows.mutate(_reached=rows["_to"].max().over(before))
    begins = reached._reached.isnull() | (reached._reached + ibis.interval(days=grace.days) < reached.from_at)
    so_far = ibis.window(group_by="customer_id", order_by=["from_at", "id"], rows=(None, 0))
    return reached.mutate(_begins=begins.cast("int64")).mutate(_stretch=lambda t: t._begins.sum().over(so_far))
