"""Dashboards by mail: when they are due, to whom they go, at most once, what is in them, and how to leave."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail as box
from django.core.exceptions import PermissionDenied
from django.test import Client

from rapport.engine.errors import DefinitionError
from rapport.workspace.metrics.boards.editing import add_tile, describe, make
from rapport.workspace.metrics.boards.mailing import Times, deliver_due, end, mails_of, order, receiver_of
from rapport.workspace.metrics.boards.notes import write_note
from rapport.workspace.metrics.models import Audience, Dashboard, DashboardMail, MailSent
from rapport.workspace.pages.dashboards import letters as writing
from rapport.workspace.pages.dashboards.letters import letters
from rapport.workspace.queue.registry import registered
from small_company import SmallCompany

MONDAY = datetime(2026, 3, 30, 5, 0, tzinfo=UTC)  # 7 o'clock in Stockholm, whose summer time began on the day before
WEEKLY = Times(cadence="weekly", weekday=1, hour=7)


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))
    settings.REPORTING_TIME_ZONE = "Europe/Stockholm"
    settings.PUBLIC_ADDRESS = "https://crm.example.com"


@pytest.fixture
def board(company: SmallCompany) -> Dashboard:
    """Bob's, for team North (Alice, Bob, Nora above it); a number and a line."""
    bob = company.people["bob"]
    made = make(title="North <1>", owner=bob, audience=Audience.TEAM, team=bob.team)
    for metric, display in (("open_deals", "value"), ("orders", "line"), ("nps", "value")):
        add_tile(made, user=bob, metric=metric, display=display)
    return made


def _ordered(company: SmallCompany, board: Dashboard, *names: str) -> DashboardMail:
    return order(
        board,
        user=company.people["bob"],
        receivers=[company.people[n].pk for n in names],
        times=WEEKLY,
        now=MONDAY - timedelta(days=3),
        question="period=12m&compare=previous",
    )


def _deliver(now: datetime) -> dict[str, int]:
    with time_machine.travel(now, tick=False):
        return deliver_due(letters, now=now)


def _to() -> list[str]:
    return sorted(letter.to[0] for letter in box.outbox)


class TestTimes:
    @pytest.mark.parametrize(
        ("times", "cron"),
        [
            (Times(cadence="daily", hour=6), "0 6 * * *"),
            (Times(cadence="weekly", weekday=7, hour=0), "0 0 * * 0"),
            (Times(cadence="monthly", month_day=28, hour=23), "0 23 28 * *"),
        ],
    )
    def test_as_cron(self, times: Times, cron: str) -> None:
        assert times.cron == cron

    @pytest.mark.parametrize("wrong", [{"hour": 24}, {"weekday": 0}, {"month_day": 29}, {"cadence": "hourly"}])
    def test_that_do_not_exist_are_refused(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(DefinitionError):
            Times(**wrong)


class TestOrdering:
    def test_only_to_those_who_see_the_dashboard(self, company: SmallCompany, board: Dashboard) -> None:
        with pytest.raises(DefinitionError, match="who see this dashboard"):
            _ordered(company, board, "alice", "charlie")
        with pytest.raises(DefinitionError):
            _ordered(company, board)

    def test_a_member_orders_for_themselves_alone(self, company: SmallCompany, board: Dashboard) -> None:
        alice, bob = company.people["alice"], company.people["bob"]
        now = MONDAY
        with pytest.raises(PermissionDenied):
            order(board, user=alice, receivers=[bob.pk], times=WEEKLY, now=now)
        with pytest.raises(PermissionDenied):
            order(board, user=company.people["charlie"], receivers=[alice.pk], times=WEEKLY, now=now)
        made = order(board, user=alice, receivers=[alice.pk], times=WEEKLY, now=now)
        assert [n for n, u in company.people.items() if made in mails_of(board, u)] == ["alice", "bob", "ada"]
        with pytest.raises(PermissionDenied):
            end(made, user=company.people["nora"])
        end(made, user=alice)
        assert not DashboardMail.objects.exists()


class TestDelivery:
    def test_at_the_hour_of_the_company_s_zone_and_once(self, company: SmallCompany, board: Dashboard) -> None:
        _ordered(company, board, "alice", "nora")
        assert _deliver(MONDAY - timedelta(minutes=1)) == {"sent": 0, "failed": 0}
        assert _deliver(MONDAY) == {"sent": 2, "failed": 0}
        assert _deliver(MONDAY) == {"sent": 0, "failed": 0}
        assert _deliver(MONDAY + timedelta(hours=5)) == {"sent": 0, "failed": 0}
        assert _to() == ["alice@example.com", "nora@example.com"]
        assert _deliver(MONDAY + timedelta(days=7)) == {"sent": 2, "failed": 0}

    def test_missed_times_are_made_up_for_once(self, company: SmallCompany, board: Dashboard) -> None:
        _ordered(company, board, "alice")
        assert _deliver(MONDAY + timedelta(days=22)) == {"sent": 1, "failed": 0}

    def test_a_mail_begun_is_never_sent_again(self, company: SmallCompany, board: Dashboard) -> None:
        """As after a worker that died between noting the first mail and handing it over."""
        made = _ordered(company, board, "alice", "nora")
        MailSent.objects.create(receiver=made.receivers.get(user=company.people["alice"]), due_at=MONDAY)
        assert _deliver(MONDAY) == {"sent": 1, "failed": 0}
        assert _to() == ["nora@example.com"]

    def test_each_gets_only_what_they_still_may_see(self, company: SmallCompany, board: Dashboard) -> None:
        made = _ordered(company, board, "alice", "bob", "nora")
        alice = company.people["alice"]
        alice.team = company.people["charlie"].team
        alice.save()
        company.people["nora"].is_active = False
        company.people["nora"].save()
        _deliver(MONDAY)
        assert _to() == ["bob@example.com"]
        made.refresh_from_db()
        assert "Alice Test no longer sees" in made.problem

    def test_none_goes_once_its_orderer_no_longer_sees_it(self, company: SmallCompany, board: Dashboard) -> None:
        made = order(board, user=company.people["nora"], receivers=[company.people["alice"].pk], times=WEEKLY,
                     now=MONDAY - timedelta(days=3))  # fmt: skip
        describe(board, title="x", purpose="", user=company.people["bob"], audience=Audience.PRIVATE)
        assert _deliver(MONDAY)["sent"] == 0
        made.refresh_from_db()
        assert "who ordered it no longer sees" in made.problem

    def test_a_failure_is_told_and_the_others_get_theirs(
        self, company: SmallCompany, board: Dashboard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = _ordered(company, board, "alice", "nora")
        sent = writing._send

        def refuses_alice(order: Any, receiver: Any, *rest: Any) -> None:
            if receiver.user.username == "alice":
                raise ConnectionRefusedError("mailbox full")
            sent(order, receiver, *rest)

        monkeypatch.setattr(writing, "_send", refuses_alice)
        assert _deliver(MONDAY) == {"sent": 1, "failed": 1}
        assert _deliver(MONDAY) == {"sent": 0, "failed": 0}
        made.refresh_from_db()
        assert "Alice Test: ConnectionRefusedError: mailbox full" in made.problem
        assert sorted(MailSent.objects.values_list("state", flat=True)) == ["failed", "sent"]
        assert "mailbox full" in company.client("bob").get(f"/dashboards/{board.slug}/").content.decode()
        assert "mailbox full" not in company.client("nora").get(f"/dashboards/{board.slug}/").content.decode()

    def test_without_a_mail_server_it_says_so_and_tries_again(
        self, company: SmallCompany, board: Dashboard, settings: Any
    ) -> None:
        made = _ordered(company, board, "alice")
        settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", ""
        _deliver(MONDAY)
        made.refresh_from_db()
        assert "RAPPORT_MAIL" in made.problem
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        assert _deliver(MONDAY + timedelta(hours=1)) == {"sent": 1, "failed": 0}
        made.refresh_from_db()
        assert made.problem == ""

    def test_the_queue_knows_the_task(self) -> None:
        assert registered("send_dashboards").name == "send_dashboards"


class TestLetter:
    @pytest.fixture
    def letter(self, company: SmallCompany, board: Dashboard) -> EmailMessage:
        _ordered(company, board, "alice")
        write_note(board, day=date(2026, 2, 3), text="Fair & more", author=company.people["bob"])
        _deliver(MONDAY)
        found = box.outbox[0].message()
        assert isinstance(found, EmailMessage) or hasattr(found, "walk")
        return found  # type: ignore[return-value]

    def test_has_words_pictures_and_the_same_figures_in_both(self, letter: EmailMessage) -> None:
        parts = {p.get_content_type(): p for p in letter.walk()}
        assert letter.get_content_type() == "multipart/related"
        plain = parts["text/plain"].get_payload(decode=True).decode()  # type: ignore[union-attr]
        html = parts["text/html"].get_payload(decode=True).decode()  # type: ignore[union-attr]
        assert "North <1>" in plain
        assert "North &lt;1&gt;" in html
        assert "Open deals: 0" in plain  # as known on that day: the company's rows were recorded later
        assert ">Open deals<" in html
        assert "unknown" in plain  # no survey: said, not 0
        assert "  March 2026: " in plain
        picture = parts["image/png"]
        assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in html
        assert picture.get_payload(decode=True)[:4] == b"\x89PNG"  # type: ignore[index]
        assert 'alt="Orders by month.' in html
        assert "Note 1, 3 Feb 2026: Fair & more" in plain
        assert "3 Feb 2026: Fair &amp; more" in html

    def test_can_be_left_by_its_link(self, letter: EmailMessage, company: SmallCompany) -> None:
        link = str(letter["List-Unsubscribe"]).strip("<>")
        assert link.startswith("https://crm.example.com/dashboards/mail/")
        assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        path = link.removeprefix("https://crm.example.com")
        stranger = Client(headers={"host": "localhost"}, enforce_csrf_checks=True)
        assert "Leave this mail?" in stranger.get(path).content.decode()
        assert _deliver(MONDAY + timedelta(days=7))["sent"] == 1
        assert stranger.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
        assert _deliver(MONDAY + timedelta(days=14))["sent"] == 0
        assert stranger.get("/dashboards/mail/forged/leave/").status_code == 404
        assert receiver_of("forged") is None


class TestPage:
    def test_is_ordered_listed_and_ended(self, company: SmallCompany, board: Dashboard) -> None:
        client = company.client("bob")
        at = f"/dashboards/{board.slug}/mail/"
        page = client.get(at).content.decode()
        assert "alice@example.com" in page
        assert "charlie@example.com" not in page
        sent = {"cadence": "monthly", "month_day": "3", "hour": "6", "receivers": [company.people["alice"].pk]}
        client.post(f"{at}?period=90d", sent)
        made = DashboardMail.objects.get()
        assert (made.cadence, made.month_day, made.hour, made.question) == (
            "monthly", 3, 6, "period=90d&compare=previous",
        )  # fmt: skip
        assert "On day 3 of each month at 06:00" in client.get(at).content.decode()
        assert "Choose who gets it" in client.post(at, {"cadence": "daily"}).content.decode()
        assert company.client("charlie").get(at).status_code == 404
        assert company.client("alice").post(f"{at}{made.pk}/end/").status_code == 403
        client.post(f"{at}{made.pk}/end/")
        assert not DashboardMail.objects.exists()
