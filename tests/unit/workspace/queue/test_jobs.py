"""Jobs: enqueued with their data, run once, tried again, taken back from killed workers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import OperationalError, transaction
from django.utils import timezone

from rapport.engine.errors import DefinitionError
from rapport.workspace.queue import Job, JobState, Progress, cancel, enqueue, run_worker, task, worker
from rapport.workspace.queue.progress import Cancelled, TakenOver
from rapport.workspace.queue.worker import claim_next, reclaim_lost, run_job

from .conftest import Seen

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class TestEnqueue:
    def test_keeps_a_job_only_with_the_transaction_it_was_made_in(self, seen: Seen) -> None:
        with transaction.atomic():
            enqueue("add", a=1, b=2)
            transaction.set_rollback(True)
        assert not Job.objects.exists()

    def test_refuses_a_task_that_is_not_there_and_guesses_which_was_meant(self, seen: Seen) -> None:
        with pytest.raises(DefinitionError, match="Did you mean 'add'"):
            enqueue("adds")

    def test_refuses_what_is_no_json(self, seen: Seen) -> None:
        with pytest.raises(DefinitionError, match="JSON"):
            enqueue("add", a=NOON, b=2)

    def test_gives_back_the_job_that_waits_when_asked_for_once(self, seen: Seen) -> None:
        first = enqueue("add", once=True, a=1, b=2)
        assert enqueue("add", once=True, a=1, b=2).id == first.id
        assert enqueue("add", once=True, a=1, b=3).id != first.id


class TestRunWorker:
    def test_runs_each_job_once_and_keeps_its_result_and_progress(self, seen: Seen) -> None:
        job = enqueue("add", by="u1", a=1, b=2)
        assert run_worker(stop_when_idle=True) == 1
        assert run_worker(stop_when_idle=True) == 0
        job.refresh_from_db()
        assert seen == [(1, 2)]
        assert (job.state, job.result, job.created_by) == (JobState.DONE, {"sum": 3}, "u1")
        assert (job.progress_done, job.progress_total, job.progress_message) == (1, 1, "added")

    def test_leaves_a_job_alone_before_its_time(self, seen: Seen) -> None:
        with time_machine.travel(NOON, tick=False) as clock:
            enqueue("add", run_after=NOON + timedelta(minutes=5), a=1, b=2)
            assert run_worker(stop_when_idle=True) == 0
            clock.shift(timedelta(minutes=5))
            assert run_worker(stop_when_idle=True) == 1

    def test_tries_a_broken_task_again_later_and_then_gives_up(self, seen: Seen) -> None:
        with time_machine.travel(NOON, tick=False) as clock:
            job = enqueue("break")
            run_worker(stop_when_idle=True)
            job.refresh_from_db()
            assert (job.state, job.run_after, seen) == (JobState.QUEUED, NOON + timedelta(seconds=5), ["break"])
            clock.shift(timedelta(seconds=5))
            run_worker(stop_when_idle=True)
            job.refresh_from_db()
            assert (job.state, seen) == (JobState.FAILED, ["break", "break"])
            assert "KeyError('gone')" in job.error
            assert "break_down" in job.trace

    def test_does_not_try_again_what_cannot_become_right(self, seen: Seen) -> None:
        job = enqueue("refuse")
        run_worker(stop_when_idle=True)
        job.refresh_from_db()
        assert (job.state, job.error, seen) == (JobState.FAILED, "No such column.", ["refuse"])

    def test_tries_again_what_may_become_right(self, seen: Seen) -> None:
        with time_machine.travel(NOON, tick=False) as clock:
            job = enqueue("flicker")
            run_worker(stop_when_idle=True)
            clock.shift(timedelta(seconds=5))
            run_worker(stop_when_idle=True)
            job.refresh_from_db()
            assert (job.state, job.result, job.error) == (JobState.DONE, "there", "")

    def test_ends_a_job_whose_task_is_gone_with_a_reason(self, seen: Seen) -> None:
        job = Job.objects.create(name="retired")
        run_worker(stop_when_idle=True)
        job.refresh_from_db()
        assert job.state == JobState.FAILED
        assert "no such task" in job.error

    def test_waits_for_a_database_that_refuses_for_a_while(self, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
        """As when another process holds SQLite's lock for too long."""
        refused: list[str] = []
        due = worker.claim_next

        def refuse_twice() -> Job | None:
            if len(refused) < 2:
                refused.append("locked")
                raise OperationalError("database is locked")
            return due()

        monkeypatch.setattr(worker, "claim_next", refuse_twice)
        monkeypatch.setattr(worker, "_AFTER_REFUSAL_SECONDS", 0.0)
        enqueue("add", a=1, b=2)
        assert run_worker(stop_when_idle=True) == 1
        assert refused == ["locked", "locked"]


class TestCancel:
    def test_keeps_a_waiting_job_from_running(self, seen: Seen) -> None:
        job = enqueue("add", a=1, b=2)
        assert cancel(job.id)
        assert run_worker(stop_when_idle=True) == 0
        assert not cancel(job.id)

    def test_reaches_a_running_job_at_its_next_report(self, seen: Seen) -> None:
        @task("long")
        def long(progress: Progress) -> None:
            progress.report(1, 10)
            cancel(progress.job_id)
            progress.write()
            seen.append("went on")

        job = enqueue("long")
        run_worker(stop_when_idle=True)
        job.refresh_from_db()
        assert (job.state, seen, job.progress_done) == (JobState.CANCELLED, [], 1)


class TestLostWorkers:
    def test_a_job_of_a_silent_worker_is_run_by_another(self, seen: Seen) -> None:
        with time_machine.travel(NOON, tick=False) as clock:
            enqueue("add", a=1, b=2)
            lost = claim_next()
            assert lost is not None
            assert claim_next() is None
            clock.shift(timedelta(seconds=30))
            assert reclaim_lost() == 0
            clock.shift(timedelta(seconds=31))
            assert reclaim_lost() == 1
            clock.shift(timedelta(seconds=5))
            assert run_worker(stop_when_idle=True) == 1
            assert seen == [(1, 2)]

    def test_a_job_of_a_process_that_has_ended_is_taken_back_at_once(self, seen: Seen) -> None:
        enqueue("add", a=1, b=2)
        lost = claim_next()
        assert lost is not None
        place, _, _ = lost.worker.rpartition("/")
        Job.objects.update(worker=f"{place}/12345.00")  # the same number, another start
        assert reclaim_lost() == 1

    def test_who_was_taken_for_dead_cannot_report_or_end_the_job(self, seen: Seen) -> None:
        job = enqueue("add", a=1, b=2)
        lost = claim_next()
        assert lost is not None
        Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        reclaim_lost()
        Job.objects.update(run_after=timezone.now())
        again = claim_next()
        assert again is not None
        with pytest.raises(TakenOver):
            Progress(lost.id, lost.attempt).write()
        run_job(lost)
        job.refresh_from_db()
        assert job.state == JobState.RUNNING
        run_job(again)
        job.refresh_from_db()
        assert job.state == JobState.DONE

    def test_a_job_that_keeps_losing_its_worker_ends_with_a_reason(self, seen: Seen) -> None:
        job = enqueue("add", a=1, b=2)
        for _ in range(4):
            Job.objects.update(run_after=timezone.now())
            assert claim_next() is not None
            Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
            assert reclaim_lost() == 1
        job.refresh_from_db()
        assert job.state == JobState.FAILED
        assert "lack of memory" in job.error


class TestProgress:
    def test_writes_at_most_twice_a_second(self, seen: Seen, django_assert_max_num_queries: object) -> None:
        enqueue("add", a=1, b=2)
        job = claim_next()
        assert job is not None
        progress = Progress(job.id, job.attempt)
        with django_assert_max_num_queries(4):  # type: ignore[operator]
            for n in range(1_000):
                progress.report(n, 1_000)

    def test_stops_a_cancelled_job_and_tells_a_stopping_worker(self, seen: Seen) -> None:
        enqueue("add", a=1, b=2)
        job = claim_next()
        assert job is not None
        cancel(job.id)
        with pytest.raises(Cancelled):
            Progress(job.id, job.attempt).write()
        Job.objects.update(cancel_asked=False)
        run_job(job, stopping=lambda: True)
        job.refresh_from_db()
        assert (job.state, job.failures) == (JobState.QUEUED, 0)
