"""Work in the background: jobs that are enqueued with the data they are about, a worker, schedules and leases.

    registry.py   @task("name", retries=1)      jobs.py       enqueue(), cancel()
    progress.py   Progress, given to tasks      worker.py     run_worker()
    schedules.py  Schedule, due_schedules()     leases.py     held()

The names below are found here too, loaded when they are asked for: models may not be imported while Django starts.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rapport.workspace.queue.jobs import cancel, enqueue
    from rapport.workspace.queue.models import Job, JobState
    from rapport.workspace.queue.progress import Progress
    from rapport.workspace.queue.registry import task
    from rapport.workspace.queue.schedules import Schedule, due_schedules
    from rapport.workspace.queue.worker import run_worker

_HOMES = {
    "Job": "models",
    "JobState": "models",
    "Progress": "progress",
    "Schedule": "schedules",
    "cancel": "jobs",
    "due_schedules": "schedules",
    "enqueue": "jobs",
    "run_worker": "worker",
    "task": "registry",
}

__all__ = ["Job", "JobState", "Progress", "Schedule", "cancel", "due_schedules", "enqueue", "run_worker", "task"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
