"""A draft in the shadow of the live version: scored with it, shown nowhere, compared once windows are over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rapport.engine.errors import DataError, DefinitionError
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.crm.records.models import Contact, Interaction
from rapport.workspace.scores.definitions import change_draft, create_draft
from rapport.workspace.scores.models import CurrentScore, ScoreDefinition, ScoreValue, Shadow, ShadowPass
from rapport.workspace.scores.releases import publish
from rapport.workspace.scores.runs import READ_TABLES, run_score
from rapport.workspace.scores.shadow import compared, newest, running, start, stop

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LIVE = """
name: interest
subject: contact
kind: points
range: [0, 100]
bands: [{label: A, from: 50}, {label: B, from: 0}]
outcome: {event: meeting, within_days: 30, repeatable: true}
groups: {g: {type: engagement, criteria: [{name: visit, points: 10, per: {event: page_view}}]}}
"""
DRAFT = LIVE.replace("page_view", "call")


@pytest.fixture(autouse=True)
def _lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))


@pytest.fixture
def draft() -> ScoreDefinition:
    """Ann visits, Bob is called; only Bob meets us."""
    at = NOW - timedelta(days=60)
    for name, kind in (("ann", "page_view"), ("bob", "call")):
        Contact.objects.create(id=name, first_name=name, created_at=at, recorded_at=at)
        for number in range(6):
            _interaction(f"{name}-{number}", name, kind, at)
    _interaction("met", "bob", "meeting", NOW - timedelta(days=30))
    publish(create_draft(document=LIVE, by="ann"), by="ann", reason="first", override="no history yet")
    return create_draft(document=DRAFT, by="ann")


def _interaction(key: str, contact: str, kind: str, at: datetime) -> None:
    Interaction.objects.create(
        id=key, contact_id=contact, type=kind, direction="inbound", occurred_at=at, recorded_at=at, created_at=at
    )


def test_each_run_scores_the_draft_too_and_shows_it_nowhere(draft: ScoreDefinition) -> None:
    start("interest", 2, by="ann")
    run_score("interest", as_of=NOW)
    assert dict(CurrentScore.objects.values_list("subject_id", "value")) == {"ann": 60, "bob": 0}
    assert set(ScoreValue.objects.values_list("version", flat=True)) == {1}
    found = compared(_running(), capacity=1, now=NOW)
    assert found.newest is not None
    assert (found.newest.only_draft_ids, found.newest.only_live_ids) == (("bob",), ("ann",))
    assert {(m.live, m.draft): m.count for m in found.newest.moves} == {("A", "B"): 1, ("B", "A"): 1}


def _running() -> Shadow:
    found = running("interest")
    assert found is not None
    return found


def test_once_windows_are_over_both_are_held_against_what_happened(draft: ScoreDefinition) -> None:
    start("interest", 2, by="ann")
    run_score("interest", as_of=NOW - timedelta(days=40))
    with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
        fates = compared(_running(), capacity=1, now=NOW, snapshot=snapshot, runner=runner).fates
    assert fates is not None
    assert (fates.live.value, fates.draft.value) == (0, 1)
    assert (fates.live_contacted.events, fates.draft_contacted.events) == (0, 1)


def test_one_pass_a_day_is_kept(draft: ScoreDefinition) -> None:
    start("interest", 2, by="ann")
    for hours in (0, 1, 30):
        run_score("interest", as_of=NOW + timedelta(hours=hours))
    assert list(ShadowPass.objects.values_list("as_of", flat=True)) == [
        NOW + timedelta(hours=1),
        NOW + timedelta(hours=30),
    ]


def test_a_changed_draft_ends_its_shadow_run(draft: ScoreDefinition) -> None:
    start("interest", 2, by="ann")
    change_draft(draft, document=DRAFT.replace("10", "20"), by="bob")
    run_score("interest", as_of=NOW)
    assert running("interest") is None
    ended = newest("interest", 2)
    assert ended is not None
    assert "was changed" in ended.ended
    assert ShadowPass.objects.count() == 0


def test_a_draft_that_fails_leaves_the_live_run_alone(draft: ScoreDefinition, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_more: object) -> None:
        raise DataError("No calls are known.")

    start("interest", 2, by="ann")
    monkeypatch.setattr("rapport.workspace.scores.runs._beside", broken)
    run_score("interest", as_of=NOW)
    assert CurrentScore.objects.count() == 2
    assert _running().error == "No calls are known."


def test_a_stopped_one_is_scored_no_more(draft: ScoreDefinition) -> None:
    stop(start("interest", 2, by="ann"), by="bob", why="seen enough")
    run_score("interest", as_of=NOW)
    assert ShadowPass.objects.count() == 0
    assert Shadow.objects.get().stopped_by == "bob"


def test_another_draft_takes_its_place(draft: ScoreDefinition) -> None:
    start("interest", 2, by="ann")
    create_draft(document=DRAFT, by="ann")
    start("interest", 3, by="ann")
    assert list(Shadow.objects.order_by("started_at").values_list("definition__version", "ended")) == [
        (2, "Version 3 takes its place."),
        (3, ""),
    ]


def test_a_live_version_is_no_shadow(draft: ScoreDefinition) -> None:
    with pytest.raises(DefinitionError, match="only a draft"):
        start("interest", 1, by="ann")
