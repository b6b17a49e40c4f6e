"""Accounts and contacts, the hidden propensity of each contact and how far it came, when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rapport.engine.crm.simulation import vocabulary as words
from rapport.engine.crm.simulation.arrow import DAY, NEVER, Floats, Ints, Mask, instants
from rapport.engine.crm.simulation.company import Company
from rapport.engine.crm.simulation.rhythm import after, in_rhythm, later
from rapport.engine.crm.simulation.spec import Simulation, Truth

YEAR = 365 * DAY


@dataclass(frozen=True)
class People:
    """What is drawn of every account and contact; text is made from it chunk by chunk.

    Attributes: one entry per account (a_*) or contact. Instants are the whole truth, also what
        lies after the end. `won_at` is NEVER for those who never buy.
    """

    a_industry: Ints
    a_employees: Ints
    a_country: Ints
    a_owner: Ints
    a_created: Ints
    a_health: Floats  # standard normal: how well the product serves them
    account: Ints  # -1: a private person
    created: Ints
    seniority: Ints
    source: Ints
    private_mail: Mask
    intent: Floats
    parts: dict[str, Floats]  # the terms of the logit, by name
    won_prob: Floats
    mql_at: Ints
    sql_at: Ints
    opportunity_at: Ints
    closed_at: Ints
    won_at: Ints

    @property
    def logit(self) -> Floats:
        return _total(self.parts)


def people(simulation: Simulation, company: Company) -> People:
    random = simulation.random(1)
    contacts, accounts = simulation.contacts, max(1, simulation.contacts * 2 // 5)
    industry = random.choice(len(words.INDUSTRIES), accounts, p=words.INDUSTRY_SHARES)
    employees = np.clip(random.lognormal(4.6, 1.5, accounts), 2, 200_000).astype(np.int64)
    account = np.where(random.random(contacts) < 0.92, random.integers(0, accounts, contacts), -1)
    # Twice as many leads a day at the end as at the start.
    rough = simulation.start_us + ((np.sqrt(1 + 3 * random.random(contacts)) - 1) * 730 * DAY).astype(np.int64)
    created = in_rhythm(random, rough, simulation.start_us, simulation.end_us)
    seniority = random.choice(len(words.SENIORITIES), contacts, p=words.SENIORITY_SHARES)
    source = random.choice(len(words.LEAD_SOURCES), contacts, p=words.LEAD_SOURCE_SHARES)
    private = random.random(contacts) < np.where(account < 0, 0.8, 0.1)
    intent = random.standard_normal(contacts)
    parts = _logit(simulation, industry, employees, account, created, seniority, source, private, intent)
    stages = _stages(simulation, random, created, _total(parts), intent)
    a_created = np.full(accounts, simulation.end_us)
    np.minimum.at(a_created, account[account >= 0], created[account >= 0])
    return People(
        a_industry=industry,
        a_employees=employees,
        a_country=random.choice(len(words.COUNTRIES), accounts, p=words.COUNTRY_SHARES),
        a_owner=company.seller(random, accounts),
        a_created=a_created,
        a_health=random.standard_normal(accounts),
        account=account,
        created=created,
        seniority=seniority,
        source=source,
        private_mail=private,
        intent=intent,
        parts=parts,
        won_prob=_chance(_total(parts)),
        **stages,
    )


def _total(parts: dict[str, Floats]) -> Floats:
    return np.asarray(np.sum(list(parts.values()), axis=0), np.float64)


def _chance(logit: Floats) -> Floats:
    return 1 / (1 + np.exp(-logit))


def _logit(
    simulation: Simulation,
    industry: Ints,
    employees: Ints,
    account: Ints,
    created: Ints,
    seniority: Ints,
    source: Ints,
    private: Mask,
    intent: Floats,
) -> dict[str, Floats]:
    """The terms of the truth, each as it counts for each contact. Without an account sector and size count 0."""
    truth = simulation.truth
    known = account >= 0
    middle = (simulation.start_us + simulation.end_us) / 2
    return {
        "base": np.full(len(account), truth.base),
        "industry": np.where(known, np.array([truth.industry[i] for i in words.INDUSTRIES])[industry[account]], 0.0),
        "right_size": np.where(known & _right_size(employees[account]), truth.right_size, 0.0),
        "seniority": np.array([truth.seniority[s] for s in words.SENIORITIES])[seniority],
        "lead_source": np.array([truth.lead_source[s] for s in words.LEAD_SOURCES])[source],
        "private_mail": np.where(private, truth.private_mail, 0.0),
        "intent": truth.intent_weight * intent,
        "drift": simulation.drift * (created - middle) / YEAR,
    }


def _right_size(employees: Ints) -> Mask:
    return (employees >= 50) & (employees <= 1000)


def _stages(
    simulation: Simulation, random: np.random.Generator, created: Ints, logit: Floats, intent: Floats
) -> dict[str, Ints]:
    """When each stage is reached; one draw of luck decides all, so a later stage implies the earlier."""
    truth: Truth = simulation.truth
    luck = random.random(len(created))
    eager = np.exp(-0.3 * intent)

    def reached(extra: float, since: Ints, days: Floats) -> Ints:
        at = later(since, days)
        at = in_rhythm(random, at, since, np.where(at == NEVER, NEVER, at + 7 * DAY))
        return np.where(luck < _chance(logit + extra), at, NEVER)

    mql = reached(truth.mql, created, 1 + random.exponential(14, len(created)) * eager)
    sql = reached(truth.sql, mql, 1 + random.exponential(7, len(created)) * eager)
    opportunity = reached(truth.opportunity, sql, 1 + random.exponential(5, len(created)))
    closed = after(random, opportunity, 12 * np.ones(len(created)))
    closed = np.where(closed == NEVER, NEVER, later(closed, 8 + random.gamma(2.0, 11, len(created)) * eager))
    won = np.where(luck < _chance(logit), closed, NEVER)
    return {"mql_at": mql, "sql_at": sql, "opportunity_at": opportunity, "closed_at": closed, "won_at": won}


def truth_table(simulation: Simulation, people: People, contact_ids: pa.Array) -> pa.Table:
    """One row per contact: the terms of its logit, the true chance of ever buying, and whether and when it does.

    Columns: contact_id, one per term, intent_level (standard normal), logit, won_prob in 0..1, wins (also after
    the end), won_at (null where it never buys), won_by_end.
    """
    return pa.table(
        {
            "contact_id": contact_ids,
            **people.parts,
            "intent_level": people.intent,
            "logit": people.logit,
            "won_prob": people.won_prob,
            "wins": people.won_at != NEVER,
            "won_at": instants(people.won_at),
            "won_by_end": (people.won_at != NEVER) & (people.won_at <= simulation.end_us),
        }
    )
