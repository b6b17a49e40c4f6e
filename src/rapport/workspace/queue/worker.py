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

from django.db import close_old_connections, connection
from django.utils import timezone

from rapport.engine.errors import RapportError
from rapport.workspace.queue.heartbeat import heartbeat
from rapport.workspace.queue.identity import has_ended, worker_identity
from rapport.workspace.queue.models import Job, JobState
from rapport.workspace.queue.progress import LEASE_SECONDS, Cancelled, Interrupted, Progress, Stopped
from rapport.workspace.queue.registry import registered
from rapport.workspace.queue.schedules import Schedule, enqueue_due

LOSSES = 3  # how often a job is started again after its worker was killed
_FIRST_BACK_OFF_SECONDS = 5.0
_LONGEST_BACK_OFF_SECONDS = 600.0
_HOUSEKEEPING_SECONDS = 10.0
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
    stop, count, looked_at = stop or threading.Event(), 0, 0.0
    with _stopped_by_signals(stop):
        while not stop.is_set():
            if not connection.in_atomic_block:
                close_old_connections()
            if time.monotonic() - looked_at >= _HOUSEKEEPING_SECONDS:
                looked_at = time.monotonic()
                reclaim_lost()
                enqueue_due(schedules, now=timezone.now())
            if between is not None:
                between()
            job = claim_next()
            if job is not None:
                run_job(job, stopping=stop.is_set)
                count += 1
            elif stop_when_idle:
                break
            else:
                stop.wait(poll_seconds)
    return count


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
    retries = registered(job.name).retries if ours or error.retryable else 0  # type: ignore[attr-defined]
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
