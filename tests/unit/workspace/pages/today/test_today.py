"""Today: whose list is shown to whom, and deciding about it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from rapport.workspace.actions.models import WorkItem
from rapport.workspace.scores.models import ScoreFeedback
from small_company import SmallCompany, live_score


@pytest.fixture
def items(company: SmallCompany) -> dict[str, WorkItem]:
    """One open item of Alice, one of Charlie, one of no one."""
    live_score("interest", {"contact-0": "80", "contact-1": "70", "contact-2": "60"})
    return {whose: _item(company, whose, number) for number, whose in enumerate(("alice", "charlie", "no one"))}


def _item(company: SmallCompany, whose: str, number: int) -> WorkItem:
    contact = company.contact_of[whose]
    return WorkItem.objects.create(
        for_user=company.people.get(whose),
        subject="contact",
        subject_id=contact.pk,
        subject_name=f"{contact.first_name} {contact.last_name}",
        score="interest",
        version=1,
        run_id="run",
        cause="high",
        value=80,
        band="Hot",
        reason="In the top band. Visit: 8 × page view.",
        lines=[{"name": "visit", "points": "80", "sentence": "8 × page view."}],
        channel="email",
        best_hour=9,
        rank=1,
    )


class TestWhoSeesWhat:
    @pytest.mark.parametrize(
        ("name", "scope", "seen"),
        [
            ("alice", "", {"Åsa Berg"}),
            ("alice", "all", {"Åsa Berg"}),
            ("charlie", "", {"Ben Bergman"}),
            ("bob", "team", {"Åsa Berg", "Cleo Adams"}),
            ("ada", "all", {"Åsa Berg", "Ben Bergman", "Cleo Adams"}),
            ("ada", "mine", set()),
        ],
    )
    @pytest.mark.usefixtures("items")
    def test_the_list(self, company: SmallCompany, name: str, scope: str, seen: set[str]) -> None:
        page = company.client(name).get("/today/", {"scope": scope})
        assert {card.item.subject_name for card in page.context["board"].cards} == seen

    @pytest.mark.usefixtures("items")
    def test_movers_are_those_of_records_that_one_sees(self, company: SmallCompany) -> None:
        page = company.client("alice").get("/today/")
        assert [mover.name for mover in page.context["board"].risers] == ["Åsa Berg"]

    def test_an_empty_page_says_what_to_do(self, company: SmallCompany) -> None:
        assert "No score is live yet" in company.client("alice").get("/today/").content.decode()

    @pytest.mark.usefixtures("items")
    def test_the_page_takes_at_most_20_queries(self, company: SmallCompany, django_assert_max_num_queries: Any) -> None:
        client = company.client("bob")
        with django_assert_max_num_queries(20):
            assert client.get("/today/").status_code == 200


class TestDeciding:
    def test_done_shows_that_it_is_done_and_how_to_undo(
        self, company: SmallCompany, items: dict[str, WorkItem]
    ) -> None:
        answer = company.client("alice").post(f"/today/work/{items['alice'].id}/done/").content.decode()
        assert "contacted" in answer
        assert f"/today/work/{items['alice'].id}/reopen/" in answer
        assert WorkItem.objects.get(id=items["alice"].id).decided_by == company.people["alice"]

    def test_not_relevant_keeps_the_reason_as_feedback(self, company: SmallCompany, items: dict[str, WorkItem]) -> None:
        company.client("alice").post(f"/today/work/{items['alice'].id}/not-relevant/", {"reason": "has moved"})
        assert ScoreFeedback.objects.values_list("verdict", "reason").get() == ("rejected", "has moved")

    def test_snooze_hides_it_for_the_time_asked(self, company: SmallCompany, items: dict[str, WorkItem]) -> None:
        company.client("alice").post(f"/today/work/{items['alice'].id}/snooze/", {"for": "week"})
        item = WorkItem.objects.get(id=items["alice"].id)
        assert item.snoozed_until is not None
        assert timedelta(days=6, hours=23) < item.snoozed_until - timezone.now() <= timedelta(days=7)

    def test_undo_shows_it_again(self, company: SmallCompany, items: dict[str, WorkItem]) -> None:
        client = company.client("alice")
        client.post(f"/today/work/{items['alice'].id}/done/")
        assert "Not relevant" in client.post(f"/today/work/{items['alice'].id}/reopen/").content.decode()
        assert WorkItem.objects.get(id=items["alice"].id).state == "open"

    @pytest.mark.parametrize("what", ["done", "snooze", "not-relevant", "reopen"])
    def test_others_may_not(self, company: SmallCompany, items: dict[str, WorkItem], what: str) -> None:
        assert company.client("charlie").post(f"/today/work/{items['alice'].id}/{what}/").status_code == 404
        assert company.client("alice").post(f"/today/work/{items['no one'].id}/{what}/").status_code == 404
        assert WorkItem.objects.get(id=items["alice"].id).state == "open"

    def test_looking_changes_nothing(self, company: SmallCompany, items: dict[str, WorkItem]) -> None:
        assert company.client("alice").get(f"/today/work/{items['alice'].id}/done/").status_code == 405
