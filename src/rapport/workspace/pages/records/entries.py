"""Rows of each room as lines of a timeline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from django.urls import reverse

from rapport.workspace.crm.marketing.models import CampaignMember
from rapport.workspace.crm.records.models import AttributeValue, Interaction, SegmentMembership
from rapport.workspace.crm.sales.models import Deal, DealStageVisit, Order, Proposal
from rapport.workspace.crm.service.models import Case, SurveyAnswer
from rapport.workspace.metrics.segments.models import Segment
from rapport.workspace.pages.frame import wording
from rapport.workspace.pages.records.facts import label
from rapport.workspace.pages.records.timeline import Entry

_ICONS = {
    "email": "mail",
    "phone": "phone",
    "meeting": "calendar-event",
    "chat": "message-circle",
    "web": "world",
    "product": "click",
    "social": "share",
    "mail": "inbox",
    "store": "shopping-cart",
    "survey": "message",
}
_SHOWN_CHANGES = 4


def of_interactions(rows: Iterable[Interaction], *, kind: str) -> Iterator[Entry]:
    for row in rows:
        text = row.subject_line or row.url_path or row.url or (row.campaign.name if row.campaign else "") or ""
        outcome = f" · {wording.plain(row.outcome)}" if row.outcome else ""
        length = (
            f" · {wording.number(round(row.duration_s / 60))} min" if row.duration_s and row.duration_s >= 60 else ""
        )
        yield Entry(
            at=row.occurred_at,
            kind=kind,
            id=row.pk,
            group=row.channel or "web",
            icon=_ICONS.get(row.channel or "", "activity"),
            title=wording.plain(row.type),
            text=f"{text}{outcome}{length}".strip(" ·"),
            by=str(row.owner) if row.owner else "",
        )


def of_orders(rows: Iterable[Order]) -> Iterator[Entry]:
    for row in rows:
        where = f" · {wording.plain(row.channel)}" if row.channel else ""
        status = f" · {wording.plain(row.status)}" if row.status else ""
        yield Entry(
            at=row.ordered_at,
            kind="order",
            id=row.pk,
            group="orders",
            icon="shopping-cart",
            title=f"Ordered for {wording.money(row.amount, row.currency)}",
            text=f"{row.external_id or ''}{where}{status}".strip(" ·"),
        )


def of_deals(rows: Iterable[Deal]) -> Iterator[Entry]:
    for row in rows:
        if row.created_at is not None:
            yield _deal(row, kind="deal", at=row.created_at, title="Deal opened")


def of_closed_deals(rows: Iterable[Deal]) -> Iterator[Entry]:
    for row in rows:
        if row.closed_at is not None:
            won = row.status == "won"
            title = f"Deal {row.status or 'closed'}"
            yield _deal(row, kind="deal_closed", at=row.closed_at, title=title, tone="good" if won else "bad")


def _deal(row: Deal, *, kind: str, at: Any, title: str, tone: str = "") -> Entry:
    amount = f" · {wording.money(row.amount, row.currency)}" if row.amount is not None else ""
    return Entry(
        at=at,
        kind=kind,
        id=row.pk,
        group="deals",
        icon="briefcase",
        title=title,
        text=f"{row.name or row.external_id or ''}{amount}",
        url=reverse("deals:record", args=[row.pk]),
        tone=tone,
    )


def of_stages(rows: Iterable[DealStageVisit]) -> Iterator[Entry]:
    for row in rows:
        amount = wording.money(row.amount, row.deal.currency) if row.amount is not None else ""
        yield Entry(
            at=row.entered_at,
            kind="stage",
            id=row.pk,
            group="deals",
            icon="arrow-right",
            title=f"Entered {wording.plain(row.stage)}",
            text=amount,
        )


def of_proposals(rows: Iterable[Proposal]) -> Iterator[Entry]:
    for row in rows:
        state = (
            "accepted" if row.accepted_at else "rejected" if row.rejected_at else "sent" if row.sent_at else "drafted"
        )
        yield Entry(
            at=row.at,  # type: ignore[attr-defined] # annotated by the source
            kind="proposal",
            id=row.pk,
            group="deals",
            icon="file",
            title=f"Quote {state}",
            text=f"{row.number or ''} · {wording.money(row.amount, row.currency)}".strip(" ·"),
        )


def of_cases(rows: Iterable[Case]) -> Iterator[Entry]:
    for row in rows:
        state = wording.plain(row.status) if row.status else ""
        yield Entry(
            at=row.opened_at,
            kind="case",
            id=row.pk,
            group="cases",
            icon="headset",
            title=f"{wording.plain(row.type or 'case')} opened",
            text=f"{row.subject_line or wording.plain(row.topic or '')} · {state}".strip(" ·"),
        )


def of_answers(rows: Iterable[SurveyAnswer]) -> Iterator[Entry]:
    for row in rows:
        scale = f" of {wording.number(row.scale_max)}" if row.scale_max is not None else ""
        given = f"{wording.number(row.score)}{scale}" if row.score is not None else "no number"
        yield Entry(
            at=row.answered_at,
            kind="survey",
            id=row.pk,
            group="survey",
            icon="message",
            title=f"Answered {(row.kind or row.survey or 'a survey').upper()}: {given}",
            text=row.comment or "",
        )


def of_members(rows: Iterable[CampaignMember]) -> Iterator[Entry]:
    for row in rows:
        what = "Responded to" if row.responded_at else "Received" if row.sent_at else "Added to"
        if row.is_holdout:
            what = "Held out from"
        yield Entry(
            at=row.at,  # type: ignore[attr-defined] # annotated by the source
            kind="campaign",
            id=row.pk,
            group="campaigns",
            icon="speakerphone",
            title=f"{what} {row.campaign.name or 'a campaign'}",
            text=wording.plain(row.status) if row.status else "",
            tone="good" if row.responded_at else "",
        )


def of_entered(rows: Sequence[SegmentMembership]) -> Iterator[Entry]:
    titles = _segment_titles(rows)
    for row in rows:
        yield _stay(row, kind="segment", at=row.entered_at, verb="Entered", titles=titles)


def of_left(rows: Sequence[SegmentMembership]) -> Iterator[Entry]:
    titles = _segment_titles(rows)
    for row in rows:
        if row.left_at is not None:
            yield _stay(row, kind="segment_left", at=row.left_at, verb="Left", titles=titles)


def _stay(row: SegmentMembership, *, kind: str, at: datetime, verb: str, titles: Mapping[str, str]) -> Entry:
    title = titles.get(row.segment)
    return Entry(
        at=at,
        kind=kind,
        id=row.pk,
        group="segments",
        icon="users-group",
        title=f"{verb} the segment {title or wording.plain(row.segment)}",
        url=reverse("segments:segment", args=[row.segment]) if title else "",
    )


def _segment_titles(rows: Iterable[SegmentMembership]) -> dict[str, str]:
    """Of the segments that stand; one that was deleted has no page."""
    found = Segment.objects.filter(name__in={row.segment for row in rows}, deleted_at__isnull=True)
    return dict(found.values_list("name", "title"))


def of_changes(rows: Sequence[AttributeValue], *, cut: bool) -> Iterator[Entry]:
    """One entry for what changed together; the last group is left for the next page where it may be incomplete."""
    together = [list(group) for _, group in groupby(rows, key=lambda row: (row.valid_from, row.changed_by, row.source))]
    if cut and len(together) > 1:
        together.pop()
    for group in together:
        last = group[-1]
        told = [_change(row) for row in group if row.attribute != "deleted_at"]
        more = f" and {len(told) - _SHOWN_CHANGES} more" if len(told) > _SHOWN_CHANGES else ""
        yield Entry(
            at=last.valid_from,
            kind="change",
            id=last.pk,
            group="changes",
            icon="pencil",
            title="Changed" if len(told) < _SHOWN_CHANGES * 2 else "Recorded",
            text=", ".join(told[:_SHOWN_CHANGES]) + more,
            by=last.changed_by or "",
        )


def _change(row: AttributeValue) -> str:
    name = label(row.attribute.removeprefix("properties."))
    value = row.value or "nothing"
    return name if row.attribute.endswith("_id") else f"{name}: {_readable(value)}"


def _readable(value: str) -> str:
    return wording.plain(value) if value.islower() and value.isidentifier() else value[:60]
