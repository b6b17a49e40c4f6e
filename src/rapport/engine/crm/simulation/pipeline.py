"""Deals: new business from the contacts who came that far, and a renewal for each term that runs out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rapport.engine.crm.simulation import vocabulary as words
from rapport.engine.crm.simulation.arrow import DAY, NEVER, Floats, Ints, Mask
from rapport.engine.crm.simulation.company import Company
from rapport.engine.crm.simulation.people import People
from rapport.engine.crm.simulation.rhythm import OFFICE, happened, in_rhythm
from rapport.engine.crm.simulation.spec import Simulation

TERM = 365 * DAY
NEW, RENEWAL = 0, 1


@dataclass(frozen=True)
class Deals:
    """One entry per deal that existed by the end, new business first.

    Attributes: contract is the row number of the contract that is renewed (-1: new business).
        stage_at[deal, k]: when stage k of STAGES was entered, NEVER if it was not; for renewals only the last.
    """

    contact: Ints
    account: Ints
    owner: Ints
    kind: Ints
    plan: Ints
    seats: Ints
    first_amount: Ints
    amount: Ints
    discount: Ints
    created: Ints
    closed: Ints  # NEVER: still open at the end
    won: Mask
    lost_reason: Ints
    campaign: Ints
    contract: Ints
    stage_at: Ints

    @property
    def rows(self) -> int:
        return len(self.contact)


@dataclass(frozen=True)
class Contracts:
    """One entry per term. `deal` is the deal that made it; `follows` the term that it renews (-1: first)."""

    deal: Ints
    started: Ints
    term_end: Ints
    ended: Ints  # NEVER: runs on, or is renewed later
    renewed_by: Ints
    follows: Ints
    reason: Ints


def pipeline(simulation: Simulation, company: Company, people: People) -> tuple[Deals, Contracts]:
    new = _new_business(simulation, company, people)
    return _with_renewals(simulation, people, new)


def _new_business(simulation: Simulation, company: Company, people: People) -> Deals:
    random, end = simulation.random(2), simulation.end_us
    contact = np.flatnonzero(happened(people.opportunity_at, end))
    rows, account = len(contact), people.account[contact]
    employees = np.where(account >= 0, people.a_employees[account], 3)
    seats = np.clip(employees * random.uniform(0.05, 0.4, rows), 2, 2_000).astype(np.int64)
    plan = np.clip(np.digitize(seats, (10, 60, 300)), 0, 3)
    discount = np.where(random.random(rows) < 0.3, 10, 0)
    full = seats * np.array(words.SEAT_PRICE)[plan] * 12 * 10_000
    guess = (full // 10_000 * random.uniform(0.8, 1.3, rows)).astype(np.int64) // 100 * 1_000_000
    created, closed = people.opportunity_at[contact], people.closed_at[contact]
    started = np.searchsorted(company.campaign_started, created) - 1
    return Deals(
        contact=contact,
        account=account,
        owner=np.where(account >= 0, people.a_owner[account], company.seller(random, rows)),
        kind=np.zeros(rows, np.int64),
        plan=plan,
        seats=seats,
        first_amount=np.maximum(guess, 1_000_000),
        amount=full * (100 - discount) // 100,
        discount=full * discount // 100,
        created=created,
        closed=np.where(closed <= end, closed, NEVER),
        won=happened(people.won_at[contact], end),
        lost_reason=random.integers(0, len(words.LOST_REASONS), rows),
        campaign=np.where(random.random(rows) < 0.4, started, -1),
        contract=np.full(rows, -1),
        stage_at=_stage_entries(random, created, closed, people.won_at[contact] != NEVER, end),
    )


def _stage_entries(random: np.random.Generator, created: Ints, closed: Ints, wins: Mask, end: int) -> Ints:
    """Entry of each stage: the way from created to closed is split at random; lost deals stop at some stage."""
    rows, stages = len(created), len(words.STAGES)
    share = np.cumsum(random.dirichlet([2.0, 3.0, 2.0, 1.5], rows), axis=1)
    starts = np.concatenate([np.zeros((rows, 1)), share[:, :-1]], axis=1)
    last = np.where(wins, stages, 1 + random.choice(stages, rows, p=(0.35, 0.3, 0.2, 0.15)))
    length = (closed - created)[:, None]
    # A lost deal spends its whole way in the stages it reached.
    reach = np.where(wins, 1.0, share[np.arange(rows), last - 1])[:, None]
    entered = created[:, None] + (starts / reach * length).astype(np.int64)
    return np.where((np.arange(stages)[None, :] < last[:, None]) & (entered <= end), entered, NEVER)


def _with_renewals(simulation: Simulation, people: People, new: Deals) -> tuple[Deals, Contracts]:
    random, end, truth = simulation.random(3), simulation.end_us, simulation.truth
    deal = np.flatnonzero(new.won)
    started = new.closed[deal]
    term_end = started + TERM
    health = np.where(new.account[deal] >= 0, people.a_health[new.account[deal]], 0.0)
    renews = random.random(len(deal)) < 1 / (1 + np.exp(-(truth.renewal + truth.renewal_health * health)))
    due = term_end <= end
    opened = term_end - 60 * DAY <= end
    renewal, second = _renewal_deals(random, new, deal, term_end, renews, opened, end), deal[due & renews]
    count = len(deal)
    renewed_by = np.full(count, -1)
    renewed_by[due & renews] = count + np.arange(len(second))
    made_by = new.rows + np.flatnonzero((due & renews)[opened])
    contracts = Contracts(
        deal=np.concatenate([deal, made_by]),
        started=np.concatenate([started, term_end[due & renews]]),
        term_end=np.concatenate([term_end, term_end[due & renews] + TERM]),
        ended=np.concatenate([np.where(due & ~renews, term_end, NEVER), np.full(len(second), NEVER)]),
        renewed_by=np.concatenate([renewed_by, np.full(len(second), -1)]),
        follows=np.concatenate([np.full(count, -1), np.flatnonzero(due & renews)]),
        reason=random.integers(0, 3, count + len(second)),
    )
    return _both(new, renewal), contracts


def _renewal_deals(
    random: np.random.Generator, new: Deals, deal: Ints, term_end: Ints, renews: Mask, opened: Mask, end: int
) -> Deals:
    """A renewal is opened 60 days before the term ends and closed in its last days."""
    of, rows = deal[opened], int(opened.sum())
    ends, wins = term_end[opened], renews[opened]
    created = in_rhythm(random, ends - 60 * DAY, ends - 65 * DAY, np.minimum(ends - 50 * DAY, end), week=OFFICE)
    closing = ends - random.integers(0, 10 * DAY, rows)
    # The contract of the next term starts when this one ends, so what is due is closed by then.
    closed = np.where((closing <= end) & (ends <= end), closing, NEVER)
    stage_at = np.full((rows, len(words.STAGES)), NEVER)
    stage_at[:, -1] = created
    full = new.seats[of] * np.array(words.SEAT_PRICE)[new.plan[of]] * 12 * 10_000
    return Deals(
        contact=new.contact[of],
        account=new.account[of],
        owner=new.owner[of],
        kind=np.full(rows, RENEWAL),
        plan=new.plan[of],
        seats=new.seats[of],
        first_amount=full,
        amount=full,
        discount=np.zeros(rows, np.int64),
        created=created,
        closed=closed,
        won=wins & (closed != NEVER),
        lost_reason=random.integers(0, len(words.LOST_REASONS), rows),
        campaign=np.full(rows, -1),
        contract=np.flatnonzero(opened),
        stage_at=stage_at,
    )


def _both(first: Deals, second: Deals) -> Deals:
    names = Deals.__dataclass_fields__
    return Deals(**{name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in names})


def health_of(people: People, account: Ints) -> Floats:
    """The health of each account; 0 for private persons."""
    return np.where(account >= 0, people.a_health[account], 0.0)
