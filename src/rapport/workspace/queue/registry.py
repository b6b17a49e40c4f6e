"""The tasks there are: each room declares its own in its `tasks.py`.

@task("import", retries=1)
def run_import(progress: Progress, *, import_id: str) -> dict[str, int]: ...
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.module_loading import autodiscover_modules

from rapport.engine.errors import DefinitionError

TaskFunction = Callable[..., Any]
TASKS: dict[str, Task] = {}


@dataclass(frozen=True, kw_only=True)
class Task:
    """A kind of job.

    Attributes:
        run: takes a Progress, then the job's arguments by keyword; gives a JSON result or None. It
            may be run again after a crash or a failure, so it must be safe to run twice.
        retries: how often a job is tried again after it failed.
    """

    name: str
    run: TaskFunction
    retries: int = 0


def task(name: str, *, retries: int = 0) -> Callable[[TaskFunction], TaskFunction]:
    """Register a function as the task `name`; the function itself stays as it is."""

    def register(run: TaskFunction) -> TaskFunction:
        TASKS[name] = Task(name=name, run=run, retries=retries)
        return run

    return register


def registered(name: str) -> Task:
    """The task of a name, once the `tasks.py` of every room is loaded. Raises DefinitionError."""
    if name not in TASKS:
        autodiscover_modules("tasks")
    if name not in TASKS:
        raise DefinitionError("There is no such task.", received=name, allowed=sorted(TASKS))
    return TASKS[name]
