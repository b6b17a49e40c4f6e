"""Tasks that only these tests know."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rapport.engine.errors import DataError
from rapport.workspace.queue import Progress, task
from rapport.workspace.queue.registry import TASKS


class Seen(list[object]):
    """What the tasks of a test did, in order."""


class UnreachableError(DataError):
    retryable = True


@pytest.fixture
def seen() -> Iterator[Seen]:
    """Registers `add`, `break`, `refuse` and `flicker`; each notes its runs."""
    notes = Seen()

    @task("add")
    def add(progress: Progress, *, a: int, b: int) -> dict[str, int]:
        notes.append((a, b))
        progress.report(1, 1, "added")
        return {"sum": a + b}

    @task("break", retries=1)
    def break_down(_: Progress) -> None:
        notes.append("break")
        raise KeyError("gone")

    @task("refuse", retries=3)
    def refuse(_: Progress) -> None:
        notes.append("refuse")
        raise DataError("No such column.")

    @task("flicker", retries=1)
    def flicker(_: Progress) -> str:
        notes.append("flicker")
        if len(notes) == 1:
            raise UnreachableError("The source does not answer.")
        return "there"

    yield notes
    for name in ("add", "break", "refuse", "flicker"):
        del TASKS[name]
