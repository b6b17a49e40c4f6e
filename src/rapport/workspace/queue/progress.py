"""How far a job is, told while it runs; and how it learns that it should stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from rapport.workspace.queue.models import Job, JobState

LEASE_SECONDS = 60.0
_WRITE_EVERY_SECONDS = 0.5


class Stopped(Exception):
    """The job should not go on."""


class Cancelled(Stopped):
    """Somebody asked to cancel it."""


class Interrupted(Stopped):
    """The worker is shutting down: the job goes back to the queue."""


class TakenOver(Stopped):
    """Another worker has taken the job, because this one gave no sign of life."""


class Progress:
    """Handed to each task. Written at most twice a second, whatever the task reports.

    Attributes: job_id, attempt (which start of the job this is).
    """

    def __init__(self, job_id: str, attempt: int, *, stopping: Callable[[], bool] = lambda: False) -> None:
        self.job_id = job_id
        self.attempt = attempt
        self._stopping = stopping
        self._written_at = 0.0
        self._unwritten: dict[str, object] = {}

    def report(self, done: int, total: int | None = None, message: str = "") -> None:
        """Say how much is done, of how much (None: cannot be told), and what is going on.

        Raises: Cancelled, Interrupted or TakenOver when the job should stop; let it pass through.
        """
        self._unwritten = {"progress_done": done, "progress_total": total, "progress_message": message[:300]}
        if time.monotonic() - self._written_at >= _WRITE_EVERY_SECONDS:
            self.write()

    def write(self) -> None:
        """Write what was reported, and give a sign of life."""
        if self._stopping():
            raise Interrupted
        self._written_at = time.monotonic()
        self.beat()
        if Job.objects.filter(id=self.job_id, cancel_asked=True).exists():
            raise Cancelled

    def beat(self) -> None:
        """Keep the job for another while."""
        changes, self._unwritten = self._unwritten, {}
        until = timezone.now() + timedelta(seconds=LEASE_SECONDS)
        under_way = Job.objects.filter(id=self.job_id, attempt=self.attempt, state=JobState.RUNNING)
        if not under_way.update(lease_until=until, **changes):
            raise TakenOver

    def unwritten(self) -> dict[str, object]:
        """What was reported last and is not written yet."""
        return self._unwritten
