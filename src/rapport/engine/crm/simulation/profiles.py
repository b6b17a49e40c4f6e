"""Accounts, contacts and campaign members as tables."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rapport.engine.crm.simulation import vocabulary as words
from rapport.engine.crm.simulation.arrow import (
    DAY,
    HOUR,
    NEVER,
    Ints,
    constant,
    ids,
    instants,
    joined,
    money,
    picked,
    table,
)
from rapport.engine.crm.simulation.company import Company
from rapport.engine.crm.simulation.people import People
from rapport.engine.crm.simulation.rhythm import after, until
from rapport.engine.crm.simulation.spec import Simulation

LIFECYCLE = ("lead", "mql", "sql", "opportunity", "customer", "former")


def text_of(numbers: Ints) -> pa.StringArray:
    return pc.cast(pa.array(numbers), pa.string())


def account_table(simulation: Simulation, people: People, customer: Ints) -> pa.Table:
    """customer: 0 prospect, 1 customer, 2 former, for each account at the end."""
    random, rows = simulation.random(7), len(people.a_industry)
    number = np.arange(rows)
    ending = random.integers(0, len(words.COMPANY_ENDINGS), rows)
    columns = {
        "id": ids("accounts", number),
        "name": joined(_stems(number), picked(words.COMPANY_ENDINGS, ending)),
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


def member_table(simulation: Simulation, company: Company, people: People, chunk: int) -> pa.Table:
    """Who was sent which campaign: known contacts, a tenth of them each time; the more intent, the more answers."""
    number = simulation.chunk_of_contacts(chunk)
    random = simulation.random(9, chunk)
    started = company.campaign_started
    sent_to = (started[None, :] > people.created[number][:, None]) & (started <= simulation.end_us)[None, :]
    row, campaign = np.nonzero(sent_to & (random.random(sent_to.shape) < 0.1))
    contact, sent = number[row], started[campaign] + random.integers(0, 2 * HOUR, len(row))
    answers = random.random(len(row)) < 1 / (1 + np.exp(-(-2.0 + 0.8 * people.intent[contact])))
    responded = np.where(answers, np.minimum(after(random, sent, 4.0), sent + 20 * DAY), NEVER)
    responded = until(responded, simulation.end_us)
    left = np.where(random.random(len(row)) < 0.01, after(random, sent, 1.0), NEVER)
    sent = until(sent, simulation.end_us)
    columns = {
        "id": ids("campaign_members", contact * len(started) + campaign),
        "campaign_id": ids("campaigns", campaign),
        "contact_id": ids("contacts", contact),
        "status": picked(("sent", "responded"), (responded != NEVER).astype(np.int64)),
        "is_holdout": np.zeros(len(row), np.bool_),
        "added_at": instants(np.where(sent == NEVER, simulation.end_us, sent)),
        "sent_at": instants(sent),
        "delivered_at": instants(sent),
        "responded_at": instants(responded),
        "unsubscribed_at": instants(until(left, simulation.end_us)),
        "created_at": instants(np.where(sent == NEVER, simulation.end_us, sent)),
    }
    return table("campaign_members", columns)
