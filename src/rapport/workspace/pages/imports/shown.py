"""What the pages show of an import: how far it is and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from rapport.workspace.crm.intake.models import Import, State
from rapport.workspace.crm.intake.run.chunk import VERDICTS
from rapport.workspace.queue.models import Job, JobState

_LEFT_SHOWN = 100
_DOING = {State.CHECKING: "Checking every row", State.RUNNING: "Importing", State.UNDOING: "Undoing"}


@dataclass(frozen=True)
class Working:
    """Work under way. total: null while unknown."""

    label: str
    done: int
    total: int | None
    message: str


@dataclass(frozen=True)
class Left:
    """A record that undoing left as it is, and why."""

    row: int
    table: str
    record_id: str
    reason: str


@dataclass(frozen=True)
class Result:
    """What came of a check or an import. counts: rows by verdict, those that came up. waiting: rows in quarantine.

    left: the first records that undoing left because they were changed since.
    """

    of_check: bool
    counts: dict[str, int]
    total: int
    waiting: int
    left: list[Left]

    @property
    def to_write(self) -> int:
        return self.counts.get("new", 0) + self.counts.get("updated", 0)


def working_of(found: Import) -> Working | None:
    """What goes on; None when nothing does. An import whose job has failed is marked as failed."""
    if found.state not in _DOING:
        return None
    job = Job.objects.filter(pk=found.job_id).first()
    if job is not None and job.state in (JobState.FAILED, JobState.CANCELLED):
        reason = job.error or "The work was cancelled."
        Import.objects.filter(pk=found.pk, state=found.state).update(state=State.FAILED, message=reason)
        found.refresh_from_db()
        return None
    waits = job is not None and job.state == JobState.QUEUED
    return Working(
        label=_DOING[State(found.state)],
        done=job.progress_done if job else 0,
        total=job.progress_total if job else None,
        message="Waiting for a free worker" if waits else "",
    )


def result_of(found: Import) -> Result:
    """The verdicts of the newest step: the dry run's until rows are written."""
    of_check = not found.cursor and found.state not in (State.RUNNING, State.DONE, State.UNDOING, State.UNDONE)
    counted = found.checked_counts if of_check else found.counts
    counts = {verdict: counted[verdict] for verdict in VERDICTS if counted.get(verdict)}
    waiting = 0 if of_check else found.verdicts.filter(of_check=False, verdict="error", admitted=False).count()
    return Result(of_check, counts, sum(counts.values()), waiting, _left(found))


def _left(found: Import) -> list[Left]:
    if found.state != State.UNDONE:
        return []
    changes = found.changes.filter(undone=False).order_by("row")[:_LEFT_SHOWN]
    return [Left(*values) for values in changes.values_list("row", "table", "record_id", "reason")]
