"""Loading a sample through the one way to write, and taking it out again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from rapport.engine.errors import DataError, DefinitionError
from rapport.workspace.crm.marketing.models import Campaign, CampaignMember
from rapport.workspace.crm.records.changes import save
from rapport.workspace.crm.records.models import AttributeValue, Contact, Interaction
from rapport.workspace.crm.sales.models import Deal, DealStageVisit, Order, OrderLine
from rapport.workspace.crm.samples.loading import load_sample, loaded_sample
from rapport.workspace.crm.samples.removing import remove_sample

AT = datetime(2026, 3, 4, 10, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def nothing() -> None:
    """The lake is left alone."""


class TestRetailer:
    def test_rows_are_marked_and_counted(self, few_households: dict[str, pl.DataFrame]) -> None:
        loaded = load_sample("retailer", at=AT)
        assert loaded.rows["orders"] == len(few_households["baskets"]) == Order.objects.filter(source="sample").count()
        assert loaded.rows["order_lines"] == len(few_households["lines"]) == OrderLine.objects.count()
        assert loaded.shift_days % 7 == 0 < loaded.shift_days
        assert not loaded.is_simulated

    def test_what_happened_was_known_when_it_happened(self, few_households: dict[str, pl.DataFrame]) -> None:
        load_sample("retailer", at=AT)
        assert all(o.recorded_at == o.ordered_at and not o.recorded_at_assumed for o in Order.objects.all())
        assert all(i.recorded_at == i.occurred_at for i in Interaction.objects.all())
        assert not AttributeValue.objects.exclude(attribute__in=["ended_at"]).filter(recorded_at__gt=AT).exists()

    def test_an_answered_mailing_was_sent_before(self, few_households: dict[str, pl.DataFrame]) -> None:
        load_sample("retailer", at=AT)
        member = CampaignMember.objects.filter(responded_at__isnull=False).first()
        assert member is not None
        status = AttributeValue.objects.filter(entity="campaign_member", entity_id=member.pk, attribute="status")
        assert list(status.order_by("valid_from").values_list("value", "valid_from")) == [
            ("sent", member.sent_at),
            ("responded", member.responded_at),
        ]
        assert member.status == "responded"

    def test_loading_again_changes_nothing(self, few_households: dict[str, pl.DataFrame]) -> None:
        first = load_sample("retailer", at=AT)
        again = load_sample("retailer", at=AT + timedelta(days=30))
        assert (again.shift_days, again.loaded_at, again.rows) == (first.shift_days, first.loaded_at, first.rows)
        assert Order.objects.count() == first.rows["orders"]

    def test_a_load_that_was_broken_off_goes_on_with_the_same_shift(
        self, few_households: dict[str, pl.DataFrame]
    ) -> None:
        class BrokenError(Exception):
            pass

        def breaks(done: int, total: int, message: str) -> None:
            if message == "loading interactions":
                raise BrokenError

        with pytest.raises(BrokenError):
            load_sample("retailer", at=AT, progress=breaks)
        half = loaded_sample()
        assert half is not None
        whole = load_sample("retailer", at=AT + timedelta(days=30))
        assert whole.shift_days == half.shift_days
        assert Interaction.objects.count() == whole.rows["interactions"]
        assert Order.objects.count() == whole.rows["orders"] == len(few_households["baskets"])

    def test_two_samples_are_never_mixed(self, few_households: dict[str, pl.DataFrame]) -> None:
        load_sample("retailer", at=AT)
        with pytest.raises(DataError, match="Another sample"):
            load_sample("software", at=AT)

    def test_an_unknown_sample_is_named(self) -> None:
        with pytest.raises(DefinitionError, match="retailer"):
            load_sample("retail", at=AT)


class TestSoftware:
    def test_deals_come_with_their_stages_and_owners(self) -> None:
        loaded = load_sample("software", at=AT, contacts=150, interactions=1_500)
        assert loaded.is_simulated
        deal = Deal.objects.filter(status="won", type="new").first()
        assert deal is not None
        assert deal.owner is not None
        assert not deal.owner.is_active
        visits = DealStageVisit.objects.filter(deal=deal).order_by("entered_at")
        assert [v.stage for v in visits] == ["Discovery", "Evaluation", "Proposal", "Negotiation"]
        stages = AttributeValue.objects.filter(entity="deal", entity_id=deal.pk, attribute="stage")
        assert [s.value for s in stages.order_by("valid_from")][-1] == "Won"


class TestRemoving:
    def test_nothing_of_it_is_left(self, few_households: dict[str, pl.DataFrame]) -> None:
        load_sample("retailer", at=AT)
        outcome = remove_sample(rebuild_lake=nothing)
        assert outcome.kept == {}
        assert outcome.removed["contacts"] == 6
        for model in (Contact, Campaign, CampaignMember, Order, OrderLine, Interaction, AttributeValue):
            assert not model._default_manager.exists(), model
        assert loaded_sample() is None

    def test_what_people_made_stays_with_what_it_refers_to(self, few_households: dict[str, pl.DataFrame]) -> None:
        load_sample("retailer", at=AT)
        contact = Contact.objects.order_by("pk").first()
        assert contact is not None
        mine = save("contacts", None, {"last_name": "Own"}, by="ann", at=AT)
        deal = save("deals", None, {"name": "Catering", "contact_id": contact.pk, "stage": "Talk"}, by="ann", at=AT)
        outcome = remove_sample(rebuild_lake=nothing)
        assert outcome.kept == {"contacts": 1}
        assert set(Contact.objects.values_list("pk", flat=True)) == {mine, contact.pk}
        assert Deal.objects.get(pk=deal).contact_id == contact.pk
        assert AttributeValue.objects.filter(entity_id=contact.pk, attribute="last_name").exists()
        assert not Order.objects.exists()
