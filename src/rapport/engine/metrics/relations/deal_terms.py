"""What a deal brings in its first year, and which part of it recurs."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.aggregates import MONEY_SUM

TERM_COLUMNS = ("first_year_amount", "recurring_first_year_amount", "one_off_amount")
_YEAR_MONTHS = 12


def with_shares(deals: ir.Table) -> ir.Table:
    """`deals` (amount, recurring_amount a month, term_months) with what their terms say, as shares of the amount.

    `recurring_share`: recurring amount x term / amount, at most 1; a term without recurring amount
    that is longer than a year recurs as a whole. `year_share`: the first year's part of what recurs.
    A recurring amount without term is taken for a year.
    """
    term = ibis.coalesce(deals.term_months, _YEAR_MONTHS).cast("float64")
    spread = term > _YEAR_MONTHS
    amount = deals.amount.cast("float64")
    told = ibis.ifelse(amount > 0, deals.recurring_amount.cast("float64") * term / amount, ibis.null())
    recurring = ibis.ifelse(told.notnull(), told.clip(lower=0.0, upper=1.0), ibis.ifelse(spread, 1.0, 0.0))
    return deals.mutate(recurring_share=recurring, year_share=ibis.ifelse(spread, _YEAR_MONTHS / term, 1.0))


def with_first_year(deals: ir.Table) -> ir.Table:
    """`deals` with shares and an amount in base currency: the first year's amount, and its two parts that add up to it.

    amount 36,000 over 36 months, recurring 900 a month: first year 14,400 = 10,800 recurring + 3,600 one-off.
    """
    recurring = _part(deals.amount, deals.recurring_share)
    one_off = deals.amount - recurring
    first_year = _part(recurring, deals.year_share)
    told = deals.mutate(
        one_off_amount=one_off, recurring_first_year_amount=first_year, first_year_amount=one_off + first_year
    )
    return told.drop("recurring_share", "year_share")


def _part(amount: ir.DecimalValue, share: ir.FloatingValue) -> ir.Value:
    """Exact where the share is 1."""
    return ibis.ifelse(share == 1, amount, (amount.cast("float64") * share).cast(MONEY_SUM))
