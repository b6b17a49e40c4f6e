"""What is simulated, and the truth behind it: every coefficient that decides who converts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from rapport.engine.crm.simulation.arrow import Ints
from rapport.engine.errors import DefinitionError


@dataclass(frozen=True, kw_only=True)
class Truth:
    """The hidden propensity of a contact: `won_prob = 1 / (1 + exp(-logit))`, with

    logit = base + industry + right_size + seniority + lead_source + private_mail
            + intent_weight x intent + drift x (years from the middle of the two years)

    Attributes: on the log-odds scale. `intent` is a standard normal number per contact that shows
        in what the contact does: visits, clicks and answers grow as exp(shown x intent).
        mql, sql, opportunity: added to the logit, they give the chance of getting that far, with
        the same luck, so that each stage contains the next.
        mail_*: of the mails sent, the shares opened and (of those) clicked at intent 0.
        bot_share: of opens and clicks, made by mail scanners within seconds.
    """

    base: float = -3.4
    industry: dict[str, float] = field(
        default_factory=lambda: {
            "software": 0.8, "finance": 0.5, "retail": 0.1, "manufacturing": 0.2,
            "health": -0.1, "education": -0.6, "public": -0.8,
        }
    )  # fmt: skip
    right_size: float = 0.6  # 50 to 1,000 employees
    seniority: dict[str, float] = field(
        default_factory=lambda: {"c_level": 0.7, "vp": 0.7, "director": 0.5, "manager": 0.0, "staff": -0.5}
    )
    lead_source: dict[str, float] = field(
        default_factory=lambda: {"referral": 0.6, "event": 0.2, "web": 0.0, "campaign": -0.1, "outbound": -0.4}
    )
    private_mail: float = -0.9
    intent_weight: float = 1.0
    shown: float = 0.45
    mql: float = 2.8
    sql: float = 1.8
    opportunity: float = 1.1
    mail_opened: float = 0.3
    mail_clicked: float = 0.15
    bot_share: float = 0.06
    renewal: float = 1.6  # log-odds of renewing at account health 0
    renewal_health: float = 0.9
    nps_health: float = 1.6  # points of the 0..10 answer per unit of account health


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """A business-to-business software company over the two years before `end`.

    Attributes:
        contacts, interactions: sizes; interactions are met on average (within a few per cent).
        seed: the same seed gives the same rows, however they are streamed.
        end: the last instant; nothing simulated happened after it (planned dates apart).
        drift: change of the base log-odds of winning in a year.
        history: make `attribute_history`. Without it readers use the rows' own values.
        chunks: parts in which contacts, interactions and their history are made; 0: as many as fit in memory.
    """

    contacts: int = 2_000
    interactions: int = 60_000
    seed: int = 1
    end: datetime
    drift: float = 0.0
    currency: str = "EUR"
    history: bool = True
    chunks: int = 0
    truth: Truth = field(default_factory=Truth)

    def __post_init__(self) -> None:
        if self.end.tzinfo is None:
            raise DefinitionError("An end needs a time zone.", where="Simulation.end", received=self.end.isoformat())
        for name in ("contacts", "interactions"):
            if getattr(self, name) < 1:
                raise DefinitionError("must be at least 1", where=f"Simulation.{name}", received=getattr(self, name))

    @property
    def start(self) -> datetime:
        return self.end - timedelta(days=730)

    @property
    def end_us(self) -> int:
        return int(self.end.timestamp()) * 1_000_000

    @property
    def start_us(self) -> int:
        return int(self.start.timestamp()) * 1_000_000

    def random(self, *parts: int) -> np.random.Generator:
        """A generator of its own for each part, so that one part's draws never move another's."""
        return np.random.default_rng([self.seed, *parts])

    @property
    def chunk_count(self) -> int:
        return min(self.chunks or max(1, self.interactions // 1_000_000), self.contacts)

    def chunk_of_contacts(self, chunk: int) -> Ints:
        """The contacts of a chunk: consecutive numbers."""
        edges = np.linspace(0, self.contacts, self.chunk_count + 1).astype(np.int64)
        return np.arange(edges[chunk], edges[chunk + 1])
