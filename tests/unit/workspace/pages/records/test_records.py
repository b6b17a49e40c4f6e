"""Record pages: who may open them, what they show, how a fact is changed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from rapport.workspace.crm.records.models import AttributeValue, Contact, Interaction, SegmentMembership
from rapport.workspace.crm.sales.models import Deal, Order
from rapport.workspace.metrics.segments.models import Segment
from small_company import AT, SmallCompany

ADDRESSES = ("/contacts/contact-{}/", "/accounts/account-{}/", "/deals/deal-{}/")


class TestWhoMayOpen:
    @pytest.mark.parametrize("address", ADDRESSES)
    def test_the_owner_the_team_s_manager_and_the_admin(self, company: SmallCompany, address: str) -> None:
        for name in ("alice", "bob", "nora", "ada"):
            assert company.client(name).get(address.format(0)).status_code == 200, name

    @pytest.mark.parametrize("address", ADDRESSES)
    @pytest.mark.parametrize("part", ["", "timeline/", "facts/owner_id/"])
    def test_others_are_told_that_there_is_nothing(self, company: SmallCompany, address: str, part: str) -> None:
        assert company.client("charlie").get(address.format(0) + part).status_code == 404
        assert company.client("alice").get(address.format(1) + part).status_code == 404

    @pytest.mark.parametrize("address", ADDRESSES)
    def test_what_no_one_owns_is_the_managers(self, company: SmallCompany, address: str) -> None:
        assert company.client("alice").get(address.format(2)).status_code == 404
        assert company.client("bob").get(address.format(2)).status_code == 200

    def test_others_cannot_change_a_fact(self, company: SmallCompany) -> None:
        answer = company.client("charlie").post("/contacts/contact-0/facts/title/", {"value": "Boss"})
        assert answer.status_code == 404
        assert Contact.objects.get(pk="contact-0").title is None


class TestBudget:
    @pytest.mark.parametrize("address", ADDRESSES)
    @pytest.mark.parametrize("name", ["ada", "bob", "alice"])
    def test_a_record_page_takes_at_most_25_queries(
        self, company: SmallCompany, address: str, name: str, django_assert_max_num_queries: Any
    ) -> None:
        client = company.client(name)
        with django_assert_max_num_queries(25):
            client.get(address.format(0))


class TestFacts:
    def change(self, company: SmallCompany, address: str, value: str) -> str:
        return company.client("alice").post(address, {"value": value}).content.decode()

    def test_a_change_is_kept_with_its_history(self, company: SmallCompany) -> None:
        assert "Buyer" in self.change(company, "/contacts/contact-0/facts/title/", "Buyer")
        assert Contact.objects.get(pk="contact-0").title == "Buyer"
        entry = AttributeValue.objects.get(entity_id="contact-0", attribute="title")
        assert (entry.value, entry.changed_by) == ("Buyer", company.people["alice"].pk)

    def test_numbers_and_dates_are_understood(self, company: SmallCompany) -> None:
        self.change(company, "/deals/deal-0/facts/amount/", "12 500,50")
        self.change(company, "/deals/deal-0/facts/expected_close_date/", "2026-06-30")
        deal = Deal.objects.get(pk="deal-0")
        assert str(deal.amount) == "12500.5000"
        assert str(deal.expected_close_date) == "2026-06-30"

    def test_nothing_empties_it(self, company: SmallCompany) -> None:
        self.change(company, "/contacts/contact-0/facts/email/", "")
        assert Contact.objects.get(pk="contact-0").email is None

    @pytest.mark.parametrize(
        ("fact", "value"),
        [("amount", "a lot"), ("expected_close_date", "soon"), ("status", "maybe"), ("amount", "9" * 30)],
    )
    def test_what_does_not_fit_is_said_and_not_kept(self, company: SmallCompany, fact: str, value: str) -> None:
        before = Deal.objects.get(pk="deal-0")
        assert 'role="alert"' in self.change(company, f"/deals/deal-0/facts/{fact}/", value)
        after = Deal.objects.get(pk="deal-0")
        assert getattr(after, fact) == getattr(before, fact)

    def test_an_owner_outside_the_reader_s_team_is_refused(self, company: SmallCompany) -> None:
        shown = self.change(company, "/contacts/contact-0/facts/owner_id/", company.people["charlie"].pk)
        assert 'role="alert"' in shown

    @pytest.mark.parametrize("fact", ["id", "created_at", "source", "batch", "nothing", "account_id"])
    def test_what_cannot_be_changed_here_is_refused(self, company: SmallCompany, fact: str) -> None:
        assert company.client("ada").post(f"/contacts/contact-0/facts/{fact}/", {"value": "x"}).status_code == 400

    def test_text_is_escaped(self, company: SmallCompany) -> None:
        self.change(company, "/contacts/contact-0/facts/title/", "<script>alert(1)</script>")
        page = company.client("alice").get("/contacts/contact-0/").content.decode()
        assert "<script>alert" not in page


class TestFigures:
    def test_orders_are_summed_in_their_own_currencies(self, company: SmallCompany) -> None:
        for number, (currency, amount) in enumerate((("USD", "1234.50"), ("USD", "1000"), ("SEK", "99"))):
            Order.objects.create(
                id=f"more-{number}", contact_id="contact-0", ordered_at=AT, amount=Decimal(amount), currency=currency
            )
        page = company.client("alice").get("/contacts/contact-0/").content.decode()
        assert "$2,234 + 99\u00a0SEK + €10" in page

    def test_open_deals_are_counted_with_their_sum(self, company: SmallCompany) -> None:
        assert "1 · €1,000" in company.client("alice").get("/contacts/contact-0/").content.decode()


class TestTimeline:
    def test_all_channels_are_merged_newest_first(self, company: SmallCompany) -> None:
        page = company.client("alice").get("/contacts/contact-0/timeline/").content.decode()
        Interaction.objects.filter(pk="interaction-0").update(occurred_at=AT + timedelta(days=1))
        later = company.client("alice").get("/contacts/contact-0/timeline/").content.decode()
        assert "Ordered for €10" in page
        assert later.index("Call") < later.index("Ordered for")

    def test_pages_show_every_entry_once_even_of_one_instant(self, company: SmallCompany) -> None:
        Interaction.objects.bulk_create(
            Interaction(
                id=f"i{n:03d}", contact_id="contact-0", type=f"visit {n}", channel="web", occurred_at=AT, created_at=AT
            )
            for n in range(70)
        )
        client = company.client("alice")
        seen: list[str] = []
        address = "/contacts/contact-0/timeline/?group="
        for _ in range(8):
            page = client.get(address).content.decode()
            seen += [word for word in (f"Visit {n}<" for n in range(70)) if word in page]
            if "after=" not in page:
                break
            address = page.split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
        assert len(seen) == 70
        assert len(set(seen)) == 70

    def test_a_channel_alone(self, company: SmallCompany) -> None:
        page = company.client("alice").get("/contacts/contact-0/timeline/?group=phone").content.decode()
        assert "Call" in page
        assert "Ordered" not in page

    def test_segments_entered_and_left_are_told_with_their_titles(self, company: SmallCompany) -> None:
        Segment.objects.create(name="vip", title="Best friends", subject="contact", document="")
        stay = {"subject": "contact", "subject_id": "contact-0", "entered_at": AT - timedelta(days=9)}
        SegmentMembership.objects.create(segment="vip", left_at=AT - timedelta(days=2), **stay)
        SegmentMembership.objects.create(segment="gone_since", **stay)
        page = company.client("ada").get("/contacts/contact-0/timeline/?group=segments")
        told = [(entry.title, entry.url) for entry, _ in page.context["entries"]]
        assert told[0] == ("Left the segment Best friends", "/segments/vip/")
        assert set(told[1:]) == {
            ("Entered the segment Best friends", "/segments/vip/"),
            ("Entered the segment Gone since", ""),
        }

    def test_what_lies_ahead_is_not_history(self, company: SmallCompany) -> None:
        Interaction.objects.filter(pk="interaction-0").update(occurred_at=AT.replace(year=2999), type="far")
        assert "Far" not in company.client("alice").get("/contacts/contact-0/timeline/").content.decode()

    def test_an_account_shows_what_happened_with_its_contacts(self, company: SmallCompany) -> None:
        assert "Call" in company.client("alice").get("/accounts/account-0/timeline/").content.decode()
