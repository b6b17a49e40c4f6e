"""One chain brings everything up to date, and a score that fails does not hold up the others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rapport.workspace.actions.models import WorkItem
from rapport.workspace.actions.refresh import refresh
from rapport.workspace.crm.records.models import Contact, Interaction
from rapport.workspace.metrics.models import DashboardValues
from rapport.workspace.queue.registry import registered
from rapport.workspace.schedule import SCHEDULES
from rapport.workspace.scores.definitions import create_draft
from rapport.workspace.scores.models import CurrentScore, ScoreDefinition
from rapport.workspace.scores.releases import publish

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DOCUMENT = """
name: interest
subject: contact
kind: points
range: [0, 100]
bands: [{label: A, from: 20}, {label: B, from: 0}]
groups: {visits: {type: engagement, criteria: [{name: visit, points: 10, per: {event: page_view}}]}}
"""


@pytest.mark.django_db
def test_from_records_to_the_work_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))
    long_ago = NOW - timedelta(days=100)
    for name, visits in (("ann", 3), ("bob", 1)):
        Contact.objects.create(id=name, first_name=name, created_at=long_ago, recorded_at=long_ago)
        for day in range(visits):
            at = NOW - timedelta(days=10 + day)
            Interaction.objects.create(
                contact_id=name, type="page_view", direction="inbound", occurred_at=at, recorded_at=at, created_at=at
            )
    publish(create_draft(document=DOCUMENT, by="ann"), by="ann", reason="first", override="no history")
    ScoreDefinition.objects.create(name="broken", version=1, state="published", document="kind: nothing")

    told: list[str] = []
    done = refresh(lambda _done, _total, message: told.append(message), now=NOW)

    assert dict(CurrentScore.objects.values_list("subject_id", "band")) == {"ann": "A", "bob": "B"}
    assert list(WorkItem.objects.values_list("subject_id", "reason")) == [
        ("ann", "In the top band, A. Visit: 3 × page view, latest 10 days ago.")
    ]
    assert set(done.failed) == {"broken"}
    assert (done.work_item_count, done.dashboard_count) == (1, DashboardValues.objects.count())
    assert told[0] == "publishing records"
    assert told[-1] == "up to date"


def test_every_schedule_names_a_task_that_there_is() -> None:
    for schedule in SCHEDULES:
        assert registered(schedule.task).name == schedule.task
