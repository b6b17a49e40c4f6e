"""The worker: takes jobs one after the other, shows signs of life, and takes up what killed workers left."""

from __future__ import annotations

import logging
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, close_old_connections, connection
from django.utils import timezone

from rapport.engine.errors import RapportError
from rapport.workspace.queue.heartbeat import heartbeat
from rapport.workspace.queue.identity import has_ended, worker_identity
from rapport.workspace.queue.models import Job, JobState
from rapport.workspace.queue.progress import LEASE_SECONDS, Cancelled, Interrupted, Progress, Stopped
from rapport.workspace.queue.registry import TASKS, registered
from rapport.workspace.queue.schedules import Schedule, enqueue_due

LOSSES = 3  # how often a job is started again after its worker was killed
_FIRST_BACK_OFF_SECONDS = 5.0
_LONGEST_BACK_OFF_SECONDS = 600.0
_HOUSEKEEPING_SECONDS = 10.0
_MOST_REFUSALS = 10  # in a row, after which the worker ends
_AFTER_REFUSAL_SECONDS = 3.0
_log = logging.getLogger(__name__)


def run_worker(
    *,
    stop_when_idle: bool = False,
    schedules: Sequence[Schedule] = (),
    poll_seconds: float = 1.0,
    stop: threading.Event | None = None,
    between: Callable[[], object] | None = None,
) -> int:
    """Run jobs until SIGTERM or SIGINT (or `stop`), or until none is left to run. Returns how many were run.

    Parameters: schedules, whose due instants become jobs; between, called before each look into the queue.
    A job that is running when the worker is told to stop goes back to the queue at its next report.
    """
    worker = _Worker(stop or threading.Event(), schedules, between)
    with _stopped_by_signals(worker.stop):
        while not worker.stop.is_set():
            busy = worker.turn()
            if not busy and stop_when_idle:
                break
            if not busy:
                worker.stop.wait(poll_seconds)
    return worker.count


class _Worker:
    """Takes turns: a look around now and then, and a job if one is due."""

    def __init__(
        self, stop: threading.Event, schedules: Sequence[Schedule], between: Callable[[], object] | None
    ) -> None:
        self.stop = stop
        self.count = 0
        self._schedules = schedules
        self._between = between
        self._looked_around_at: float | None = None
        self._refusals = 0

    def turn(self) -> bool:
        """Whether there was something to do. A database that refuses for a while is waited for."""
        try:
            busy = self._turn()
        except OperationalError:
            self._refusals += 1
            if self._refusals > _MOST_REFUSALS:
                raise
            _log.warning("The database refused; trying again.", exc_info=True)
            return not self.stop.wait(_AFTER_REFUSAL_SECONDS)
        self._refusals = 0
        return busy

    def _turn(self) -> bool:
        if not connection.in_atomic_block:
            close_old_connections()
        self._look_around()
        if self._between is not None:
            self._between()
        job = claim_next()
        if job is None:
            return False
        run_job(job, stopping=self.stop.is_set)
        self.count += 1
        return True

    def _look_around(self) -> None:
        now = time.monotonic()
        if self._looked_around_at is None or now - self._looked_around_at >= _HOUSEKEEPING_SECONDS:
            self._looked_around_at = now
            reclaim_lost()
            enqueue_due(self._schedules, now=timezone.now())


def claim_next() -> Job | None:
    """The next job that is due, now this worker's; None where nothing is due."""
    due = Job.objects.filter(state=JobState.QUEUED, run_after__lte=timezone.now()).order_by("run_after", "id")
    while (job := due.first()) is not None:
        if _claim(job):
            return Job.objects.get(id=job.id)
    return None


def _claim(job: Job) -> bool:
    """Whether this worker got it: of several who try, the first update does."""
    now = timezone.now()
    waiting = Job.objects.filter(id=job.id, state=JobState.QUEUED, attempt=job.attempt)
    return bool(
        waiting.update(
            state=JobState.RUNNING,
            attempt=job.attempt + 1,
            worker=worker_identity(),
            lease_until=now + timedelta(seconds=LEASE_SECONDS),
            started_at=now,
            error="",
            trace="",
        )
    )


def run_job(job: Job, *, stopping: Callable[[], bool] = lambda: False) -> None:
    """Run a claimed job to its end, whatever that is."""
    progress = Progress(job.id, job.attempt, stopping=stopping)
    try:
        task = registered(job.name)
        with heartbeat(progress.beat, every=LEASE_SECONDS / 4):
            result = task.run(progress, **job.args)
    except Cancelled:
        _end(job, progress, state=JobState.CANCELLED)
    except Interrupted:
        _again(job, at=timezone.now(), failures=job.failures)
    except Stopped:
        _log.warning("Job %s was taken over by another worker.", job.id)
    except Exception as error:
        _failed(job, progress, error)
    else:
        _end(job, progress, state=JobState.DONE, result=result)


def reclaim_lost() -> int:
    """Put jobs whose worker was killed back into the queue, or end those that lost too many workers; how many."""
    lost = [job for job in Job.objects.filter(state=JobState.RUNNING) if _is_lost(job)]
    return sum(_take_back(job) for job in lost)


def _is_lost(job: Job) -> bool:
    return job.lease_until is None or job.lease_until <= timezone.now() or has_ended(job.worker)


def _take_back(job: Job) -> bool:
    if job.failures < LOSSES:
        return _again(job, at=timezone.now() + _back_off(job.failures), failures=job.failures + 1)
    what = f"The process that ran it ended {job.failures + 1} times before it was done, perhaps for lack of memory."
    return _change(job, state=JobState.FAILED, ended_at=timezone.now(), error=what)


def _failed(job: Job, progress: Progress, error: Exception) -> None:
    ours = not isinstance(error, RapportError)
    what = f"Something went wrong that is not your fault: {error!r}" if ours else str(error)
    _log.warning("Job %s %s failed: %s", job.name, job.id, what, exc_info=ours)
    task = TASKS.get(job.name)
    retries = task.retries if task and (ours or error.retryable) else 0  # type: ignore[attr-defined]
    trace = "".join(traceback.format_exception(error))
    if job.failures < retries:
        at = timezone.now() + _back_off(job.failures)
        _again(job, at=at, failures=job.failures + 1, error=what, trace=trace)
    else:
        _end(job, progress, state=JobState.FAILED, error=what, trace=trace)


def _again(job: Job, *, at: datetime, **changes: Any) -> bool:
    return _change(job, state=JobState.QUEUED, run_after=at, worker="", lease_until=None, **changes)


def _end(job: Job, progress: Progress, **changes: Any) -> None:
    if not _change(job, ended_at=timezone.now(), lease_until=None, **changes, **progress.unwritten()):
        _log.warning("Job %s ended here, but another worker has taken it over.", job.id)


def _change(job: Job, **changes: Any) -> bool:
    """Only the attempt under way may change a job."""
    under_way = Job.objects.filter(id=job.id, attempt=job.attempt, state=JobState.RUNNING)
    return bool(under_way.update(**changes))


def _back_off(failures: int) -> timedelta:
    return timedelta(seconds=min(_LONGEST_BACK_OFF_SECONDS, _FIRST_BACK_OFF_SECONDS * 2**failures))


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
