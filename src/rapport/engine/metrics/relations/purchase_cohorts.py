"""Cohorts of customers by the month of their first purchase, month by month since."""

from __future__ import annotations

from datetime import timedelta

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.local_day import local_day, local_day_of
from rapport.engine.metrics.reading import Reading, moment, plain
from rapport.engine.metrics.relation import Relation, column, through
from rapport.engine.metrics.relations.customers import beginnings

MONTHS = 12  # setting `cohort_months`
_MOST = 60  # months are kept as bits of a whole number


def _cohorts(reading: Reading) -> ir.Table:
    """One row per customer and month since the first purchase (0, 1 ... 12) that has begun.

    Columns: customer_id, at (the first purchase), months_since_first, bought_then (in that month), bought_since (in it
    or later), matured (the month is over). Months are calendar months in the company's zone; purchases are orders not
    refunded in full and won deals.
    """
    most = min(reading.whole_number("cohort_months", MONTHS), _MOST)
    bought = beginnings(reading)
    bought = bought.filter(bought.by != "contract")
    first = bought["at"].min().over(ibis.window(group_by=bought.customer_id))
    # only cohorts of the periods asked for
    starts, ends = [w.start for w in reading.windows], [w.end for w in reading.windows]
    rows = bought.mutate(first_at=first)
    rows = rows.filter((rows.first_at >= moment(min(starts))) & (rows.first_at < moment(max(ends))))
    since = _month(rows["at"], reading) - _month(rows.first_at, reading)
    rows = rows.mutate(since=ibis.least(since, most + 1))
    months = rows.group_by("customer_id", "since").aggregate(
        at=rows["at"].min(),
        first_at=rows.first_at.min(),
        account_id=rows.account_id.argmin(rows["at"]),
        contact_id=rows.contact_id.argmin(rows["at"]),
    )
    months = months.mutate(_bit=ibis.literal(1, type="int64") << months.since)
    customers = months.group_by("customer_id").aggregate(
        at=months.first_at.min(),
        bought=months["_bit"].sum().cast("int64"),  # one bit for each month with a purchase
        account_id=months.account_id.argmin(months["at"]),
        contact_id=months.contact_id.argmin(months["at"]),
    )
    return _by_month(customers.mutate(_first=_month(customers["at"], reading)), reading, most)


def _by_month(customers: ir.Table, reading: Reading, most: int) -> ir.Table:
    months = ibis.memtable(pa.table({"months_since_first": pa.array(range(most + 1), pa.int64())}))
    rows = customers.cross_join(months)
    day = local_day_of(reading.view.at, reading.time_zone)
    tomorrow = day + timedelta(days=1)
    now, over = (d.year * 12 + d.month for d in (day, tomorrow))
    begun = rows.filter(rows["_first"] + rows.months_since_first <= now)
    left = begun.bought >> begun.months_since_first
    told = begun.mutate(
        id=begun.customer_id,
        bought_then=(left & 1) == 1,
        bought_since=left > 0,
        matured=begun["_first"] + begun.months_since_first < over,
    )
    return plain(told.drop("bought", "_first"))


def _month(at: ir.TimestampValue, reading: Reading) -> ir.IntegerValue:
    """Calendar months, counted through."""
    day = local_day(at, reading.time_zone)
    return (day.year() * 12 + day.month()).cast("int64")


PURCHASE_COHORTS = Relation(
    name="purchase_cohorts",
    grain="customers by month since their first purchase",
    table="orders",
    needs_any=("orders", "deals"),
    rows=_cohorts,
    dimensions={
        "months_since_first": column("months_since_first"),
        "account": column("account_id"),
        "industry": through("account_id", "accounts", "industry"),
        "account_country": through("account_id", "accounts", "country"),
        "country": through("contact_id", "contacts", "country"),
        "source": through("contact_id", "contacts", "lead_source"),
    },
    labels=("months_since_first", "account_id", "contact_id"),
)
