"""monitor and holdout on the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rapport.cli.app import run
from rapport.cli.exit_codes import BAD_INPUT, OK, WARNINGS
from rapport.workspace.actions.models import HoldoutPlan
from rapport.workspace.crm.records.models import Contact, Interaction
from rapport.workspace.scores.definitions import create_draft
from rapport.workspace.scores.models import ScoreCheck
from rapport.workspace.scores.releases import publish
from rapport.workspace.scores.runs import run_score

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DOCUMENT = """
name: interest
subject: contact
kind: points
range: [0, 100]
bands: [{label: A, from: 10}, {label: C, from: 0}]
outcome: {event: meeting, within_days: 30, repeatable: true}
groups: {visits: {type: engagement, criteria: [{name: visit, points: 10, per: {event: page_view}}]}}
"""


@pytest.fixture(autouse=True)
def _lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))
    monkeypatch.setattr("rapport.cli.monitor.start_workspace", lambda: None)


@pytest.fixture
def live() -> None:
    at = NOW - timedelta(days=9)
    Contact.objects.create(id="ann", first_name="ann", created_at=at, recorded_at=at)
    Interaction.objects.create(
        contact_id="ann", type="page_view", direction="inbound", occurred_at=at, recorded_at=at, created_at=at
    )
    publish(create_draft(document=DOCUMENT, by="ann"), by="ann", reason="first", override="no history yet")
    run_score("interest", as_of=NOW)


def test_a_look_is_shown_and_kept(live: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["monitor", "interest", "--as-of", "2026-06-02T12:00+00:00"]) == OK
    assert "100% of 1 have a value" in capsys.readouterr().out
    assert ScoreCheck.objects.get().checked_at == NOW + timedelta(days=1)


def test_an_alarm_ends_with_a_warning(live: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["monitor", "interest", "--quiet", "--as-of", "2026-07-02T12:00+00:00"]) == WARNINGS
    shown = capsys.readouterr().out
    assert "31 days old" in shown
    assert "have a value" not in shown


def test_a_holdout_is_begun_compared_and_ended(live: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["holdout", "interest", "--start", "20", "--days", "60", "--as-of", "2026-06-01T12:00+00:00"]) == OK
    assert HoldoutPlan.objects.get().ends_at == NOW + timedelta(days=60)
    assert run(["holdout", "interest", "--as-of", "2026-06-05T12:00+00:00"]) == OK
    assert "Too early" in capsys.readouterr().out
    assert run(["holdout", "interest", "--stop", "enough", "--as-of", "2026-06-06T12:00+00:00"]) == OK
    assert HoldoutPlan.objects.get().ended == "enough"


def test_without_a_plan_there_is_nothing_to_compare(live: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["holdout", "interest"]) == BAD_INPUT
    assert "--start 20" in capsys.readouterr().err
