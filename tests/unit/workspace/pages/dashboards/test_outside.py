"""Links for outsiders: who makes them, what they show, and when they end."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from rapport.engine.errors import DefinitionError
from rapport.workspace.metrics.boards.editing import add_tile, describe, make
from rapport.workspace.metrics.boards.shares import opened, revoke, share, shares_of
from rapport.workspace.metrics.models import Audience, Dashboard, DashboardShare
from rapport.workspace.pages.dashboards import outside
from small_company import SmallCompany


@pytest.fixture(autouse=True)
def _lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))


@pytest.fixture
def own(company: SmallCompany) -> Dashboard:
    bob = company.people["bob"]
    made = make(title="North", owner=bob, audience=Audience.TEAM, team=bob.team)
    add_tile(made, user=bob, metric="open_deals")
    return made


def _stranger() -> Client:
    return Client(headers={"host": "localhost"})


class TestLinks:
    def test_only_a_hash_of_the_secret_is_kept(self, company: SmallCompany, own: Dashboard) -> None:
        given = share(own, user=company.people["bob"], now=timezone.now())
        assert len(given.token) >= 43
        kept = DashboardShare.objects.filter(pk=given.share.pk).values().get()
        assert given.token not in str(kept)
        assert kept["expires_at"] - kept["created_at"] == timedelta(days=30)

    def test_open_until_they_end_or_are_revoked(self, company: SmallCompany, own: Dashboard) -> None:
        bob, now = company.people["bob"], timezone.now()
        given = share(own, user=bob, now=now, days=7)
        assert opened(given.token, now=now + timedelta(days=6)) is not None
        assert opened(given.token, now=now + timedelta(days=7)) is None
        assert opened(given.token + "x", now=now) is None
        assert opened(given.share.token_hash, now=now) is None
        revoke(given.share, user=bob, now=now)
        assert opened(given.token, now=now) is None

    def test_end_with_the_right_to_give_them(self, company: SmallCompany, own: Dashboard) -> None:
        nora, now = company.people["nora"], timezone.now()
        given = share(own, user=nora, now=now)
        assert opened(given.token, now=now) is not None
        describe(own, title="North", purpose="", user=company.people["bob"], audience=Audience.PRIVATE)
        assert opened(given.token, now=now) is None
        bob = company.people["bob"]
        given = share(own, user=bob, now=now)
        bob.is_active = False
        bob.save()
        assert opened(given.token, now=now) is None

    def test_are_made_by_managers_of_what_they_see(self, company: SmallCompany, own: Dashboard) -> None:
        now = timezone.now()
        private = make(title="Mine", owner=company.people["bob"])
        for dashboard, name in ((own, "alice"), (own, "charlie"), (private, "nora")):
            with pytest.raises(PermissionDenied):
                share(dashboard, user=company.people[name], now=now)
        with pytest.raises(DefinitionError):
            share(own, user=company.people["bob"], now=now, days=366)

    def test_are_revoked_by_maker_owner_and_administrator(self, company: SmallCompany, own: Dashboard) -> None:
        people, now = company.people, timezone.now()
        given = share(own, user=people["nora"], now=now).share
        with pytest.raises(PermissionDenied):
            revoke(given, user=people["alice"], now=now)
        assert [n for n in people if given in shares_of(own, people[n])] == ["bob", "nora", "ada"]
        revoke(given, user=people["ada"], now=now)
        assert DashboardShare.objects.get(pk=given.pk).revoked_at == now


class TestPage:
    def test_shows_figures_and_nothing_else(self, company: SmallCompany, own: Dashboard) -> None:
        given = share(own, user=company.people["bob"], now=timezone.now(), question="period=90d&compare=none")
        answer = _stranger().get(f"/dashboards/shared/{given.token}/")
        page = answer.content.decode()
        assert answer.status_code == 200
        assert "Open deals" in page
        assert "/rows/" not in page
        assert "/dashboards/metrics/" not in page
        assert "csrf" not in page.split("<main")[1]
        assert (answer["X-Robots-Tag"], answer["Cache-Control"], answer["Referrer-Policy"]) == (
            "noindex, nofollow, noarchive",
            "private, no-store",
            "no-referrer",
        )
        assert DashboardShare.objects.get().opened_count == 1

    def test_the_question_is_the_link_s_alone(self, company: SmallCompany, own: Dashboard) -> None:
        given = share(own, user=company.people["bob"], now=timezone.now(), question="period=90d")
        page = _stranger().get(f"/dashboards/shared/{given.token}/?period=7d&f.owner=alice")
        assert (page.context["ask"].asked.period, page.context["ask"].filters) == ("90d", ())

    @pytest.mark.django_db
    def test_a_wrong_link_tells_nothing(self) -> None:
        answer = _stranger().get("/dashboards/shared/abc/")
        assert answer.status_code == 404
        assert "opens nothing" in answer.content.decode()
        assert "noindex" in answer["X-Robots-Tag"]

    @pytest.mark.django_db
    def test_too_many_requests_are_held_off(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(outside, "_MOST", 3)
        codes = [_stranger().get("/dashboards/shared/abc/").status_code for _ in range(5)]
        assert codes[:3] == [404] * 3
        assert codes[-1] == 429

    def test_a_link_is_made_shown_once_and_revoked(self, company: SmallCompany, own: Dashboard) -> None:
        client = company.client("bob")
        at = f"/dashboards/{own.slug}/links/"
        answer = client.post(f"{at}?period=90d", {"days": "7", "label": "Board <b>"})
        page = answer.content.decode()
        assert "/dashboards/shared/" in page
        assert "/dashboards/shared/" not in client.get(at).content.decode()
        assert "Board &lt;b&gt;" in client.get(at).content.decode()
        made = DashboardShare.objects.get()
        assert "period=90d" in made.question
        client.post(f"{at}{made.pk}/revoke/")
        assert "revoked" in client.get(at).content.decode()
        assert "1 to 365 days" in client.post(at, {"days": "x"}).content.decode()

    def test_members_and_those_who_do_not_see_it_make_none(self, company: SmallCompany, own: Dashboard) -> None:
        at = f"/dashboards/{own.slug}/links/"
        assert company.client("alice").get(at).status_code == 403
        assert company.client("charlie").get(at).status_code == 404
