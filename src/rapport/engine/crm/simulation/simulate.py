"""The whole company: small tables at once, contacts and what happens with them chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rapport.engine.crm.simulation import changes as history
from rapport.engine.crm.simulation.arrow import NEVER, Ints, constant, ids
from rapport.engine.crm.simulation.company import Company, company
from rapport.engine.crm.simulation.mailings import mailings, member_table
from rapport.engine.crm.simulation.people import People, people, truth_table
from rapport.engine.crm.simulation.pipeline import Contracts, Deals, pipeline
from rapport.engine.crm.simulation.profiles import account_table, contact_table
from rapport.engine.crm.simulation.rhythm import until
from rapport.engine.crm.simulation.sales import sales_tables
from rapport.engine.crm.simulation.service import Cases, cases, service_tables
from rapport.engine.crm.simulation.spec import Simulation
from rapport.engine.crm.simulation.touches import expected, interaction_tables
from rapport.engine.crm.tables import TABLES, Change

CHUNKED = ("contacts", "campaign_members", "interactions", "interaction_flags")
_HISTORY_OF_A_CHUNK = 100_000_000  # numbers of history entries: one range for the small tables, one per chunk


@dataclass(frozen=True)
class _World:
    company: Company
    people: People
    deals: Deals
    contracts: Contracts
    cases: Cases
    owner: Ints
    steps: list[tuple[int, Ints]]


def simulate(simulation: Simulation) -> dict[str, pa.Table]:
    """Every table by name. For sizes that do not fit in memory use `write_parquet`."""
    parts: dict[str, list[pa.Table]] = {}
    for name, rows in simulated_parts(simulation):
        parts.setdefault(name, []).append(rows)
    return {name: pa.concat_tables(rows) for name, rows in parts.items() if sum(map(len, rows))}


def truth(simulation: Simulation) -> pa.Table:
    """Who converts and why: see `truth_table`. The coefficients are `simulation.truth`."""
    everyone = people(simulation, company(simulation))
    return truth_table(simulation, everyone, ids("contacts", np.arange(simulation.contacts)))


def simulated_parts(simulation: Simulation) -> Iterator[tuple[str, pa.Table]]:
    """Tables in parts: contacts, members, interactions, flags and history come once per chunk, the others once."""
    world = _world(simulation)
    small = _small_tables(simulation, world)
    yield from small.items()
    if simulation.history:
        yield "attribute_history", _small_history(simulation, world, small)
    weights = expected(simulation, world.people)
    for chunk in range(simulation.chunk_count):
        yield from _chunk(simulation, world, chunk, weights)


def _world(simulation: Simulation) -> _World:
    own = company(simulation)
    everyone = people(simulation, own)
    deals, contracts = pipeline(simulation, own, everyone)
    by_chance = own.seller(simulation.random(11), simulation.contacts)
    owner = np.where(everyone.account >= 0, everyone.a_owner[everyone.account], by_chance)
    served = cases(simulation, own, everyone, deals, contracts)
    return _World(own, everyone, deals, contracts, served, owner, _lifecycle(simulation, everyone, deals, contracts))


def _small_tables(simulation: Simulation, world: _World) -> dict[str, pa.Table]:
    since, until_ = _customers(simulation, world)
    state = np.where(until_ != NEVER, 2, np.where(since != NEVER, 1, 0))
    return {
        **world.company.tables,
        "accounts": account_table(simulation, world.people, state),
        **sales_tables(simulation, world.deals, world.contracts),
        **service_tables(simulation, world.people, world.cases, world.deals),
    }


def _chunk(simulation: Simulation, world: _World, chunk: int, weights: np.ndarray) -> Iterator[tuple[str, pa.Table]]:
    numbers = simulation.chunk_of_contacts(chunk)
    contacts = contact_table(simulation, world.people, chunk, _stage_now(world.steps, numbers), world.owner[numbers])
    mailed = mailings(simulation, world.company, world.people, chunk)
    members = member_table(mailed, len(world.company.campaign_started))
    yield "contacts", contacts
    yield "campaign_members", members
    yield from zip(
        ("interactions", "interaction_flags"),
        interaction_tables(simulation, world.people, chunk, weights=weights, owner=world.owner, mailings=mailed),
        strict=True,
    )
    if simulation.history:
        steps = history.contact_changes(world.people, numbers, world.steps)
        first = (chunk + 1) * _HISTORY_OF_A_CHUNK // simulation.chunk_count
        mine, following = history.history_of("contacts", contacts, steps, first, simulation.end_us)
        theirs, _ = history.history_of(
            "campaign_members", members, _member_changes(members), following, simulation.end_us
        )
        yield "attribute_history", pa.concat_tables([mine, theirs])


def _small_history(simulation: Simulation, world: _World, small: dict[str, pa.Table]) -> pa.Table:
    since, until_ = _customers(simulation, world)
    told = {
        "accounts": history.account_changes(world.people.a_created, since, until_),
        "deals": history.deal_changes(world.deals),
        "contracts": history.contract_changes(world.contracts),
        "cases": history.case_changes(world.cases),
        "campaigns": history.campaign_changes(simulation, world.company.campaign_started),
    }
    parts, number = [], 0
    for name, rows in small.items():
        if any(c.change is Change.CHANGEABLE and c.name in rows.column_names for c in TABLES[name].changeable):
            part, number = history.history_of(name, rows, told.get(name, []), number, simulation.end_us)
            parts.append(part)
    return pa.concat_tables(parts)


def _member_changes(members: pa.Table) -> list[history.Changes]:
    """Sent, then responded."""
    number = pc.cast(pc.utf8_slice_codeunits(members["id"], 3), pa.int64()).to_numpy()

    def at(column: str) -> Ints:
        return np.asarray(pc.fill_null(members[column].cast(pa.int64()), NEVER), np.int64)

    rows = len(number)
    return [
        history.Changes("status", number, constant("sent", rows), at("sent_at")),
        history.Changes("status", number, constant("responded", rows), at("responded_at")),
    ]


def _lifecycle(simulation: Simulation, people: People, deals: Deals, contracts: Contracts) -> list[tuple[int, Ints]]:
    """(code of LIFECYCLE, when each contact entered it), in the order of the way; a lost deal leads back to lead."""
    end = simulation.end_us
    lost = np.where(people.won_at == NEVER, people.closed_at, NEVER)
    former = np.full(simulation.contacts, NEVER)
    gone = contracts.ended != NEVER
    former[deals.contact[contracts.deal[gone]]] = contracts.ended[gone]
    way = [(0, people.created), (1, people.mql_at), (2, people.sql_at), (3, people.opportunity_at)]
    way += [(0, lost), (4, people.won_at), (5, former)]
    return [(code, until(at, end)) for code, at in way]


def _stage_now(steps: list[tuple[int, Ints]], numbers: Ints) -> Ints:
    now = np.zeros(len(numbers), np.int64)
    for code, at in steps:
        now = np.where(at[numbers] != NEVER, code, now)
    return now


def _customers(simulation: Simulation, world: _World) -> tuple[Ints, Ints]:
    """Since when each account is a customer, and since when none of its contracts runs any more (NEVER: not at all)."""
    rows, late = len(world.people.a_industry), np.iinfo(np.int64).max
    account = world.deals.account[world.contracts.deal]
    known = account >= 0
    since, ended, running = np.full(rows, late), np.full(rows, NEVER), np.zeros(rows, np.bool_)
    np.minimum.at(since, account[known], world.contracts.started[known])
    np.maximum.at(ended, account[known], world.contracts.ended[known])
    runs = (world.contracts.ended == NEVER) & (world.contracts.renewed_by < 0)
    running[account[known & runs]] = True
    return np.where(since == late, NEVER, since), np.where(running, NEVER, ended)
