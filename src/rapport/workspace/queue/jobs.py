"""Handing out work and taking it back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from rapport.engine.errors import DefinitionError
from rapport.workspace.queue.models import Job, JobState
from rapport.workspace.queue.registry import registered


def enqueue(name: str, *, by: object = None, run_after: datetime | None = None, once: bool = False, **args: Any) -> Job:
    """Put a job in the queue, in the transaction under way: it is there when the data is.

    Parameters: by, who asked (a user or their id); run_after, not before; once, give back the one
    that waits with the same arguments, if there is one; args, JSON values for the task.
    Raises: DefinitionError for a task or argument that cannot be.
    """
    task = registered(name)
    kept = _as_json(name, args)
    if once and (waiting := Job.objects.filter(name=task.name, args=kept, state=JobState.QUEUED).first()):
        return waiting
    return Job.objects.create(
        name=task.name,
        args=kept,
        run_after=run_after or timezone.now(),
        created_by=str(getattr(by, "pk", by) or ""),
    )


def cancel(job_id: str) -> bool:
    """Keep a job from running, or ask a running one to stop. False where it has ended already."""
    job = Job.objects.filter(id=job_id)
    if job.filter(state=JobState.QUEUED).update(state=JobState.CANCELLED, ended_at=timezone.now()):
        return True
    return bool(job.filter(state=JobState.RUNNING).update(cancel_asked=True))


def forget_ended(*, before: datetime) -> int:
    """Delete jobs that ended before an instant; how many."""
    ended = Job.objects.filter(state__in=(JobState.DONE, JobState.FAILED, JobState.CANCELLED), ended_at__lt=before)
    return ended.delete()[0]


def _as_json(name: str, args: Mapping[str, Any]) -> dict[str, Any]:
    try:
        kept: dict[str, Any] = json.loads(json.dumps(args, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise DefinitionError(f"Arguments of a job are JSON: {error}.", where=name, received=dict(args)) from error
    return kept
