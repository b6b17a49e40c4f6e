"""Jobs that wait, run or are done; schedules; and leases: who may do what only one may do at a time."""

from django.db import models
from django.utils import timezone

from rapport.workspace.lib.ids import new_id


class JobState(models.TextChoices):
    """A job waits, runs, and ends in one of three ways."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(models.Model):
    """One row is a piece of work to be done in the background.

    args and result are JSON. run_after: not before this instant. lease_until: while it runs, the
    instant at which another worker may take it over, moved on by the worker's heartbeat.
    attempt: how often it was started; it also fences: only the attempt under way may write its end.
    failures: how many attempts failed or lost their worker.
    progress_total: null where it cannot be told. error: a sentence for people; trace: for the log.
    """

    id = models.CharField(primary_key=True, max_length=36, default=new_id, editable=False)
    name = models.CharField(max_length=100)
    args = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    run_after = models.DateTimeField(default=timezone.now)
    attempt = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=300, blank=True, default="")
    lease_until = models.DateTimeField(null=True, blank=True)
    cancel_asked = models.BooleanField(default=False)
    progress_done = models.BigIntegerField(default=0)
    progress_total = models.BigIntegerField(null=True, blank=True)
    progress_message = models.CharField(max_length=300, blank=True, default="")
    result = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True, default="")
    trace = models.TextField(blank=True, default="")
    created_by = models.CharField(max_length=100, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "jobs"
        indexes = [models.Index(fields=["state", "run_after"], name="jobs_next")]

    def __str__(self) -> str:
        return f"{self.name} ({self.state})"

    @property
    def has_ended(self) -> bool:
        return self.state in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class ScheduleRun(models.Model):
    """One row is a schedule, by name, and the newest of its instants for which a job was enqueued."""

    name = models.CharField(primary_key=True, max_length=100)
    last_due_at = models.DateTimeField()

    class Meta:
        db_table = "schedule_runs"


class Lease(models.Model):
    """One row is something that only one process may do at a time.

    fence rises with every holder, so that one that was taken for dead cannot write after its successor.
    holder is empty where nobody holds it.
    """

    name = models.CharField(primary_key=True, max_length=100)
    fence = models.PositiveBigIntegerField(default=0)
    holder = models.CharField(max_length=300, blank=True, default="")
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "leases"
