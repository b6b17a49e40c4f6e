"""Interactions of the contacts of a chunk, sorted by contact and time; and which were made by machines.

Four streams. What a contact is about to do shows in what it does before: leads that will get far
look at more pages, at prices above all, in the weeks around it; intent shows in every count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rapport.engine.crm.simulation import vocabulary as words
from rapport.engine.crm.simulation.arrow import (
    DAY,
    HOUR,
    NEVER,
    SECOND,
    Floats,
    Ints,
    ids,
    instants,
    joined,
    picked,
    table,
)
from rapport.engine.crm.simulation.mailings import MEMBER_SHARE, Mailings
from rapport.engine.crm.simulation.people import People
from rapport.engine.crm.simulation.rhythm import OFFICE, WEB, happened, in_rhythm
from rapport.engine.crm.simulation.spec import Simulation, Truth

TYPES = ("page_view", "email_sent", "email_open", "email_click", "form_submit", "call", "meeting")
CHANNEL_OF = ("web", "email", "email", "email", "web", "phone", "meeting")
DIRECTION_OF = ("inbound", "outbound", "inbound", "inbound", "inbound", "outbound", "outbound")
PAGE_VIEW, SENT, OPEN, CLICK, FORM, CALL, MEETING = range(len(TYPES))
OUTCOMES = ("connected", "voicemail", "no_answer", "held", "cancelled")
FORM_SOURCES = tuple(words.LEAD_SOURCES.index(source) for source in ("web", "campaign"))
CALLS, MEETINGS = 1.6, 2.5  # on average, of contacts that qualify and of opportunities
MAIL_SHARE = 0.3  # of the interactions that are asked for: mails sent


@dataclass(frozen=True)
class Stream:
    """One entry per interaction: contact, instant, type, and codes of page, form, outcome, campaign (-1: none)."""

    contact: Ints
    at: Ints
    type: Ints
    page: Ints
    form: Ints
    outcome: Ints
    campaign: Ints
    seconds: Floats  # NaN: none
    bot: Ints  # 0 no, 1 mail scanner, 2 web robot


def _stream(contact: Ints, at: Ints, kind: int, **more: Ints | Floats) -> Stream:
    rows = len(contact)
    none = {"page": -1, "form": -1, "outcome": -1, "campaign": -1, "bot": 0}
    columns = {name: more.get(name, np.full(rows, value)) for name, value in none.items()}
    seconds = more.get("seconds", np.full(rows, np.nan))
    return Stream(contact=contact, at=at, type=np.full(rows, kind), seconds=seconds, **columns)


def interaction_tables(
    simulation: Simulation, people: People, chunk: int, *, weights: Floats, owner: Ints, mailings: Mailings
) -> tuple[pa.Table, pa.Table]:
    """Interactions and interaction flags of the contacts of a chunk.

    Parameters: weights, the mean page views and mails of all contacts (`expected`); owner by contact; mailings of
        campaigns to the chunk's contacts.
    """
    numbers = simulation.chunk_of_contacts(chunk)
    random = simulation.random(10, chunk)
    streams = [
        _pages(simulation, random, people, numbers, weights[0, numbers]),
        *_mails(simulation, random, people, numbers, weights[1, numbers]),
        *_campaign_mails(mailings),
        *_talks(simulation, random, people, numbers),
    ]
    all_of = {name: np.concatenate([getattr(s, name) for s in streams]) for name in Stream.__dataclass_fields__}
    kept = (all_of["at"] != NEVER) & (all_of["at"] <= simulation.end_us)
    all_of = {name: values[kept] for name, values in all_of.items()}
    order = np.lexsort((all_of["type"], all_of["at"], all_of["contact"]))
    rows = Stream(**{name: values[order] for name, values in all_of.items()})
    table_of, numbers_of = _table(simulation, random, rows, chunk, owner)
    return table_of, _flags(simulation, rows, numbers_of)


def expected(simulation: Simulation, people: People) -> Floats:
    """Mean page views (row 0) and mails (row 1) of each contact; all interactions come to the number asked for."""
    truth, end = simulation.truth, simulation.end_us
    lifetime = np.maximum(end - people.created, DAY) / DAY
    warmth = 1.0 + 1.5 * (people.mql_at <= end) * (people.mql_at != NEVER)
    warmth = warmth + 2.0 * (people.opportunity_at <= end) * (people.opportunity_at != NEVER)
    pages = np.exp(truth.shown * people.intent) * warmth * np.sqrt(lifetime / 365)
    mails = lifetime / 365
    sent = MAIL_SHARE * simulation.interactions
    opened = _open_chance(truth, people.intent).mean() * (1 + truth.mail_clicked * 1.2)
    campaign_mails = MEMBER_SHARE * lifetime.sum() / 30 * 1.2
    rest = simulation.interactions - sent * (1 + opened) - campaign_mails - _expected_talks(people, end)
    left = max(rest, 0.2 * simulation.interactions)
    return np.stack([pages * left / pages.sum(), mails * sent / mails.sum()])


def _expected_talks(people: People, end: int) -> float:
    """Forms, calls and meetings of everyone, as `_talks` draws them."""

    def reached(at: Ints) -> int:
        return int(happened(at, end).sum())

    forms = 0.9 * np.isin(people.source, FORM_SOURCES).sum() + 0.02 * len(people.source) + 0.6 * reached(people.sql_at)
    return float(forms + CALLS * reached(people.mql_at) + MEETINGS * reached(people.opportunity_at))


def _open_chance(truth: Truth, intent: Floats) -> Floats:
    odds = np.log(truth.mail_opened / (1 - truth.mail_opened)) + truth.shown * intent
    return np.asarray(1 / (1 + np.exp(-odds)), np.float64)


def _pages(simulation: Simulation, random: np.random.Generator, people: People, numbers: Ints, mean: Floats) -> Stream:
    end = simulation.end_us
    contact = np.repeat(numbers, random.poisson(mean))
    rows, created = len(contact), people.created[contact]
    early = created + ((end - created) * random.random(rows) ** 1.6).astype(np.int64)
    # The warm weeks: from two weeks before a contact qualifies until three weeks into an opportunity.
    mql, opportunity = people.mql_at[contact], people.opportunity_at[contact]
    from_ = np.maximum(created, mql - 14 * DAY)
    until = np.minimum(np.where(opportunity != NEVER, opportunity + 21 * DAY, mql + 21 * DAY), end)
    warm = (mql != NEVER) & (from_ < end) & (random.random(rows) < np.where(opportunity != NEVER, 0.65, 0.4))
    at = np.where(warm, from_ + (random.random(rows) * (until - from_)).astype(np.int64), early)
    at = in_rhythm(random, at, created, np.full(rows, end), week=WEB)
    cold_page = random.choice(len(words.PAGES), rows, p=words.PAGE_SHARES)
    page = np.where(warm, random.choice(len(words.PAGES), rows, p=words.WARM_PAGE_SHARES), cold_page)
    robot = np.where(random.random(rows) < simulation.truth.bot_share / 4, 2, 0)
    return _stream(contact, at, PAGE_VIEW, page=page, seconds=np.rint(random.exponential(45, rows)), bot=robot)


def _mails(
    simulation: Simulation, random: np.random.Generator, people: People, numbers: Ints, mean: Floats
) -> list[Stream]:
    """Mails sent, opened, clicked; scanners open and click within seconds of delivery."""
    truth, end = simulation.truth, simulation.end_us
    contact = np.repeat(numbers, random.poisson(mean))
    created = people.created[contact]
    rough = created + ((end - created) * random.random(len(contact))).astype(np.int64)
    sent = in_rhythm(random, rough, created, np.full(len(contact), end), week=OFFICE)
    scanned = random.random(len(contact)) < truth.bot_share * truth.mail_opened
    opens = (random.random(len(contact)) < _open_chance(truth, people.intent[contact])) | scanned
    by_person = sent + (random.exponential(0.4, len(sent)) * DAY).astype(np.int64)
    opened = np.where(scanned, sent + random.integers(1, 9, len(sent)) * SECOND, by_person)
    clicks = opens & (
        (random.random(len(contact)) < truth.mail_clicked * np.exp(0.3 * people.intent[contact])) | scanned
    )
    bot = scanned.astype(np.int64)
    return [
        _stream(contact, sent, SENT),
        _stream(contact[opens], opened[opens], OPEN, bot=bot[opens]),
        _stream(contact[clicks], opened[clicks] + 20 * SECOND * (1 - bot[clicks]), CLICK, bot=bot[clicks]),
    ]


def _campaign_mails(mailings: Mailings) -> list[Stream]:
    """A mail for each member of a campaign, and a click where the member answered."""
    contact, campaign, sent, answered = (
        getattr(mailings, name) for name in ("contact", "campaign", "sent", "responded")
    )  # fmt: skip
    clicked = answered != NEVER
    return [
        _stream(contact, sent, SENT, campaign=campaign),
        _stream(contact[clicked], answered[clicked], CLICK, campaign=campaign[clicked]),
    ]


def _talks(simulation: Simulation, random: np.random.Generator, people: People, numbers: Ints) -> list[Stream]:
    """Forms, calls and meetings, as far as each contact comes."""
    created, mql, sql = people.created[numbers], people.mql_at[numbers], people.sql_at[numbers]
    opportunity, closed = people.opportunity_at[numbers], people.closed_at[numbers]
    rows = len(numbers)
    came_by_form = np.isin(people.source[numbers], FORM_SOURCES) & (random.random(rows) < 0.9)
    asked = (sql != NEVER) & (random.random(rows) < 0.6)
    demo_at = np.maximum(sql - (random.random(rows) * 2 * DAY).astype(np.int64), created)
    first = _stream(numbers[came_by_form], created[came_by_form], FORM, form=random.integers(0, 4, came_by_form.sum()))
    demo = _stream(numbers[asked], demo_at[asked], FORM, form=np.full(asked.sum(), 4))
    curious = random.random(rows) < 0.02
    stray = created + ((simulation.end_us - created) * random.random(rows)).astype(np.int64)
    idle = _stream(numbers[curious], stray[curious], FORM, form=np.full(curious.sum(), 4))
    calls = _spread(
        random, numbers, mql, np.where(sql == NEVER, mql + 30 * DAY, sql + 7 * DAY), CALLS, simulation.end_us
    )
    meetings = _spread(random, numbers, opportunity, closed, MEETINGS, simulation.end_us)
    spoke, held = random.choice(3, len(calls[0]), p=(0.35, 0.35, 0.3)), random.random(len(meetings[0])) < 0.88
    talk = np.where(spoke == 0, np.rint(random.exponential(300, len(spoke))), 0.0)
    return [
        first,
        demo,
        idle,
        _stream(*calls, CALL, outcome=spoke, seconds=talk),
        _stream(*meetings, MEETING, outcome=np.where(held, 3, 4), seconds=np.where(held, 2700.0, np.nan)),
    ]


def _spread(
    random: np.random.Generator, numbers: Ints, from_: Ints, until: Ints, mean: float, end: int
) -> tuple[Ints, Ints]:
    """Contact and instant of office-hour events between two instants of each contact that has the first."""
    times = random.poisson(np.where(from_ == NEVER, 0.0, mean))
    row = np.repeat(np.arange(len(numbers)), times)
    rough = from_[row] + (random.random(len(row)) * np.maximum(until[row] - from_[row], HOUR)).astype(np.int64)
    return numbers[row], in_rhythm(random, rough, from_[row], np.full(len(row), end), week=OFFICE)


def _table(
    simulation: Simulation, random: np.random.Generator, rows: Stream, chunk: int, owner: Ints
) -> tuple[pa.Table, Ints]:
    count = len(rows.contact)
    number = np.arange(count) + chunk * 10_000_000
    # Calls and meetings are sometimes entered days later; nothing is entered after the end.
    late = np.isin(rows.type, (CALL, MEETING)) & (random.random(count) < 0.15)
    lag = np.where(late, random.integers(0, 3 * DAY, count), 0)
    by_person = np.isin(rows.type, (CALL, MEETING))
    columns = {
        "id": ids("interactions", number),
        "contact_id": ids("contacts", rows.contact),
        "channel": picked(CHANNEL_OF, rows.type),
        "type": picked(TYPES, rows.type),
        "direction": picked(DIRECTION_OF, rows.type),
        "occurred_at": instants(rows.at),
        "campaign_id": ids("campaigns", rows.campaign),
        "session_id": _sessions(rows),
        "url_path": picked(words.PAGES, rows.page),
        "outcome": picked(OUTCOMES, rows.outcome),
        "owner_id": ids("users", np.where(by_person, owner[rows.contact], -1)),
        "duration_s": pa.array(rows.seconds, mask=np.isnan(rows.seconds)),
        "properties": picked([f'{{"form":"{f}"}}' for f in words.FORMS], rows.form),
        "created_at": instants(rows.at),
        "recorded_at": instants(np.minimum(rows.at + lag, simulation.end_us)),
    }  # fmt: skip
    columns["message_id"] = pc.if_else(pa.array(rows.type == SENT), joined("msg-", columns["id"]), None)
    return table("interactions", columns), number


def _sessions(rows: Stream) -> pa.Array:
    """The visits of a contact on one day are one session."""
    day = pc.cast(pa.array(rows.at // DAY), pa.string())
    return pc.if_else(pa.array(rows.type == PAGE_VIEW), joined(ids("contacts", rows.contact), "-", day), None)


def _flags(simulation: Simulation, rows: Stream, number: Ints) -> pa.Table:
    """Robots are found out a day later, so a score made in between still counts them."""
    found = np.flatnonzero(rows.bot)
    at = np.minimum(rows.at[found] + DAY, simulation.end_us)
    columns = {
        "id": ids("interaction_flags", number[found]),
        "interaction_id": ids("interactions", number[found]),
        "flag": picked(("machine_open", "bot"), np.where(rows.type[found] == OPEN, 0, 1)),
        "value": np.ones(len(found), np.bool_),
        "by": picked(("", "within seconds of delivery", "known robot"), rows.bot[found]),
        "created_at": instants(at),
    }
    return table("interaction_flags", columns)
