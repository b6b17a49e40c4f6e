"""What Today shows, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from rapport.workspace.actions import listing
from rapport.workspace.actions.models import WorkItem
from rapport.workspace.crm.records.models import Contact
from rapport.workspace.crm.sales.models import Deal
from rapport.workspace.pages.frame.wording import plain
from rapport.workspace.pages.scores.links import record_url
from rapport.workspace.scores.definitions import live_definitions
from rapport.workspace.scores.models import CurrentScore, ScoreDefinition
from rapport.workspace.scores.monitoring import health_of
from rapport.workspace.scores.overview import Freshness, freshness
from rapport.workspace.scores.subjects import records, subjects
from rapport.workspace.team.access import visible
from rapport.workspace.team.models import User

FIRST, MOST = 25, 200  # items shown at once, at first and when all are asked for
_MOVERS = 6
_CHANNEL_ICONS = {
    "email": "mail",
    "phone": "phone",
    "meeting": "users",
    "chat": "message-circle",
    "social": "share",
    "mail": "send",
}
_CAUSES = {
    "ready": ("flame", "Ready", "chip-accent"),
    "falling": ("trending-down", "Slipping", "chip-bad"),
    "risen": ("trending-up", "Rising", "chip-good"),
    "high": ("star", "High", ""),
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """A reason: what, its points, by how much they moved in a week (None: not compared), and a sentence."""

    name: str
    points: Decimal
    change: Decimal | None
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Card:
    """A work item as shown."""

    item: WorkItem
    url: str
    cause_icon: str
    cause: str
    cause_css: str
    lines: Sequence[Line]
    channel_icon: str
    hours: str


@dataclass(frozen=True, kw_only=True)
class Mover:
    """Somebody whose score moved."""

    name: str
    url: str
    current: CurrentScore


@dataclass(frozen=True, kw_only=True)
class ScoreFreshness:
    """A live score, how fresh it is, and what was alarming when it was last looked at (sentences)."""

    version: ScoreDefinition
    freshness: Freshness
    alarms: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Board:
    """Everything on Today. score: the one whose movers are shown; None where no score is live."""

    scope: str
    cards: Sequence[Card]
    counts: listing.Counts
    scores: Sequence[ScoreFreshness]
    score: ScoreDefinition | None
    risers: Sequence[Mover]
    fallers: Sequence[Mover]
    numbers: Sequence[tuple[str, Any, str]]


def board(user: User, *, scope: str, score: str, count: int, now: datetime) -> Board:
    live = live_definitions()
    chosen = next((v for v in live if v.name == score), live[0] if live else None)
    return Board(
        scope=scope,
        cards=[card(item) for item in listing.open_items(user, scope, count=count)],
        counts=listing.counts(user, scope, now=now),
        scores=_fresh(live, now=now),
        score=chosen,
        risers=_movers(user, chosen, "rising") if chosen else (),
        fallers=_movers(user, chosen, "falling") if chosen else (),
        numbers=_numbers(user, now=now),
    )


def _fresh(live: Sequence[ScoreDefinition], *, now: datetime) -> list[ScoreFreshness]:
    health = health_of(v.name or "" for v in live)
    return [
        ScoreFreshness(
            version=v,
            freshness=freshness(v.name or "", now=now),
            alarms=[str(a["sentence"]) for a in health[v.name or ""].alarms],
        )
        for v in live
    ]


def card(item: WorkItem) -> Card:
    icon, cause, css = _CAUSES[item.cause]
    return Card(
        item=item,
        url=record_url(item.subject, item.subject_id),
        cause_icon=icon,
        cause=cause,
        cause_css=css,
        lines=[
            Line(
                name=plain(line["name"]),
                points=Decimal(line["points"]),
                change=Decimal(line["change"]) if "change" in line else None,
                sentence=line["sentence"],
            )
            for line in item.lines
        ],
        channel_icon=_CHANNEL_ICONS.get(item.channel, "send"),
        hours="" if item.best_hour is None else f"{item.best_hour:02d}–{(item.best_hour + 1) % 24:02d}",
    )


def _movers(user: User, score: ScoreDefinition, direction: str) -> list[Mover]:
    rows = CurrentScore.objects.filter(score=score.name, trend=direction)
    if user.role != "admin":
        rows = rows.filter(subject_id__in=visible(records(score.subject), user).values("pk"))
    found = list(rows.order_by("-change_7d" if direction == "rising" else "change_7d", "subject_id")[:_MOVERS])
    known = subjects(score.subject, [c.subject_id for c in found])
    return [
        Mover(name=known[c.subject_id].name, url=record_url(c.subject, c.subject_id), current=c)
        for c in found
        if c.subject_id in known
    ]


def _numbers(user: User, *, now: datetime) -> list[tuple[str, Any, str]]:
    """(label, value, format) of what the reader owns."""
    deals: QuerySet[Deal] = Deal.objects.filter(owner=user, status="open", deleted_at=None)
    # never summed across currencies, and a deal without amount is not worth 0
    told = list(deals.order_by().values_list("currency").annotate(count=Count("id"), amount=Sum("amount")))
    worth = sorted(
        ((amount, currency) for currency, _, amount in told if amount is not None),
        key=lambda found: found[0],
        reverse=True,
    )
    done = WorkItem.objects.filter(
        Q(state=WorkItem.State.DONE), decided_by=user, decided_at__gt=now - timedelta(days=7)
    ).count()
    return [
        ("Contacts I own", Contact.objects.filter(owner=user, deleted_at=None).count(), "number"),
        ("My open deals", sum(count for _, count, _ in told), "number"),
        ("Their value", worth, "money"),
        ("Contacted in 7 days", done, "number"),
    ]
