"""Leads by their entry, and whether they became customers in time."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading, moment, plain
from rapport.engine.metrics.relation import Relation
from rapport.engine.metrics.relations.customers import beginnings
from rapport.engine.metrics.relations.lead_entries import STAGE_ENTRIES, lead_entries

LEAD_WINDOW_DAYS = 90  # setting `lead_window_days`


def _cohort(reading: Reading) -> ir.Table:
    """One row per lead: at, became_customer (first purchase, deal or contract within the window), matured, assumed."""
    leads = plain(lead_entries(reading))
    dated = _with_customer_since(leads, reading)
    until = dated["at"] + ibis.interval(days=reading.whole_number("lead_window_days", LEAD_WINDOW_DAYS))
    in_time = (dated.customer_since >= dated["at"]) & (dated.customer_since <= until)
    return dated.mutate(became_customer=in_time.fill_null(False), matured=until <= moment(reading.view.at))


def _with_customer_since(leads: ir.Table, reading: Reading) -> ir.Table:
    """When the person, or the person's account, first bought."""
    begun = beginnings(reading)
    persons = begun.group_by(_buyer=begun.contact_id).aggregate(_person_since=begun["at"].min())
    accounts = begun.group_by(_payer=begun.account_id).aggregate(_account_since=begun["at"].min())
    employers = reading.lookup("contacts", ["account_id"]).select(_person="id", _employer="account_id")
    joined = leads.left_join(persons, [("id", "_buyer")]).left_join(employers, [("id", "_person")])
    known = joined.mutate(id=joined.id)
    met = known.left_join(accounts, [("_employer", "_payer")])
    since = met.mutate(
        customer_since=ibis.coalesce(
            ibis.least(met._person_since, met._account_since), met._person_since, met._account_since
        )
    )
    return plain(since.drop("_buyer", "_person", "_employer", "_payer", "_person_since", "_account_since"))


LEAD_COHORTS = Relation(
    name="lead_cohorts",
    grain="leads",
    table="contacts",
    needs=("contacts",),
    needs_any=("orders", "deals", "contracts"),
    rows=_cohort,
    dimensions=STAGE_ENTRIES.dimensions,
    labels=(*STAGE_ENTRIES.labels, "customer_since"),
)
