"""Cases with their events, and survey answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rapport.engine.crm.simulation import vocabulary as words
from rapport.engine.crm.simulation.arrow import (
    DAY,
    HOUR,
    NEVER,
    SECOND,
    Ints,
    constant,
    ids,
    instants,
    joined,
    picked,
    table,
)
from rapport.engine.crm.simulation.company import Company
from rapport.engine.crm.simulation.people import People
from rapport.engine.crm.simulation.pipeline import Contracts, Deals, health_of
from rapport.engine.crm.simulation.rhythm import OFFICE, after, happened, in_rhythm, later, until
from rapport.engine.crm.simulation.spec import Simulation

TYPES = ("question", "incident", "complaint", "request")
PRIORITIES = ("low", "normal", "high", "urgent")
HOURS_TO_REPLY = np.array([14.0, 8.0, 3.0, 1.0])
CASES_A_YEAR = 2.5
ANSWERS_ASKED = 0.35


@dataclass(frozen=True)
class Cases:
    """One entry per case. Instants after the end are NEVER; `reopened` is NEVER for most."""

    contact: Ints
    account: Ints
    owner: Ints
    priority: Ints
    opened: Ints
    replied: Ints
    first_solved: Ints
    reopened: Ints
    solved: Ints
    closed: Ints


def cases(simulation: Simulation, company: Company, people: People, deals: Deals, contracts: Contracts) -> Cases:
    """The worse a customer is served (account health), the more cases; all within a running contract."""
    random, end = simulation.random(4), simulation.end_us
    runs_until = np.where(contracts.ended == NEVER, np.minimum(contracts.term_end, end), contracts.ended)
    years = np.maximum(runs_until - contracts.started, 0) / (365 * DAY)
    health = health_of(people, deals.account[contracts.deal])
    contract = np.repeat(np.arange(len(years)), random.poisson(CASES_A_YEAR * years * np.exp(-0.35 * health)))
    rows, deal = len(contract), contracts.deal[contract]
    rough = contracts.started[contract] + (
        random.random(rows) * (runs_until - contracts.started)[contract]
    ).astype(np.int64)  # fmt: skip
    opened = in_rhythm(random, rough, contracts.started[contract], runs_until[contract], week=OFFICE)
    priority = random.choice(4, rows, p=(0.2, 0.5, 0.22, 0.08))
    replied = after(random, opened, HOURS_TO_REPLY[priority] / 24)
    solved = later(replied, random.lognormal(0.2, 1.1, rows))
    again = (random.random(rows) < 0.08) & happened(solved, end)
    reopened = np.where(again, after(random, solved, 1.5), NEVER)
    second = later(reopened, random.lognormal(0.0, 0.8, rows))
    last = np.where(reopened == NEVER, solved, np.where(reopened <= end, second, solved))
    return Cases(
        contact=deals.contact[deal],
        account=deals.account[deal],
        owner=company.carer(random, rows),
        priority=priority,
        opened=opened,
        replied=until(replied, end),
        first_solved=until(solved, end),
        reopened=until(reopened, end),
        solved=until(last, end),
        closed=until(later(last, np.full(rows, 4.0)), end),
    )


def case_status(cases: Cases) -> Ints:
    """new, open, solved, closed at the end."""
    answered = np.where(cases.replied == NEVER, 0, 1)
    return np.where(cases.closed != NEVER, 3, np.where(cases.solved != NEVER, 2, answered))


STATUSES = ("new", "open", "solved", "closed")


def service_tables(simulation: Simulation, people: People, cases: Cases, deals: Deals) -> dict[str, pa.Table]:
    return {
        "cases": _case_table(simulation, cases),
        "case_events": _event_table(cases),
        "survey_answers": _answers(simulation, people, cases, deals),
    }


def _case_table(simulation: Simulation, cases: Cases) -> pa.Table:
    random, rows = simulation.random(5), len(cases.contact)
    topic = random.integers(0, len(words.TOPICS), rows)
    columns = {
        "id": ids("cases", np.arange(rows)),
        "contact_id": ids("contacts", cases.contact),
        "account_id": ids("accounts", cases.account),
        "subject_line": joined("About ", picked(words.TOPICS, topic)),
        "type": picked(TYPES, random.choice(4, rows, p=(0.4, 0.35, 0.1, 0.15))),
        "topic": picked(words.TOPICS, topic),
        "channel": picked(("email", "web", "phone", "chat"), random.choice(4, rows, p=(0.45, 0.3, 0.15, 0.1))),
        "priority": picked(PRIORITIES, cases.priority),
        "status": picked(STATUSES, case_status(cases)),
        "queue": constant("Support", rows),
        "is_spam": np.zeros(rows, np.bool_),
        "opened_at": instants(cases.opened),
        "first_response_at": instants(cases.replied),
        "solved_at": instants(cases.solved),
        "closed_at": instants(cases.closed),
        "owner_id": ids("users", cases.owner),
        "created_at": instants(cases.opened),
    }
    return table("cases", columns)


def _event_table(cases: Cases) -> pa.Table:
    parts = (
        ("opened", cases.opened, cases.contact, "contacts"),
        ("reply_by_agent", cases.replied, cases.owner, "users"),
        ("solved", cases.first_solved, cases.owner, "users"),
        ("reopened", cases.reopened, cases.contact, "contacts"),
        ("solved", np.where(cases.reopened == NEVER, NEVER, cases.solved), cases.owner, "users"),
    )
    case = [np.flatnonzero(at != NEVER) for _, at, _, _ in parts]
    at = np.concatenate([p[1][c] for p, c in zip(parts, case, strict=True)])
    columns = {
        "case_id": pa.concat_arrays([ids("cases", c) for c in case]),
        "type": pa.concat_arrays([constant(p[0], len(c)) for p, c in zip(parts, case, strict=True)]),
        "occurred_at": instants(at),
        "author_id": pa.concat_arrays([ids(p[3], p[2][c]) for p, c in zip(parts, case, strict=True)]),
        "is_public": np.ones(len(at), np.bool_),
        "is_automatic": np.zeros(len(at), np.bool_),
        "created_at": instants(at),
    }
    return table("case_events", {"id": ids("case_events", np.arange(len(at))), **columns})


def _answers(simulation: Simulation, people: People, cases: Cases, deals: Deals) -> pa.Table:
    """Satisfaction (1..5) after a solved case, recommendation (0..10) each quarter of a customer."""
    random, end = simulation.random(6), simulation.end_us
    case = np.flatnonzero((cases.first_solved != NEVER) & (random.random(len(cases.contact)) < ANSWERS_ASKED))
    asked = cases.first_solved[case] + HOUR
    slow = (cases.replied[case] - cases.opened[case]) / DAY
    content = 4.3 + 0.6 * health_of(people, cases.account[case]) - 0.5 * slow + random.normal(0, 0.8, len(case))
    satisfied = np.clip(np.rint(content), 1, 5)
    deal, wave = np.nonzero(_waves(simulation, random, deals))
    nps_asked = simulation.start_us + wave * 91 * DAY + 9 * HOUR
    health = health_of(people, deals.account[deal])
    promoted = np.clip(np.rint(7.4 + simulation.truth.nps_health * health + random.normal(0, 1.3, len(deal))), 0, 10)
    contact = np.concatenate([cases.contact[case], deals.contact[deal]])
    account = np.concatenate([cases.account[case], deals.account[deal]])
    asked_at = np.concatenate([asked, nps_asked])
    answered = np.minimum(after(random, asked_at, 1.0), asked_at + 10 * DAY) // SECOND * SECOND
    kept = answered <= end
    is_nps = np.arange(len(contact)) >= len(case)
    columns = {
        "contact_id": ids("contacts", contact),
        "account_id": ids("accounts", account),
        "case_id": ids("cases", np.concatenate([case, np.full(len(deal), -1)])),
        "survey": picked(("After a case", "Quarterly"), is_nps.astype(np.int64)),
        "kind": picked(("csat", "nps"), is_nps.astype(np.int64)),
        "score": np.concatenate([satisfied, promoted]),
        "scale_min": np.where(is_nps, 0.0, 1.0),
        "scale_max": np.where(is_nps, 10.0, 5.0),
        "asked_at": instants(asked_at),
        "answered_at": instants(answered),
        "created_at": instants(answered),
    }
    answers = table("survey_answers", {"id": ids("survey_answers", np.arange(len(contact))), **columns})
    return answers.filter(pa.array(kept))


def _waves(simulation: Simulation, random: np.random.Generator, deals: Deals) -> np.ndarray:
    """Which customer answers which quarterly wave: those won before it, in their first year, a third of them."""
    wave = simulation.start_us + np.arange(9) * 91 * DAY
    first_year = (wave[None, :] > deals.closed[:, None]) & (wave[None, :] < deals.closed[:, None] + 365 * DAY)
    return deals.won[:, None] & first_year & (random.random((deals.rows, 9)) < ANSWERS_ASKED)
