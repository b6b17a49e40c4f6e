"""People whom others referred, and customers won by it."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.flags import without_flagged
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Relation, column, through
from rapport.engine.metrics.relations.customer_of import with_customer
from rapport.engine.metrics.relations.customers import CUSTOMERS_GAINED

REFERRAL_TOUCH = "referral_program"  # an interaction of this type: the contact came through the referral programme


def _referred_people(reading: Reading) -> ir.Table:
    """One row per contact whom another contact referred: at (made), referrer_id. Nobody refers themselves."""
    people = reading.table("contacts", ["created_at", "referred_by_contact_id", "account_id"])
    referred = people.filter(people.referred_by_contact_id.notnull() & (people.referred_by_contact_id != people.id))
    return referred.mutate(at=referred.created_at, referrer_id=referred.referred_by_contact_id)


def _customers(reading: Reading) -> ir.Table:
    """One row per new customer: CUSTOMERS_GAINED's columns, and `referred`, with `referrer_id` where it is known.

    Referred: somebody of the customer was known before the first purchase and had been referred by a contact of
    another customer, or came through the referral programme. A link from another web page is no referral.
    """
    gained = plain(CUSTOMERS_GAINED.rows(reading)).drop("from_at", "to_at")
    named = _by_referrer(reading)
    if reading.has("interactions"):
        named = named.union(_by_programme(reading))
    since = gained.select(_who="customer_id", _since="at")
    met = named.join(since, [("customer_id", "_who")])
    before = met.filter(met.known_at <= met._since)
    whose = before.group_by(_customer=before.customer_id).aggregate(
        referrer_id=before.referrer_id.argmin(before.known_at, where=before.referrer_id.notnull())
    )
    joined = gained.left_join(whose, [("id", "_customer")])
    return plain(joined.mutate(referred=joined._customer.notnull()).drop("_customer"))


def _by_referrer(reading: Reading) -> ir.Table:
    """customer_id, known_at and referrer_id of contacts referred by a contact of another customer."""
    people = _referred_people(reading).select("id", "account_id", "referrer_id", known_at="at")
    own = with_customer(people.mutate(contact_id=people.id), reading)
    everyone = reading.lookup("contacts", ["account_id"])
    theirs = with_customer(everyone.mutate(contact_id=everyone.id), reading)
    theirs = theirs.select(_referrer=theirs.id, _referring=theirs.customer_id)
    joined = plain(own).left_join(theirs, [("referrer_id", "_referrer")])
    others = joined.filter((joined._referring != joined.customer_id).fill_null(True))
    return others.select("customer_id", "known_at", "referrer_id")


def _by_programme(reading: Reading) -> ir.Table:
    rows = reading.lookup("interactions", ["contact_id", "account_id", "type", "occurred_at"])
    rows = plain(without_flagged(rows.filter(rows["type"] == REFERRAL_TOUCH), reading.view))
    known = with_customer(rows, reading)
    return known.select("customer_id", known_at=known.occurred_at, referrer_id=ibis.null().cast("string"))


REFERRED_PEOPLE = Relation(
    name="referred_people",
    grain="referred people",
    table="contacts",
    needs=("contacts.referred_by_contact_id",),
    rows=_referred_people,
    dimensions={
        "source": column("lead_source"),
        "country": column("country"),
        "referrer": column("referrer_id"),
        "referrer_stage": through("referrer_id", "contacts", "lifecycle_stage"),
        "referrer_country": through("referrer_id", "contacts", "country"),
    },
    labels=("first_name", "last_name", "email", "referrer_id"),
)
REFERRED_CUSTOMERS = Relation(
    name="referred_customers",
    grain="new customers",
    table="orders",
    needs=("contacts.referred_by_contact_id",),
    needs_any=("orders", "deals", "contracts"),
    rows=_customers,
    dimensions={
        **CUSTOMERS_GAINED.dimensions,
        "referrer": column("referrer_id"),
        "referrer_country": through("referrer_id", "contacts", "country"),
    },
    labels=("first_by", "contact_id", "account_id", "referrer_id"),
)
