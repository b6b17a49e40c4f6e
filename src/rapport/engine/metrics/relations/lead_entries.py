"""Entries of people into the stages of the relationship."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.identity import survivors
from rapport.engine.crm.tables.people import LIFECYCLE_STAGES
from rapport.engine.metrics.reading import Reading, moment, plain
from rapport.engine.metrics.relation import Relation, column, through
from rapport.engine.metrics.relations.then import known_entries

_LEAD_OR_LATER = LIFECYCLE_STAGES[LIFECYCLE_STAGES.index("lead") :]
_ENTERED = {"lead": _LEAD_OR_LATER, "mql": _LEAD_OR_LATER[1:], "sql": _LEAD_OR_LATER[2:]}


def stage_entries(reading: Reading) -> ir.Table:
    """One row per person and stage (lead, mql, sql) entered for the first time: id, at, entered, assumed.

    A stage that was skipped counts as entered with the first later one. A person whose stage was
    never recorded, or was a lead or more when first recorded, has been a lead since `created_at`.
    """
    people = _people(reading)
    stages = [_leads(people), *(_qualified(people, stage) for stage in ("mql", "sql"))]
    rows = ibis.union(*(_told(stage) for stage in stages))
    return rows.mutate(is_lead=rows.entered == "lead", is_mql=rows.entered == "mql", is_sql=rows.entered == "sql")


def lead_entries(reading: Reading) -> ir.Table:
    """One row per person who became a lead: id, at, assumed. A third of the query of all stages."""
    return _told(_leads(_people(reading)))


def _told(entries: ir.Table) -> ir.Table:
    return entries.drop("created_at", "lifecycle_stage", "recorded", "began_as_lead", "lead_at", "mql_at", "sql_at")


def _people(reading: Reading) -> ir.Table:
    """One row per person: when each stage, or a later one, was first entered; whether stages were recorded."""
    contacts = reading.table("contacts", ["created_at", "lifecycle_stage"])
    if reading.has("attribute_history"):
        first = _first_entries(reading)
        return plain(contacts.left_join(first, [("id", "_person")]).drop("_person"))
    nothing = ibis.null().cast("timestamp('UTC', 6)")
    late = {s: contacts.lifecycle_stage.isin(list(later)).fill_null(False) for s, later in _ENTERED.items()}
    return contacts.mutate(
        recorded=contacts.lifecycle_stage.notnull(),
        began_as_lead=late["lead"],
        lead_at=ibis.ifelse(late["lead"], contacts.created_at, nothing),
        mql_at=ibis.ifelse(late["mql"], contacts.created_at, nothing),
        sql_at=ibis.ifelse(late["sql"], contacts.created_at, nothing),
    )


def _leads(people: ir.Table) -> ir.Table:
    known = people.recorded.fill_null(False)
    begun = people.began_as_lead.fill_null(False)
    at = ibis.cases(
        (~known, people.created_at),
        (begun, ibis.least(people.lead_at, ibis.coalesce(people.created_at, people.lead_at))),
        else_=people.lead_at,
    )
    dated = people.mutate(at=at, entered=ibis.literal("lead"))
    assumed = ~known | (begun & (dated["at"] != dated.lead_at).fill_null(True))
    return dated.mutate(assumed=assumed).filter(dated["at"].notnull())


def _qualified(people: ir.Table, stage: str) -> ir.Table:
    dated = people.mutate(at=people[f"{stage}_at"], entered=ibis.literal(stage), assumed=ibis.literal(value=False))
    return dated.filter(dated["at"].notnull())


def _first_entries(reading: Reading) -> ir.Table:
    """One row per person with a recorded stage: when each was first entered, merged people taken together."""
    entries = known_entries(reading, "contacts", ["lifecycle_stage"])
    entries = entries.filter(entries.value.notnull() & (entries.valid_from <= moment(reading.view.at)))
    entries = entries.select("id", "value", "valid_from")
    chain = survivors(reading.view, "contact")
    if chain is not None:
        links = chain.select(_from="from_id", _to="to_id")
        followed = entries.left_join(links, [("id", "_from")])
        entries = followed.mutate(id=ibis.coalesce(followed._to, followed.id)).drop("_from", "_to")
    firsts = {
        f"{stage}_at": entries.valid_from.min(where=entries.value.isin(list(later)))
        for stage, later in _ENTERED.items()
    }
    began = entries.value.argmin(entries.valid_from).isin(list(_LEAD_OR_LATER))
    return entries.group_by(_person=entries.id).aggregate(
        recorded=entries.value.notnull().any(), began_as_lead=began, **firsts
    )


STAGE_ENTRIES = Relation(
    name="stage_entries",
    grain="people who entered",
    table="contacts",
    needs=("contacts",),
    rows=stage_entries,
    dimensions={
        "source": column("lead_source"),
        "owner": column("owner_id"),
        "team": through("owner_id", "users", "team_id"),
        "country": column("country"),
        "account": column("account_id"),
        "industry": through("account_id", "accounts", "industry"),
    },
    labels=("first_name", "last_name", "email", "lead_source", "owner_id"),
)
