"""The board: open deals by stage, with sums, in the order deals go through them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from rapport.workspace.crm.sales.models import Deal, DealStageVisit
from rapport.workspace.pages.deals.board import stages
from small_company import AT, SmallCompany


def test_sums_keep_currencies_apart_and_leave_out_closed_deals(company: SmallCompany) -> None:
    Deal.objects.create(id="d9", stage="Proposal", status="open", amount=Decimal(50), currency="SEK", created_at=AT)
    Deal.objects.create(id="d8", stage="Proposal", status="won", amount=Decimal(70), currency="EUR", created_at=AT)
    (stage,) = stages(Deal.objects.all(), today=AT.date(), score=None)
    assert stage.count == 4
    assert list(stage.amounts) == [("EUR", Decimal(6000)), ("SEK", Decimal(50))]
    assert [card.deal.pk for card in stage.cards] == ["deal-2", "deal-1", "deal-0", "d9"]


def test_stages_stand_in_the_order_deals_enter_them(company: SmallCompany) -> None:
    Deal.objects.filter(pk="deal-0").update(stage="Zeroth")
    for days, stage in ((0, "Zeroth"), (9, "Proposal")):
        DealStageVisit.objects.create(deal_id="deal-0", stage=stage, entered_at=AT + timedelta(days=days))
    assert [stage.name for stage in stages(Deal.objects.all(), today=AT.date(), score=None)] == ["Zeroth", "Proposal"]


def test_a_member_sees_their_own_deals(company: SmallCompany, django_assert_max_num_queries: Any) -> None:
    client = company.client("alice")
    with django_assert_max_num_queries(15):
        page = client.get("/deals/board/").content.decode()
    assert "/deals/deal-0/" in page
    assert "/deals/deal-1/" not in page
    assert "€1\u00a0k" in page
