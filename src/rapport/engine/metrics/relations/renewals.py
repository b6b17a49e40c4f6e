"""Contracts at the end of their terms: which were renewed, and for how much."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.aggregates import MONEY_SUM
from rapport.engine.metrics.money import converted
from rapport.engine.metrics.reading import Reading, moment, plain
from rapport.engine.metrics.relation import Relation, column, through
from rapport.engine.metrics.relations.customer_of import with_customer
from rapport.engine.metrics.relations.stays import GRACE_DAYS  # setting `contract_grace_days`

EARLY_DAYS = 90  # setting `renewal_early_days`
_AMOUNTS = ("amount", "kept_amount", "amount_missing", "amount_unconverted")
_COLUMNS = (
    *("account_id", "contact_id", "product_id", "plan", "started_at", "term_end_at", "ended_at"),
    *("renewed_by_contract_id", "monthly_amount", "currency"),
)


def _due(reading: Reading) -> ir.Table:
    """One row per contract whose term is over: at (the term's end), renewed, matured, amount a month, kept_amount.

    Renewed: the contract it names, or another one of the customer for the same product, begins at
    most the grace after the end; one that it does not name begins at most `renewal_early_days`
    before it, and ends later. A contract that simply runs on past the grace renewed itself.
    matured: renewed already, or the grace is over.
    """
    terms = with_customer(reading.lookup("contracts", _COLUMNS), reading)
    due = plain(terms.filter(terms.term_end_at.notnull())).mutate(at=lambda t: t.term_end_at)
    next_term = _next_terms(due, terms, reading)
    rows = plain(due.left_join(next_term, [("id", "_of")]).drop("_of"))
    until = rows["at"] + ibis.interval(days=reading.whole_number("contract_grace_days", GRACE_DAYS))
    over = until <= moment(reading.view.at)
    ran_on = over & (rows.ended_at.isnull() | (rows.ended_at > until))
    followed = rows.next_id.notnull()
    rows = rows.mutate(followed=followed, renewed=followed | ran_on, matured=followed | over)
    return _with_amounts(rows, reading) if reading.wants(*_AMOUNTS) else rows


def _next_terms(due: ir.Table, terms: ir.Table, reading: Reading) -> ir.Table:
    """The first contract that follows each: _of, next_id, next_amount, next_currency."""
    grace = ibis.interval(days=reading.whole_number("contract_grace_days", GRACE_DAYS))
    early = ibis.interval(days=reading.whole_number("renewal_early_days", EARLY_DAYS))
    candidates = terms.select(
        next_id="id",
        _whose="customer_id",
        _about="product_id",
        _begins="started_at",
        _ends="term_end_at",
        next_amount="monthly_amount",
        next_currency="currency",
    )
    own = due.select("id", "customer_id", "product_id", "started_at", "at", "renewed_by_contract_id")
    named = own.join(candidates, [("renewed_by_contract_id", "next_id")])
    named = named.filter(named._begins <= named["at"] + grace)
    met = own.filter(own.renewed_by_contract_id.isnull()).join(candidates, [("customer_id", "_whose")])
    same = (met.product_id == met._about).fill_null(True)
    longer = met._ends.isnull() | (met._ends > met["at"])
    near = (met._begins >= met["at"] - early) & (met._begins <= met["at"] + grace) & (met._begins > met.started_at)
    found = met.filter((met.id != met.next_id) & same & longer & near)
    kept = ["_of", "next_id", "_begins", "next_amount", "next_currency"]
    every = ibis.union(named.rename(_of="id").select(*kept), found.rename(_of="id").select(*kept))
    first = ibis.row_number().over(group_by=every._of, order_by=[every._begins, every.next_id])
    ranked = every.mutate(_first=first)
    return ranked.filter(ranked._first == 0).drop("_first", "_begins")


def _with_amounts(rows: ir.Table, reading: Reading) -> ir.Table:
    """Old and new amounts in base currency, both at the rate of the term's end."""
    old = converted(rows.mutate(amount=rows.monthly_amount), reading, dated_by="at")
    new = old.rename(own_currency="currency", currency="next_currency")
    new = converted(plain(new), reading, dated_by="at", amount="next_amount")
    after = ibis.ifelse(new.followed, new.next_amount, new.amount)
    lacking = new.renewed & new.followed & new.next_amount_missing
    unconverted = new.renewed & new.followed & new.next_amount_unconverted
    known = ~(lacking | unconverted)
    nothing = ibis.literal(0).cast(MONEY_SUM)
    told = new.mutate(
        kept_amount=ibis.ifelse(new.renewed, ibis.least(after, new.amount), nothing),
        amount=ibis.ifelse(known, new.amount, ibis.null().cast(MONEY_SUM)),
        amount_missing=new.amount_missing | lacking,
        amount_unconverted=(new.amount_unconverted | unconverted) & ~lacking & ~new.amount_missing,
    )
    told = told.mutate(kept_amount=ibis.ifelse(told.amount.notnull(), told.kept_amount, told.amount))
    return told.drop("currency", "next_amount_missing", "next_amount_unconverted").rename(currency="own_currency")


TERMS_OVER = Relation(
    name="terms_over",
    grain="contracts due for renewal",
    table="contracts",
    needs=("contracts.term_end_at",),
    rows=_due,
    dimensions={
        "product": column("product_id"),
        "plan": column("plan"),
        "account": column("account_id"),
        "industry": through("account_id", "accounts", "industry"),
        "owner": through("account_id", "accounts", "owner_id"),
        "country": through("account_id", "accounts", "country"),
    },
    labels=("account_id", "contact_id", "product_id", "plan", "monthly_amount", "ended_at", "next_id"),
)
