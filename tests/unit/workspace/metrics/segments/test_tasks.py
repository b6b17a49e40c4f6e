"""The nightly work: every segment built, valued and compared with the rest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine

from rapport.workspace.metrics.segments.definitions import create
from rapport.workspace.metrics.segments.findings import are_current
from rapport.workspace.metrics.segments.models import Segment
from rapport.workspace.metrics.segments.tasks import build_every
from rapport.workspace.queue.models import Job, JobState
from rapport.workspace.queue.progress import Progress
from rapport.workspace.queue.registry import registered
from rapport.workspace.schedule import SCHEDULES
from small_company import SmallCompany


@pytest.fixture(autouse=True)
def _in_that_year() -> Iterator[None]:
    """In the year after what the small company did: it does it at fixed instants."""
    with time_machine.travel(datetime(2026, 11, 2, 10, tzinfo=UTC)):
        yield


@pytest.mark.django_db
def test_every_night_segments_are_built_valued_and_compared(company: SmallCompany) -> None:
    create(title="Called", document="subject: contact\ndid: [{event: call}]\n", by="ada")
    create(title="Refused", document="subject: contact\ndid: [{event: case_never_heard_of}]\n", by="ada")
    create(title="Unknown", document="subject: contact\ndid: [{event: campaign_response}]\n", by="ada")
    job = Job.objects.create(name="build_segments", state=JobState.RUNNING, attempt=1)
    assert build_every(Progress(job.pk, 1)) == {"built": 2, "failed": 1}
    called = Segment.objects.get(name="called")
    assert called.size == 3
    assert are_current(called)
    assert any(one["metric"] == "orders" for one in called.findings["metrics"])
    assert Segment.objects.get(name="refused").size == 0
    assert Segment.objects.get(name="unknown").size is None


def test_it_runs_by_itself() -> None:
    assert [s.cron for s in SCHEDULES if s.task == "build_segments"] == ["0 4 * * *"]
    assert registered("build_segments").retries == 1
