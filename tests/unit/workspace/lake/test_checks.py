"""What the doctor says of the lake."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rapport.workspace.crm.lake import checks, open_snapshot, publish
from rapport.workspace.crm.lake.checks import LakeCheck, doctor_checks
from rapport.workspace.crm.lake.models import LakeBatch
from rapport.workspace.crm.records.models import Contact, Interaction
from rapport.workspace.queue import Job, enqueue, run_worker
from rapport.workspace.queue.models import JobState

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, tzinfo=UTC)


def found() -> dict[str, LakeCheck]:
    return {check.name: check for check in doctor_checks()}


def test_a_workspace_without_lake_is_well() -> None:
    Contact.objects.create()
    assert all(check.ok for check in doctor_checks())
    assert found()["unpublished rows"].sentence == "Rows that wait for publishing: 1 (contacts 1)."


def test_a_published_lake_is_well() -> None:
    Contact.objects.create()
    publish()
    assert [(c.name, c.ok, c.sentence) for c in doctor_checks()] == [
        ("lake", True, "Tables: 1, files: 1; in step with the database."),
        ("unpublished rows", True, "Every row has been published."),
        ("lake files", True, "Files are few and sorted."),
        ("publisher", True, "Nobody is publishing."),
    ]


def test_a_lost_lake_is_told_with_what_to_do(lake_path: Path) -> None:
    for _ in range(2):
        Contact.objects.create()
        publish()
    shutil.rmtree(lake_path)
    assert not found()["lake"].ok
    assert "rapport lake rebuild" in found()["lake"].next_step


def test_a_batch_on_its_way_is_told() -> None:
    Contact.objects.create()
    publish()
    Contact.objects.create(batch=2)
    LakeBatch.objects.filter(table="contacts").update(batch=2)
    assert "contacts" in found()["lake"].sentence
    assert not found()["lake"].ok


def test_fragments_are_told_and_upkeep_mends_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(16):
        Interaction.objects.create(type="call", contact_id="c", occurred_at=AT.replace(hour=n))
        publish()
    assert found()["lake files"].sentence == "To be sorted at the next upkeep: interactions."
    monkeypatch.setattr(checks, "MOST_TAIL_FILES", 16)
    assert not found()["lake files"].ok
    assert "rapport lake compact" in found()["lake files"].next_step
    job = enqueue("lake_upkeep")
    run_worker(stop_when_idle=True)
    assert Job.objects.get(id=job.id).state == JobState.DONE
    assert Job.objects.get(id=job.id).result["sorted_files"] == 1
    assert found()["lake files"].sentence == "Files are few and sorted."


def test_publishing_in_the_background_sorts_what_it_made_ragged(lake_path: Path) -> None:
    for n in range(16):
        Interaction.objects.create(type="call", contact_id="c", occurred_at=AT.replace(hour=n))
        job = enqueue("publish")
        run_worker(stop_when_idle=True)
    assert Job.objects.get(id=job.id).result == {"interactions": 1}
    with open_snapshot(tables=["interactions"]) as (snapshot, runner):
        assert runner.to_arrow(snapshot.tables["interactions"]).num_rows == 16
    assert found()["lake"].sentence == "Tables: 1, files: 1; in step with the database."
