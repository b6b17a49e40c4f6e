"""Jobs at set times: a cron expression, read in the company's time zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from django.conf import settings
from django.db import transaction

from rapport.engine.errors import DefinitionError
from rapport.workspace.queue.jobs import enqueue
from rapport.workspace.queue.models import Job, ScheduleRun


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A task at set times.

    Attributes: cron, five fields (`0 3 * * *`: every night at three, local time).
    """

    name: str
    task: str
    cron: str
    args: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        try:
            CronSim(self.cron, datetime(2000, 1, 1))  # noqa: DTZ001 -- only the syntax is looked at
        except CronSimError as error:
            raise DefinitionError(
                "not a cron expression", where=f"schedule {self.name}", received=self.cron, next_step=str(error)
            ) from error

    def due_between(self, since: datetime, until: datetime) -> datetime | None:
        """The newest of its instants after `since`, up to `until`; None where there is none."""
        newest = None
        for instant in CronSim(self.cron, since.astimezone(ZoneInfo(settings.REPORTING_TIME_ZONE))):
            if instant > until:
                break
            newest = instant
        return newest


def due_schedules(schedules: Sequence[Schedule], *, now: datetime) -> list[tuple[Schedule, datetime]]:
    """The schedules with an instant since they were last enqueued, and that instant; missed ones count once.

    A schedule seen for the first time counts from now on.
    """
    last = dict(ScheduleRun.objects.values_list("name", "last_due_at"))
    due = [(schedule, schedule.due_between(last.get(schedule.name, now), now)) for schedule in schedules]
    return [(schedule, instant) for schedule, instant in due if instant is not None]


def enqueue_due(schedules: Sequence[Schedule], *, now: datetime) -> list[Job]:
    """Enqueue a job for each due schedule, once, however many workers look."""
    known = set(ScheduleRun.objects.values_list("name", flat=True))
    for schedule in schedules:
        if schedule.name not in known:
            ScheduleRun.objects.get_or_create(name=schedule.name, defaults={"last_due_at": now})
    jobs = [_enqueue(schedule, instant) for schedule, instant in due_schedules(schedules, now=now)]
    return [job for job in jobs if job is not None]


def _enqueue(schedule: Schedule, instant: datetime) -> Job | None:
    with transaction.atomic():
        earlier = ScheduleRun.objects.filter(name=schedule.name, last_due_at__lt=instant)
        if not earlier.update(last_due_at=instant):
            return None  # another worker was first
        return enqueue(schedule.task, by=f"schedule {schedule.name}", once=True, **schedule.args)
