"""What new customers bring: their first recurring amounts, and what they are worth."""

from __future__ import annotations

from dataclasses import replace

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.money import converted
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Dating, Relation
from rapport.engine.metrics.relations.contracts import contract_terms
from rapport.engine.metrics.relations.customers import CUSTOMERS_GAINED
from rapport.engine.metrics.relations.then import with_values_then
from rapport.engine.metrics.relations.valued_customers import VALUED_CUSTOMERS
from rapport.engine.metrics.windows import in_windows

BEGINNING_DAYS = 30  # contracts that start within so many days of becoming a customer are the beginning
_VALUES = frozenset({"clv", "assumed", "valued"})


def _first_contracts(reading: Reading) -> ir.Table:
    """One row per contract that a customer began with: at (customer since), customer_id, amount (a month, then)."""
    gained = CUSTOMERS_GAINED.rows(reading).select(_whose="customer_id", _since="at")
    terms = plain(contract_terms(reading).join(gained, [("customer_id", "_whose")]).drop("_whose"))
    begun = terms.filter(terms.from_at <= terms._since + ibis.interval(days=BEGINNING_DAYS))
    only = ibis.literal(0, type="int64")  # values as of one instant each, and not of the end of a period
    begun = begun.mutate(period=only, stands_at=begun.from_at + ibis.interval(seconds=1), at=begun["_since"])
    valued = with_values_then(plain(begun), reading, "contracts", ["monthly_amount", "currency"])
    rows = plain(valued.rename(amount="monthly_amount").drop("period", "stands_at", "assumed", "_since"))
    return converted(rows, reading, dated_by="from_at")


def _valued_new(reading: Reading) -> ir.Table:
    """One row per period and customer gained in it: at, clv (margin), valued (it is known, and of margin)."""
    values = VALUED_CUSTOMERS.rows(replace(reading, wanted=_VALUES))
    gained = in_windows(CUSTOMERS_GAINED.rows(reading).drop("from_at", "to_at"), reading.windows)
    worth = values.select(_whose="customer_id", _when="period", clv="clv", _valued="valued", _revenue="assumed")
    joined = plain(gained).join(worth, [("customer_id", "_whose"), ("period", "_when")])
    told = joined.mutate(valued=joined._valued & ~joined._revenue.fill_null(False) & joined.clv.notnull())
    return plain(told.drop("_whose", "_when", "_valued", "_revenue"))


FIRST_CONTRACTS = Relation(
    name="first_contracts",
    grain="first contracts",
    table="contracts",
    needs=("contracts.monthly_amount",),
    rows=_first_contracts,
    dimensions={name: d for name, d in CUSTOMERS_GAINED.dimensions.items() if name != "first_by"},
    labels=("customer_id", "account_id", "contact_id", "from_at", "amount"),
)
VALUED_NEW_CUSTOMERS = Relation(
    name="valued_new_customers",
    grain="new customers with a known value",
    table="orders",
    needs_any=("orders", "deals", "contracts"),
    rows=_valued_new,
    dating=Dating.PER_PERIOD,
    dimensions=CUSTOMERS_GAINED.dimensions,
    labels=("first_by", "contact_id", "account_id", "clv"),
)
