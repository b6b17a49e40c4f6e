# ruff: noqa: E402 -- models may be imported only when Django is set up
"""Run as a process of its own: kills workers in the middle of jobs. Not a test itself.

Thirty jobs each write ten marks, one in a transaction with its number, so that a job that is run again
goes on where it was. Workers are killed at random moments until all jobs are done.
"""

from __future__ import annotations

import os
import random
import select
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable

import django

django.setup()

from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from rapport.workspace.crm.records.models import Contact
from rapport.workspace.queue import Job, JobState, Progress, enqueue, run_worker, task
from rapport.workspace.queue.worker import reclaim_lost

MARKS, JOBS = 10, 30
MADE, TOLD = os.pipe()  # a byte for each mark, so that a worker is killed at work, however slow the machine


@task("mark", retries=0)
def mark(progress: Progress, *, job: int) -> dict[str, int]:
    for n in range(MARKS):
        time.sleep(0.02)
        with transaction.atomic():
            Contact.objects.get_or_create(id=f"{job}-{n}")
        os.write(TOLD, b".")
        progress.report(n + 1, MARKS)
    return {"marks": MARKS}


def a_mark_is_made(*, within: float) -> bool:
    """Wait for another mark; False when none is made in so many seconds, as when none is left to make."""
    while select.select([MADE], [], [], 0)[0]:
        os.read(MADE, 1_000)
    return bool(select.select([MADE], [], [], within)[0])


def forked(run: Callable[[], object]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        run()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        connection.close()
        os._exit(code)


def prepare() -> None:
    call_command("migrate", verbosity=0)
    with transaction.atomic():
        for job in range(JOBS):
            enqueue("mark", job=job)


def recover_and_look() -> None:
    """What the last killed workers left is taken back at once, because their processes are seen to have ended."""
    reclaim_lost()
    Job.objects.filter(state=JobState.QUEUED).update(run_after=timezone.now())
    run_worker(stop_when_idle=True)
    states = Counter(Job.objects.values_list("state", flat=True))
    assert states == {JobState.DONE: JOBS}, states
    assert Contact.objects.count() == MARKS * JOBS
    assert max(Job.objects.values_list("attempt", flat=True)) > 1, "no job was ever killed"


def main() -> None:
    random.seed(int(os.environ.get("RAPPORT_TEST_SEED", time.time_ns())))
    if os.waitpid(forked(prepare), 0)[1] != 0:
        sys.exit("the database could not be made")
    for turn in range(5):
        workers = [forked(run_worker), forked(run_worker)]
        for pid in workers:
            a_mark_is_made(within=5 if turn else 60)
            time.sleep(random.uniform(0.3, 0.8))
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    if os.waitpid(forked(recover_and_look), 0)[1] != 0:
        sys.exit("jobs were lost")


if __name__ == "__main__":
    main()
