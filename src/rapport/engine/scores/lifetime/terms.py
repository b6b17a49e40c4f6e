"""Contracts as relations: how many renewals each came through, and what it brings in a month.

A relation is a contract with the contracts that renewed it. It runs until `ended_at` is told without a
renewal; a term that is over without either is taken as renewed tacitly. Times are calendar months in local days.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.events import by_account
from rapport.engine.crm.exchange import in_base_currency
from rapport.engine.crm.local_day import local_day, local_day_of
from rapport.engine.runner import Runner
from rapport.engine.scores.lifetime.cohorts import JOINED_BY, UNKNOWN, with_cohort
from rapport.engine.scores.lifetime.histories import TEN_THOUSANDTHS
from rapport.engine.scores.lifetime.spec import CustomerDefinition

GRACE_DAYS = 3  # an end so many days about a renewal date is an end at that renewal
_PASSED = GRACE_DAYS + 1  # days after a renewal date on which it has been passed
TERMS = ("subject_id", "id", "cohort", "monthly", "running", "renewals", "renewals_by_now", "age_days", "at_renewal")
_DOUBLINGS = 6  # follows chains of up to 2**6 renewals
_LONGEST_TERM = 60


def terms(
    definition: CustomerDefinition, view: AsOf, *, renewal_months: int, subjects: ir.Table | None = None
) -> ir.Table:
    """One row per relation that has started.

    Columns: subject_id; id, of the contract that runs or ran last; cohort, its plan and the definition's cohorts;
    monthly (int64, ten-thousandths of the base currency a month; null where unknown); running; renewals, that
    it came through; renewals_by_now, those that would be due by today; age_days, since the start; at_renewal,
    whether it ended about a renewal date.

    Parameters: renewal_months, the length of a term; subjects, only these (subject_id).
    """
    zone = definition.time_zone or view.snapshot.time_zone
    rows = _relations(definition, view)
    if subjects is not None:
        asked = subjects.select(_asked=subjects.subject_id).distinct()
        rows = rows.semi_join(asked, rows.subject_id == asked["_asked"])
    today = ibis.literal(local_day_of(view.at, zone))
    rows = rows.mutate(start=local_day(rows.started_at, zone), end=local_day(rows.ended_at, zone))
    rows = rows.mutate(until=ibis.coalesce(rows.end, today))

    def renewals(day: ir.DateValue, shift: int) -> ir.IntegerValue:
        return _whole_months(rows.start, day + ibis.interval(days=shift)) // renewal_months

    rows = rows.mutate(
        running=rows.end.isnull(),
        renewals=ibis.greatest(renewals(rows.until, -_PASSED), 0),
        renewals_by_now=ibis.greatest(renewals(today, -_PASSED), 0),
        age_days=today.delta(rows.start, unit="day").cast("int64"),
        at_renewal=renewals(rows.until, GRACE_DAYS) > renewals(rows.until, -_PASSED),
    )
    rows = with_cohort(rows, definition, view)
    plan = rows.plan.fill_null(UNKNOWN)
    return rows.mutate(cohort=plan + JOINED_BY + rows.cohort if definition.cohorts else plan).select(*TERMS)


def usual_term_months(view: AsOf, *, needed_by: str, time_zone: str, runner: Runner) -> int:
    """The commonest length of a term as agreed, in months; 1 where no contract tells when its term ends."""
    contracts = view.table("contracts", needed_by=needed_by, columns=["started_at", "term_end_at"])
    agreed = _agreed(contracts, view)
    months = _whole_months(local_day(agreed.started_at, time_zone), _shifted(local_day(agreed.term_end_at, time_zone)))
    counted = agreed.select(months=months).group_by("months").aggregate(n=lambda t: t.count())
    found = runner.to_arrow(counted).to_pylist()
    likely = [(row["n"], -row["months"]) for row in found if row["months"] and 1 <= row["months"] <= _LONGEST_TERM]
    return -max(likely)[1] if likely else 1


def _agreed(contracts: ir.Table, view: AsOf) -> ir.Table:
    return contracts.filter(contracts.started_at.notnull() & contracts.term_end_at.notnull())


def _shifted(day: ir.DateValue) -> ir.DateValue:
    """So that a term from 1 January to 31 December has twelve months."""
    return day + ibis.interval(days=GRACE_DAYS)


def _relations(definition: CustomerDefinition, view: AsOf) -> ir.Table:
    """One row per relation: that of its last contract, with the start of its first one as started_at."""
    needed_by = f"the score {definition.name}"
    columns = ["contact_id", "account_id", "plan", "monthly_amount", "currency", "started_at", "ended_at"]
    contracts = view.table("contracts", needed_by=needed_by, columns=[*columns, "renewed_by_contract_id"])
    contracts = contracts.filter(contracts.started_at.notnull())
    if definition.subject == "account":
        contracts = by_account(contracts, view, own_first=True, needed_by=needed_by)
    else:
        contracts = contracts.mutate(subject_id=contracts.contact_id)
    contracts = contracts.filter(contracts.subject_id.notnull()).mutate(currency=contracts.currency.upper())
    told = in_base_currency(contracts, view, dated_by="started_at", needed_by=needed_by, amount="monthly_amount")
    unit = ibis.literal(TEN_THOUSANDTHS, type="int64")
    told = told.mutate(monthly=(told.monthly_amount.cast("decimal(38, 4)") * unit).cast("int64"))
    lasting = _last_contract(told)
    joined = told.left_join(lasting, [("id", "_from")])
    joined = joined.mutate(_last=ibis.coalesce(joined["_to"], joined.id))
    first = joined.group_by(_relation=joined["_last"]).aggregate(_first=joined.started_at.min())
    last = joined.filter(joined["_last"] == joined.id).drop("_from", "_to", "_last")
    relations = last.inner_join(first, [("id", "_relation")])
    return relations.mutate(started_at=relations["_first"]).drop("_relation", "_first")


def _last_contract(contracts: ir.Table) -> ir.Table:
    """One row per contract that was renewed by one that stands: _from, _to (the last of the chain)."""
    standing = contracts.select(_standing=contracts.id)
    links = contracts.filter(contracts.renewed_by_contract_id.notnull())
    links = links.select(_from=links.id, _to=links.renewed_by_contract_id)
    chain = links.semi_join(standing, links["_to"] == standing["_standing"])
    for _ in range(_DOUBLINGS):
        onward = chain.select(_via="_from", _onto="_to")
        joined = chain.left_join(onward, [("_to", "_via")])
        chain = joined.mutate(_to=ibis.coalesce(joined["_onto"], joined["_to"])).select("_from", "_to")
    return chain


def _whole_months(start: ir.DateValue, end: ir.DateValue) -> ir.IntegerValue:
    """Calendar months that are over from one day to another; below 0 where `end` lies before."""
    months = (end.year() - start.year()) * 12 + (end.month() - start.month())
    return months.cast("int64") - (end.day() < start.day()).cast("int64")
