"""Accounts by their first purchase, whoever of them bought."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Relation, column, through
from rapport.engine.metrics.relations.customers import beginnings


def _accounts(reading: Reading) -> ir.Table:
    """One row per account with a purchase, won deal or contract of its own or of one of its people: at, first_by."""
    begun = plain(beginnings(reading))
    whose = begun.account_id
    if reading.has("contacts"):
        people = reading.lookup("contacts", ["account_id"]).select(_person="id", _employer="account_id")
        begun = plain(begun.left_join(people, [("contact_id", "_person")]).drop("_person"))
        whose = ibis.coalesce(begun.account_id, begun["_employer"])
    owned = begun.mutate(account_id=whose).filter(lambda t: t.account_id.notnull())
    first = owned.group_by("account_id").aggregate(at=owned["at"].min(), first_by=owned.by.argmin(owned["at"]))
    return first.mutate(id=first.account_id)


NEW_LOGOS = Relation(
    name="new_logos",
    grain="new accounts",
    table="orders",
    needs=("accounts",),
    needs_any=("orders", "deals", "contracts"),
    rows=_accounts,
    dimensions={
        "first_by": column("first_by"),
        "industry": through("account_id", "accounts", "industry"),
        "account_country": through("account_id", "accounts", "country"),
        "owner": through("account_id", "accounts", "owner_id"),
    },
    labels=("account_id", "first_by"),
)
