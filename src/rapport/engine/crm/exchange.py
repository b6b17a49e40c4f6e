"""Amounts in the company's base currency, at the rate of the day that dates them."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.local_day import local_day

_SUM = dt.Decimal(38, 4)


def in_base_currency(
    rows: ir.Table,
    view: AsOf,
    *,
    dated_by: str,
    needed_by: str,
    amount: str = "amount",
    time_zone: str | None = None,
    widened: bool = True,
) -> ir.Table:
    """`rows` with `amount` in base currency, decimal(38,4), and why it is missing where it is.

    `<amount>_missing`: no amount was given. `<amount>_unconverted`: no rate holds on the local day
    of `dated_by`; never taken as 1. A rate holds until the next one of its currency. A row without
    `currency` is in base currency already.

    Parameters: time_zone, of local days; None takes the company's. widened, whether an amount that needs no exchange
        is made as wide as one that does; as it was given it is faster to add up.
    """
    base, zone = view.snapshot.currency, time_zone or view.snapshot.time_zone
    foreign = (rows.currency.notnull() & (rows.currency != base)).fill_null(False)
    value = rows[amount].cast(_SUM)
    if not view.has("exchange_rates"):
        value = value if widened else rows[amount]
        # without `foreign`: a row of no currency is in none that differs, and columns of few texts stay as they are
        known = ibis.ifelse(rows.currency != base, ibis.null().cast(value.type()), value)
        return _noted(rows.mutate(_given=value, **{amount: known}), amount)
    day = ibis.ifelse(foreign, local_day(rows[dated_by], zone), ibis.null().cast("date"))
    dated = rows.mutate(_given=value, _foreign=foreign, _day=day)
    rates = _rates(view, needed_by)
    joined = dated.left_join(
        rates,
        [
            dated.currency == rates.rate_currency,
            dated._day >= rates.rate_from,
            dated._day < rates.rate_until,
        ],
    )
    exchanged = (joined._given.cast("float64") / joined.per_base.cast("float64")).cast(_SUM)
    known = ibis.ifelse(joined._foreign, exchanged, joined._given)
    kept = joined.mutate(**{amount: known}).drop(
        "rate_currency", "rate_from", "rate_until", "per_base", "_foreign", "_day"
    )
    return _noted(kept, amount)


def _noted(rows: ir.Table, amount: str) -> ir.Table:
    noted = {
        f"{amount}_missing": rows._given.isnull(),
        f"{amount}_unconverted": rows._given.notnull() & rows[amount].isnull(),
    }
    return rows.mutate(**noted).drop("_given")


def _rates(view: AsOf, needed_by: str) -> ir.Table:
    """One row per currency and day from which a rate holds; of two for one day the newest counts."""
    rates = view.table("exchange_rates", needed_by=needed_by, columns=["date", "currency", "per_base", "recorded_at"])
    rates = rates.filter(rates.per_base > 0)
    newest = ibis.row_number().over(
        group_by=[rates.currency, rates.date], order_by=[rates.recorded_at.desc(), rates.id.desc()]
    )
    single = rates.mutate(_newest=newest).filter(lambda t: t._newest == 0)
    following = single.date.lead().over(ibis.window(group_by=single.currency, order_by=single.date))
    # never null, as engines join by hash only on plain comparisons
    until = ibis.coalesce(following, ibis.literal(date.max))
    return single.select(
        rate_currency=single.currency, rate_from=single.date, rate_until=until, per_base=single.per_base
    )
