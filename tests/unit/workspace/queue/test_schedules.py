"""Schedules: each due instant becomes one job, in the company's time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rapport.engine.errors import DefinitionError
from rapport.workspace.queue import Job, JobState, Schedule
from rapport.workspace.queue.jobs import forget_ended
from rapport.workspace.queue.registry import registered
from rapport.workspace.queue.schedules import due_schedules, enqueue_due
from rapport.workspace.schedule import SCHEDULES

from .conftest import Seen

pytestmark = pytest.mark.django_db
NIGHTLY = Schedule(name="nightly", task="add", cron="0 3 * * *", args={"a": 1, "b": 2})


@pytest.fixture(autouse=True)
def stockholm(settings: object) -> None:
    settings.REPORTING_TIME_ZONE = "Europe/Stockholm"  # type: ignore[attr-defined]


def test_three_at_night_is_local_time_on_both_sides_of_summer_time(seen: Seen) -> None:
    enqueue_due([NIGHTLY], now=datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert due_schedules([NIGHTLY], now=datetime(2026, 3, 29, 0, 59, tzinfo=UTC)) == []
    ((_, instant),) = due_schedules([NIGHTLY], now=datetime(2026, 3, 29, 12, tzinfo=UTC))
    assert instant == datetime(2026, 3, 29, 1, tzinfo=UTC)
    ((_, instant),) = due_schedules([NIGHTLY], now=datetime(2026, 3, 28, 12, tzinfo=UTC) + timedelta(days=300))
    assert instant == datetime(2027, 1, 22, 2, tzinfo=UTC)


def test_what_is_scheduled_exists() -> None:
    assert {registered(schedule.task).name for schedule in SCHEDULES} == {schedule.task for schedule in SCHEDULES}
    assert len({schedule.name for schedule in SCHEDULES}) == len(SCHEDULES) >= 5


def test_jobs_that_ended_long_ago_are_forgotten(seen: Seen) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    for name, ended in (("old", 31), ("new", 29)):
        Job.objects.create(name=name, state=JobState.DONE, ended_at=now - timedelta(days=ended))
    Job.objects.create(name="waiting")
    assert forget_ended(before=now - timedelta(days=30)) == 1
    assert set(Job.objects.values_list("name", flat=True)) == {"new", "waiting"}


def test_missed_instants_become_one_job(seen: Seen) -> None:
    start = datetime(2026, 1, 10, 12, tzinfo=UTC)
    assert enqueue_due([NIGHTLY], now=start) == []
    assert len(enqueue_due([NIGHTLY], now=start + timedelta(days=5))) == 1
    assert enqueue_due([NIGHTLY], now=start + timedelta(days=5)) == []
    assert Job.objects.get().args == {"a": 1, "b": 2}


def test_an_expression_that_is_none_is_refused() -> None:
    with pytest.raises(DefinitionError, match="every day"):
        Schedule(name="odd", task="add", cron="every day")
