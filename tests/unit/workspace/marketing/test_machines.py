"""Interactions of machines are flagged once, and not against what somebody has taken back."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from rapport.workspace.crm.marketing.machines import flag_machines
from rapport.workspace.crm.records.models import Interaction, InteractionFlag
from rapport.workspace.queue.registry import registered
from small_company import SmallCompany

NOW = timezone.now()


@pytest.fixture(autouse=True)
def _lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))


def mail(key: str, kind: str, at: datetime) -> Interaction:
    return Interaction.objects.create(
        id=key, contact_id="contact-0", type=kind, occurred_at=at, recorded_at=at, created_at=at
    )


@pytest.fixture
def scanned(company: SmallCompany) -> Interaction:
    mail("sent", "email_sent", NOW - timedelta(days=3))
    mail("late", "email_click", NOW - timedelta(days=2))
    return mail("click", "email_click", NOW - timedelta(days=3) + timedelta(seconds=2))


def test_a_finding_is_a_row_of_its_own_with_its_evidence(scanned: Interaction) -> None:
    assert flag_machines(now=NOW) == {"seconds": 1}
    flag = InteractionFlag.objects.get()
    assert (flag.interaction_id, flag.flag, flag.value, flag.recorded_at) == ("click", "bot", True, NOW)
    assert flag.by == "clicked 2 s after the mail was sent"


def test_running_twice_changes_nothing(scanned: Interaction) -> None:
    flag_machines(now=NOW)
    assert flag_machines(now=NOW + timedelta(hours=1)) == {}
    assert InteractionFlag.objects.count() == 1


def test_what_was_taken_back_stays_so(scanned: Interaction) -> None:
    InteractionFlag.objects.create(interaction=scanned, flag="bot", value=False, by="ada")
    assert flag_machines(now=NOW) == {}


def test_later_runs_look_at_the_days_since_unless_asked_for_everything(scanned: Interaction) -> None:
    flag_machines(now=NOW)
    mail("old sent", "email_sent", NOW - timedelta(days=40))
    mail("old click", "email_click", NOW - timedelta(days=40) + timedelta(seconds=1))
    assert flag_machines(now=NOW) == {}
    assert flag_machines(now=NOW, everything=True) == {"seconds": 1}


def test_it_is_a_task() -> None:
    assert registered("find_machines").retries == 1
