"""Deals by stage: sums of every stage, and its largest deals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q, QuerySet, Sum

from rapport.workspace.crm.sales.models import Deal, DealStageVisit
from rapport.workspace.scores.models import CurrentScore

CARDS = 12
_STAGES_WITH_CARDS = 12
_SAMPLE = 5000
_REMEMBERED_S = 600


@dataclass(frozen=True, kw_only=True)
class Card:
    """One deal. overdue: its expected close lies in the past. score: of the first live deal score, or None."""

    deal: Deal
    overdue: bool
    score: CurrentScore | None


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One column. amounts: by currency, as deals are never summed across currencies here."""

    name: str
    count: int
    amounts: Sequence[tuple[str, Decimal]]
    cards: Sequence[Card]


def stages(deals: QuerySet[Deal], *, today: date, score: str | None) -> list[Stage]:
    """The stages of open deals, in the order deals go through them."""
    open_deals = deals.filter(status="open")
    sums: dict[str, list[tuple[str, Decimal, int]]] = {}
    rows = open_deals.order_by().values_list("stage", "currency").annotate(sum=Sum("amount"), n=Count("pk"))
    for stage, currency, amount, count in rows:
        sums.setdefault(stage or "", []).append((currency or "", amount or Decimal(0), count))
    order = stage_order()
    names = sorted(sums, key=lambda name: (order.get(name, float("inf")), name))
    cards = _cards(open_deals, names, today=today, score=score)
    return [_stage(name, sums[name], cards.get(name, [])) for name in names]


def _stage(name: str, parts: list[tuple[str, Decimal, int]], cards: list[Card]) -> Stage:
    largest_first = sorted(parts, key=lambda part: -part[1])
    return Stage(
        name=name,
        count=sum(count for _, _, count in parts),
        amounts=[(currency, amount) for currency, amount, _ in largest_first if amount],
        cards=cards,
    )


def _cards(deals: QuerySet[Deal], names: Sequence[str], *, today: date, score: str | None) -> dict[str, list[Card]]:
    """The largest deals of each stage; a short walk along an index for each."""
    ids: list[str] = []
    for name in names[:_STAGES_WITH_CARDS]:
        of_stage = deals.filter(stage=name) if name else deals.filter(Q(stage=None) | Q(stage=""))
        ids += of_stage.order_by(F("amount").desc(nulls_last=True), "-pk").values_list("pk", flat=True)[:CARDS]
    by_id = Deal.objects.select_related("account", "contact", "owner").in_bulk(ids)
    rows = [by_id[row_id] for row_id in ids if row_id in by_id]
    scores: Mapping[str, CurrentScore] = {}
    if score:
        current = CurrentScore.objects.filter(score=score, subject_id__in=[row.pk for row in rows])
        scores = {one.subject_id: one for one in current}
    found: dict[str, list[Card]] = {}
    for row in rows:
        overdue = row.expected_close_date is not None and row.expected_close_date < today
        found.setdefault(row.stage or "", []).append(Card(deal=row, overdue=overdue, score=scores.get(row.pk)))
    return found


def stage_order() -> dict[str, float]:
    """Stage -> seconds from a deal's opening to its entering it, over a sample; looked up once in ten minutes."""
    key = "deals.stage_order"
    known: dict[str, float] | None = cache.get(key)
    if known is None:
        known = _measured_order()
        cache.set(key, known, _REMEMBERED_S)
    return known


def _measured_order() -> dict[str, float]:
    sample = DealStageVisit.objects.filter(deleted_at=None).order_by("-pk").values("pk")[:_SAMPLE]
    passed: Any = ExpressionWrapper(F("entered_at") - F("deal__created_at"), output_field=DurationField())
    rows = (
        DealStageVisit.objects.filter(pk__in=list(sample.values_list("pk", flat=True)), deal__created_at__isnull=False)
        .order_by()
        .values_list("stage")
        .annotate(after=Avg(passed))
    )
    return {stage: after.total_seconds() for stage, after in rows if after is not None}
