"""Accounts, contacts and campaign members as tables."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rapport.engine.crm.simulation import vocabulary as words
from rapport.engine.crm.simulation.arrow import (
    Ints,
    constant,
    ids,
    instants,
    joined,
    money,
    picked,
    table,
)
from rapport.engine.crm.simulation.people import People
from rapport.engine.crm.simulation.spec import Simulation

LIFECYCLE = ("lead", "mql", "sql", "opportunity", "customer", "former")


def text_of(numbers: Ints) -> pa.StringArray:
    return pc.cast(pa.array(numbers), pa.string())


def account_table(simulation: Simulation, people: People, customer: Ints) -> pa.Table:
    """customer: 0 prospect, 1 customer, 2 former, for each account at the end."""
    rows = len(people.a_industry)
    number = np.arange(rows)
    columns = {
        "id": ids("accounts", number),
        "name": account_names(simulation, rows),
        "domain": _domains(number),
        "industry": picked(words.INDUSTRIES, people.a_industry),
        "employees": people.a_employees,
        "annual_revenue": money(people.a_employees * 140_000 * 10_000),
        "currency": constant(simulation.currency, rows),
        "country": picked(words.COUNTRIES, people.a_country),
        "city": picked([words.CITIES[c] for c in words.COUNTRIES], people.a_country),
        "type": picked(("prospect", "customer", "former"), customer),
        "owner_id": ids("users", people.a_owner),
        "created_at": instants(people.a_created),
    }
    return table("accounts", columns)


def account_names(simulation: Simulation, rows: int) -> pa.StringArray:
    """The names of the first `rows` accounts."""
    ending = simulation.random(7).integers(0, len(words.COMPANY_ENDINGS), rows)
    return joined(_stems(np.arange(rows)), picked(words.COMPANY_ENDINGS, ending))


def _stems(account: Ints) -> pa.StringArray:
    return picked(words.COMPANY_STEMS, account * 7 % len(words.COMPANY_STEMS))


def _domains(account: Ints) -> pa.StringArray:
    """Each account's own domain, from its number alone, so that its contacts' addresses fit."""
    return joined(pc.utf8_lower(_stems(account)), text_of(account), ".example")


def contact_table(simulation: Simulation, people: People, chunk: int, stage: Ints, owner: Ints) -> pa.Table:
    """The contacts of a chunk. stage: code in LIFECYCLE, for each contact of the chunk, at the end."""
    number = simulation.chunk_of_contacts(chunk)
    random, rows, account = simulation.random(8, chunk), len(number), people.account[number]
    first = picked(words.FIRST_NAMES, random.integers(0, len(words.FIRST_NAMES), rows))
    last = joined(
        picked(words.LAST_STEMS, random.integers(0, len(words.LAST_STEMS), rows)),
        picked(words.LAST_ENDINGS, random.integers(0, len(words.LAST_ENDINGS), rows)),
    )
    private = pa.array(people.private_mail[number] | (account < 0))
    host = pc.if_else(private, "freemail.example", _domains(np.maximum(account, 0)))
    country = np.where(account >= 0, people.a_country[account], -1)
    columns = {
        "id": ids("contacts", number),
        "account_id": ids("accounts", account),
        "email": joined(pc.utf8_lower(first), ".", pc.utf8_lower(last), text_of(number), "@", host),
        "first_name": first,
        "last_name": last,
        "title": _titles(random, people.seniority[number]),
        "seniority": picked(words.SENIORITIES, people.seniority[number]),
        "lifecycle_stage": picked(LIFECYCLE, stage),
        "lead_source": picked(words.LEAD_SOURCES, people.source[number]),
        "country": picked(words.COUNTRIES, country),
        "city": picked([words.CITIES[c] for c in words.COUNTRIES], country),
        "language": picked([words.LANGUAGES[c] for c in words.COUNTRIES], country),
        "owner_id": ids("users", owner),
        "created_at": instants(people.created[number]),
    }
    return table("contacts", columns)


def _titles(random: np.random.Generator, seniority: Ints) -> pa.StringArray:
    titles = [title for s in words.SENIORITIES for title in words.TITLES[s]]
    return picked(titles, seniority * 3 + random.integers(0, 3, len(seniority)))
