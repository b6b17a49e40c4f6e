"""Results of background work about a version of a score, kept with the job that found them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rapport.workspace.queue.models import Job, JobState
from rapport.workspace.scores.models import ScoreDefinition

FINGERPRINT = "document"


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a job found. stale: the document was changed since."""

    result: Mapping[str, Any]
    at: datetime | None
    stale: bool


def fingerprint(document: str | None) -> str:
    """Tells whether a result is still about the same document."""
    return hashlib.sha256((document or "").encode()).hexdigest()[:16]


def newest(task: str, version: ScoreDefinition) -> Found | None:
    """The newest result of a task about a version; None where there is none."""
    args = {"score": version.name, "version": version.version}
    job = Job.objects.filter(name=task, args=args, state=JobState.DONE).order_by("-ended_at").first()
    if job is None or not isinstance(job.result, dict):
        return None
    stale = job.result.get(FINGERPRINT) != fingerprint(version.document)
    return Found(result=job.result, at=job.ended_at, stale=stale)


def running(task: str, version: ScoreDefinition) -> Job | None:
    """The job of a task about a version that waits or runs."""
    args = {"score": version.name, "version": version.version}
    under_way = Job.objects.filter(name=task, args=args, state__in=(JobState.QUEUED, JobState.RUNNING))
    return under_way.order_by("-created_at").first()
