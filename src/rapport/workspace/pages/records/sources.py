"""The sources of each kind of record's timeline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from rapport.engine.crm.tables.people import CHANNELS
from rapport.workspace.crm.marketing.models import CampaignMember
from rapport.workspace.crm.records.models import Account, AttributeValue, Contact, Interaction, SegmentMembership
from rapport.workspace.crm.sales.models import Deal, DealStageVisit, Order, Proposal
from rapport.workspace.crm.service.models import Case, SurveyAnswer
from rapport.workspace.pages.records import entries
from rapport.workspace.pages.records.timeline import Source

_CONTACTS_OF_ACCOUNT = 200
_CHANGES_AT_ONCE = 400


def sources(record: Any) -> list[Source]:
    """Every source of a contact's, account's or deal's timeline."""
    return _OF[type(record)](record)


def _of_contact(contact: Contact) -> list[Source]:
    about = Q(contact=contact)
    return [
        _interactions(Interaction.objects.filter(about)),
        *_happenings(about),
        _campaigns(CampaignMember.objects.filter(about)),
        *_stays("contact", contact.pk),
        _changes("contact", contact.pk),
    ]


def _of_account(account: Account) -> list[Source]:
    ids = list(
        Contact.objects.filter(account=account, deleted_at=None).values_list("pk", flat=True)[:_CONTACTS_OF_ACCOUNT]
    )
    about = Q(account=account) | Q(contact__in=ids)
    elsewhere = Q(contact__in=ids) & (Q(account__isnull=True) | ~Q(account=account))
    return [
        _interactions(Interaction.objects.filter(account=account)),
        _interactions(Interaction.objects.filter(elsewhere), kind="interaction_of_contact"),
        *_happenings(about),
        *_stays("account", account.pk),
        _changes("account", account.pk),
    ]


def _of_deal(deal: Deal) -> list[Source]:
    return [
        _interactions(Interaction.objects.filter(deal=deal)),
        Source(
            kind="stage",
            groups=frozenset({"deals"}),
            rows=DealStageVisit.objects.filter(deal=deal, deleted_at=None),
            at="entered_at",
            entries=entries.of_stages,
        ),
        Source(
            kind="proposal",
            groups=frozenset({"deals"}),
            rows=Proposal.objects.filter(deal=deal, deleted_at=None).annotate(at=Coalesce("sent_at", "created_at")),
            at="at",
            entries=entries.of_proposals,
        ),
        _orders(Q(deal=deal)),
        _answers(Q(deal=deal)),
        *_stays("deal", deal.pk),
        _changes("deal", deal.pk),
    ]


_OF: dict[type, Callable[[Any], list[Source]]] = {Contact: _of_contact, Account: _of_account, Deal: _of_deal}


def _happenings(about: Q) -> list[Source]:
    return [_orders(about), *_deals(about), _cases(about), _answers(about)]


def _interactions(rows: QuerySet[Interaction], kind: str = "interaction") -> Source:
    return Source(
        kind=kind,
        groups=frozenset(CHANNELS),
        rows=rows.filter(deleted_at=None).select_related("owner", "campaign", "contact"),
        at="occurred_at",
        entries=lambda found: entries.of_interactions(found, kind=kind),
    )


def _orders(about: Q) -> Source:
    return Source(
        kind="order",
        groups=frozenset({"orders"}),
        rows=Order.objects.filter(about, deleted_at=None),
        at="ordered_at",
        entries=entries.of_orders,
    )


def _deals(about: Q) -> list[Source]:
    rows = Deal.objects.filter(about, deleted_at=None)
    return [
        Source(kind="deal", groups=frozenset({"deals"}), rows=rows, at="created_at", entries=entries.of_deals),
        Source(
            kind="deal_closed",
            groups=frozenset({"deals"}),
            rows=rows.filter(closed_at__isnull=False),
            at="closed_at",
            entries=entries.of_closed_deals,
        ),
    ]


def _cases(about: Q) -> Source:
    return Source(
        kind="case",
        groups=frozenset({"cases"}),
        rows=Case.objects.filter(about, deleted_at=None),
        at="opened_at",
        entries=entries.of_cases,
    )


def _answers(about: Q) -> Source:
    return Source(
        kind="survey",
        groups=frozenset({"survey"}),
        rows=SurveyAnswer.objects.filter(about, deleted_at=None),
        at="answered_at",
        entries=entries.of_answers,
    )


def _campaigns(rows: QuerySet[CampaignMember]) -> Source:
    dated = rows.filter(deleted_at=None).annotate(
        at=Coalesce(F("responded_at"), F("sent_at"), F("added_at"), F("created_at"))
    )
    return Source(
        kind="campaign",
        groups=frozenset({"campaigns"}),
        rows=dated.select_related("campaign"),
        at="at",
        entries=entries.of_members,
    )


def _stays(subject: str, record_id: str) -> list[Source]:
    """Entering and leaving segments."""
    rows = SegmentMembership.objects.filter(subject=subject, subject_id=record_id, deleted_at=None)
    groups = frozenset({"segments"})
    return [
        Source(kind="segment", groups=groups, rows=rows, at="entered_at", entries=entries.of_entered),
        Source(
            kind="segment_left",
            groups=groups,
            rows=rows.filter(left_at__isnull=False),
            at="left_at",
            entries=entries.of_left,
        ),
    ]


def _changes(entity: str, record_id: str) -> Source:
    return Source(
        kind="change",
        groups=frozenset({"changes"}),
        rows=AttributeValue.objects.filter(entity=entity, entity_id=record_id),
        at="valid_from",
        entries=lambda found: entries.of_changes(found, cut=len(found) == _CHANGES_AT_ONCE),
        limit=_CHANGES_AT_ONCE,
    )
