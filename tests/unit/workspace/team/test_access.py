"""Who sees what: one rule for lists, record pages, scores and counts."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from rapport.workspace.crm.marketing.models import Campaign
from rapport.workspace.crm.records.models import Account, AttributeValue, Contact, Interaction
from rapport.workspace.crm.sales.models import Deal, Order, OrderLine
from rapport.workspace.crm.service.models import Case, CaseEvent
from rapport.workspace.team.access import Action, can, visible
from small_company import AT, SmallCompany


def seen(company: SmallCompany, name: str, model: Any) -> set[str]:
    return set(visible(model.objects.all(), company.people[name]).values_list("pk", flat=True))


class TestVisible:
    @pytest.mark.parametrize("model", [Contact, Account, Deal])
    def test_a_member_sees_only_what_they_own(self, company: SmallCompany, model: type) -> None:
        name = model.__name__.lower()
        assert seen(company, "alice", model) == {f"{name}-0"}
        assert seen(company, "charlie", model) == {f"{name}-1"}

    @pytest.mark.parametrize("model", [Contact, Account, Deal])
    def test_a_manager_sees_the_team_s_and_what_no_one_owns(self, company: SmallCompany, model: type) -> None:
        name = model.__name__.lower()
        assert seen(company, "bob", model) == {f"{name}-0", f"{name}-2"}

    def test_a_manager_sees_the_teams_below(self, company: SmallCompany) -> None:
        assert seen(company, "nora", Contact) == {"contact-0", "contact-2"}

    def test_an_admin_sees_everything(self, company: SmallCompany) -> None:
        assert seen(company, "ada", Contact) == {"contact-0", "contact-1", "contact-2"}

    def test_facts_follow_the_record_they_are_about(self, company: SmallCompany) -> None:
        assert seen(company, "alice", Interaction) == {"interaction-0"}
        assert seen(company, "alice", Order) == {"order-0"}
        assert seen(company, "bob", Interaction) == {"interaction-0", "interaction-2"}

    def test_who_made_a_call_does_not_decide_who_sees_it(self, company: SmallCompany) -> None:
        Interaction.objects.filter(pk="interaction-1").update(owner=company.people["alice"])
        assert seen(company, "alice", Interaction) == {"interaction-0"}

    def test_an_event_of_a_case_follows_the_case(self, company: SmallCompany) -> None:
        at = AT
        case = Case.objects.create(id="case-0", owner=company.people["alice"], opened_at=at)
        CaseEvent.objects.create(id="event-0", case=case, type="created", occurred_at=at)
        assert seen(company, "alice", CaseEvent) == {"event-0"}
        assert seen(company, "charlie", CaseEvent) == set()

    def test_a_case_no_one_has_taken_follows_its_contact(self, company: SmallCompany) -> None:
        at = AT
        Case.objects.create(id="case-0", contact=company.contact_of["alice"], opened_at=at)
        assert seen(company, "alice", Case) == {"case-0"}
        assert seen(company, "charlie", Case) == set()

    def test_a_line_of_an_order_follows_the_order(self, company: SmallCompany) -> None:
        OrderLine.objects.create(id="line-0", order_id="order-0")
        assert seen(company, "alice", OrderLine) == {"line-0"}
        assert seen(company, "charlie", OrderLine) == set()

    def test_campaigns_are_for_everyone(self, company: SmallCompany) -> None:
        Campaign.objects.create(id="campaign-0", name="Spring")
        assert seen(company, "charlie", Campaign) == {"campaign-0"}

    def test_deleted_records_are_left_out(self, company: SmallCompany) -> None:
        Contact.objects.filter(pk="contact-0").update(deleted_at=company.contact_of["alice"].created_at)
        assert seen(company, "alice", Contact) == set()
        assert "contact-0" not in seen(company, "ada", Contact)

    def test_rows_named_by_id_alone_are_never_listed(self, company: SmallCompany) -> None:
        at = AT
        AttributeValue.objects.create(entity="contact", entity_id="contact-0", attribute="title", valid_from=at)
        assert seen(company, "alice", AttributeValue) == set()

    def test_no_one_sees_nothing(self, company: SmallCompany) -> None:
        assert not visible(Contact.objects.all(), AnonymousUser()).exists()

    def test_who_was_switched_off_sees_nothing(self, company: SmallCompany) -> None:
        company.people["ada"].is_active = False
        assert seen(company, "ada", Contact) == set()


class TestCan:
    def test_a_member_may_export_and_no_more(self, company: SmallCompany) -> None:
        assert {action for action in Action if can(company.people["alice"], action)} == {Action.EXPORT}

    def test_a_manager_may_import_but_not_publish_scores(self, company: SmallCompany) -> None:
        assert can(company.people["bob"], Action.IMPORT)
        assert not can(company.people["bob"], Action.PUBLISH_SCORES)
        assert not can(company.people["bob"], Action.MANAGE_USERS)

    def test_an_admin_may_do_everything(self, company: SmallCompany) -> None:
        assert all(can(company.people["ada"], action) for action in Action)

    def test_no_one_may_do_nothing(self) -> None:
        assert not any(can(AnonymousUser(), action) for action in Action)
