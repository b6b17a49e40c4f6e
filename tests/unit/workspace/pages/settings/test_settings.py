"""Settings: oneself for everyone, people and teams for the administrator."""

from __future__ import annotations

import re

import pytest

from rapport.workspace.crm.records.models import AttributeValue
from rapport.workspace.team.models import Team, User
from small_company import SmallCompany


@pytest.mark.parametrize("address", ["people/", "people/new/", "teams/", "installation/"])
def test_people_teams_and_installation_are_the_admin_s(company: SmallCompany, address: str) -> None:
    assert company.client("bob").get(f"/settings/{address}").status_code == 403
    assert company.client("ada").get(f"/settings/{address}").status_code == 200


def test_my_own_time_zone_is_how_i_see_times(company: SmallCompany) -> None:
    alice = company.client("alice")
    alice.post("/settings/", {"name": "Alice Test", "email": "", "time_zone": "Asia/Kathmandu", "language": "sv"})
    page = alice.get("/contacts/contact-0/").content.decode()
    assert "15:15" in page, "09:30 UTC is 15:15 in Kathmandu"


def test_a_role_cannot_be_given_to_oneself(company: SmallCompany) -> None:
    company.client("alice").post("/settings/", {"name": "Alice", "role": "admin", "is_superuser": "on"})
    assert User.objects.get(username="alice").role == "member"


def test_a_new_person_gets_a_password_that_works_once_shown(company: SmallCompany) -> None:
    ada = company.client("ada")
    form = {"name": "Dan Test", "username": "dan", "email": "dan@example.com", "role": "member", "is_active": "on"}
    page = ada.post("/settings/people/new/", form, follow=True).content.decode()
    password = re.search(r"password ([a-z0-9-]{23}) \(shown once\)", page)
    assert password is not None
    assert User.objects.get(username="dan").check_password(password.group(1))
    assert password.group(1) not in ada.get("/settings/people/").content.decode()


def test_moving_someone_to_another_team_is_kept_in_history(company: SmallCompany) -> None:
    south = Team.objects.get(name="South")
    alice = company.people["alice"]
    form = {"name": "Alice", "username": "alice", "role": "member", "team": south.pk, "is_active": "on"}
    company.client("ada").post(f"/settings/people/{alice.pk}/", form)
    alice.refresh_from_db()
    assert alice.team == south
    assert AttributeValue.objects.filter(
        entity="user", entity_id=alice.pk, attribute="team_id", value=south.pk
    ).exists()


def test_the_last_admin_cannot_step_down(company: SmallCompany) -> None:
    ada = company.people["ada"]
    form = {"name": "Ada", "username": "ada", "role": "member", "is_active": "on"}
    page = company.client("ada").post(f"/settings/people/{ada.pk}/", form).content.decode()
    assert "only administrator" in page
    ada.refresh_from_db()
    assert ada.role == "admin"


def test_a_team_cannot_be_part_of_its_own_part(company: SmallCompany) -> None:
    nordics, north = Team.objects.get(name="Nordics"), Team.objects.get(name="North")
    company.client("ada").post(f"/settings/teams/{nordics.pk}/", {"name": "Nordics", "parent_team": north.pk})
    nordics.refresh_from_db()
    assert nordics.parent_team is None


def test_secrets_are_not_shown(company: SmallCompany, settings: object) -> None:
    page = company.client("ada").get("/settings/installation/").content.decode()
    assert settings.SECRET_KEY not in page  # type: ignore[attr-defined]
