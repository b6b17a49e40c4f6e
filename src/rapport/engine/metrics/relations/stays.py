"""Stays: from when until when somebody was a customer, by contract or by purchases.

A customer with a contract is one until it ends; gaps of at most the grace (30 days) between contracts are none. A
customer without one is one for the activity window after a purchase: 90 days, or 3 times the own usual gap between
purchases where that is longer. The usual gap is the median of the gaps up to that purchase: what came later
never changes whether somebody was a customer before. Purchases under a contract do not count: the contract tells.
"""

from __future__ import annotations

from datetime import datetime, timedelta

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
_NEVER = timedelta(days=36_500)
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
    never = moment(reading.view.at + _NEVER)
    rows = _in_stretches(terms.mutate(_to=ibis.coalesce(terms.to_at, never)), grace)
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
    # bounds without null and plain comparisons: engines join by hash only then
    until = ibis.coalesce(under.to_at, moment(reading.view.at + _NEVER))
    spans = under.select(_whose="customer_id", _from="from_at", _to=until)
    joined = bought.left_join(
        spans,
        [
            bought.customer_id == spans._whose,
            bought["at"] >= spans._from,
            bought["at"] < spans._to,
        ],
    )
    return plain(joined.filter(joined._whose.isnull()).drop("_whose", "_from", "_to"))


def _by_purchases(bought: ir.Table, reading: Reading) -> ir.Table:
    """One row per stretch of purchases, each within the activity window of the one before it.

    In whole microseconds: instants with a zone are slow to reckon with.
    """
    days = reading.whole_number("activity_window_days", ACTIVITY_DAYS)
    times = reading.whole_number("activity_window_gaps", GAPS)
    named = [c for c in ("account_id", "contact_id") if reading.wants(c)]
    rows = bought.select("customer_id", *named, at_us=_epoch_us(bought["at"]))
    order = ibis.window(group_by="customer_id", order_by="at_us")
    rows = rows.mutate(
        _before=rows.at_us.lag().over(order),
        _next=rows.at_us.lead().over(order),
        _first=rows.at_us.min().over(ibis.window(group_by="customer_id")),
    )
    gap = rows.at_us - rows["_before"]
    # orders within 24 hours are one purchase, with no gap between them
    rows = rows.mutate(_gap=ibis.ifelse(gap >= _DAY_US, gap.cast("float64"), ibis.null().cast("float64")))
    so_far = ibis.window(group_by="customer_id", order_by="at_us", rows=(None, 0))
    # the running median is what costs: with `activity_window_gaps: 0` it is not asked for
    usual = rows["_gap"].quantile(0.5).over(so_far).fill_null(0.0) if times else ibis.literal(0.0)
    rows = rows.mutate(_until=rows.at_us + ibis.greatest(float(days * _DAY_US), usual * times).ceil().cast("int64"))
    # the last purchase of each stretch; the next one begins where the one before it says
    ends = rows.filter(rows["_next"].isnull() | (rows["_next"] > rows["_until"]))
    began = ibis.coalesce(
        ends["_next"].lag().over(ibis.window(group_by="customer_id", order_by="at_us")), ends["_first"]
    )
    told = ends.mutate(
        id=ends.customer_id,
        from_at=_instant(began),
        to_at=_instant(ends["_until"]),
        plan=ibis.null().cast("string"),
        by=ibis.literal("purchase"),
        in_grace_since=ibis.null().cast(_INSTANT),
        **{c: ibis.null().cast("string") for c in ("account_id", "contact_id") if c not in named},
    )
    return told.select(*_COLUMNS)


def _in_stretches(rows: ir.Table, grace: timedelta) -> ir.Table:
    """`rows` (customer_id, from_at, _to, id) with `_stretch`: a new one begins where none before reaches so far."""
    before = ibis.window(group_by="customer_id", order_by=["from_at", "id"], rows=(None, -1))
    reached = rows.mutate(_reached=rows["_to"].max().over(before))
    begins = reached._reached.isnull() | (reached._reached + ibis.interval(days=grace.days) < reached.from_at)
    so_far = ibis.window(group_by="customer_id", order_by=["from_at", "id"], rows=(None, 0))
    return reached.mutate(_begins=begins.cast("int64")).mutate(_stretch=lambda t: t._begins.sum().over(so_far))


@ibis.udf.scalar.builtin(name="rapport_epoch_us", signature=(("timestamp('UTC', 6)",), "int64"))
def _epoch_us(at: datetime) -> int:  # type: ignore[empty-body]
    """Microseconds since 1970; a macro of DuckDB and a function of Spark that each runner makes."""


def _instant(microseconds: ir.IntegerValue) -> ir.TimestampValue:
    """The whole second: no period begins or ends between seconds."""
    return (microseconds // 1_000_000).cast("int64").as_timestamp("s").cast(_INSTANT)
