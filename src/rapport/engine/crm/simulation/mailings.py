"""Which contacts are sent which campaign, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rapport.engine.crm.simulation.arrow import DAY, HOUR, NEVER, Ints, ids, instants, picked, table
from rapport.engine.crm.simulation.company import Company
from rapport.engine.crm.simulation.people import People
from rapport.engine.crm.simulation.rhythm import after, until
from rapport.engine.crm.simulation.spec import Simulation

MEMBER_SHARE = 0.1  # of the contacts known when a campaign starts


@dataclass(frozen=True)
class Mailings:
    """One entry per member. responded, left: NEVER for those who did not (yet)."""

    contact: Ints
    campaign: Ints
    sent: Ints
    responded: Ints
    left: Ints


def mailings(simulation: Simulation, company: Company, people: People, chunk: int) -> Mailings:
    """The members among the contacts of a chunk: the more intent, the more answers, within three weeks."""
    number, end = simulation.chunk_of_contacts(chunk), simulation.end_us
    random, started = simulation.random(9, chunk), company.campaign_started
    sent_to = (started[None, :] > people.created[number][:, None]) & (started + 2 * HOUR <= end)[None, :]
    row, campaign = np.nonzero(sent_to & (random.random(sent_to.shape) < MEMBER_SHARE))
    contact, sent = number[row], started[campaign] + random.integers(0, 2 * HOUR, len(row))
    answers = random.random(len(row)) < 1 / (1 + np.exp(-(-2.0 + 0.8 * people.intent[contact])))
    responded = np.where(answers, np.minimum(after(random, sent, 4.0), sent + 20 * DAY), NEVER)
    left = np.where(random.random(len(row)) < 0.01, after(random, sent, 1.0), NEVER)
    return Mailings(contact, campaign, sent, until(responded, end), until(left, end))


def member_table(mailings: Mailings, campaigns: int) -> pa.Table:
    rows, sent = len(mailings.contact), instants(mailings.sent)
    columns = {
        "id": ids("campaign_members", mailings.contact * campaigns + mailings.campaign),
        "campaign_id": ids("campaigns", mailings.campaign),
        "contact_id": ids("contacts", mailings.contact),
        "status": picked(("sent", "responded"), (mailings.responded != NEVER).astype(np.int64)),
        "is_holdout": np.zeros(rows, np.bool_),
        "added_at": sent,
        "sent_at": sent,
        "delivered_at": sent,
        "responded_at": instants(mailings.responded),
        "unsubscribed_at": instants(mailings.left),
        "created_at": sent,
    }
    return table("campaign_members", columns)
