"""Fill the workspace with a sample, through the one way to write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from rapport.engine.crm.tables import TABLES
from rapport.engine.errors import DataError, InternalError
from rapport.workspace.crm.records.changes import Draft, Written, write
from rapport.workspace.crm.samples.catalogue import SampleTables, sample_named, sample_tables
from rapport.workspace.crm.samples.drafts import ORDER, first_drafts, later_drafts, steps_told
from rapport.workspace.crm.samples.models import LoadedSample

SOURCE = "sample"
Progress = Callable[[int, int, str], None]


def quiet(done: int, total: int, message: str) -> None:
    """Progress that nobody watches."""


def loaded_sample() -> LoadedSample | None:
    """The sample that is in the workspace, if any."""
    return LoadedSample.objects.first()


def load_sample(
    name: str, *, at: datetime, contacts: int = 2_000, interactions: int = 60_000, progress: Progress = quiet
) -> LoadedSample:
    """Load a sample up to the instant `at`; again: what was broken off goes on, what is there stays as it is.

    Parameters: contacts, interactions, the size of a simulated sample.
    Raises: DataError where another sample is in the workspace; sources are never mixed.
    """
    sample = sample_named(name)
    present = loaded_sample()
    if present is not None and (present.name != name or present.rows):
        if present.name == name:
            return present
        raise DataError(
            "Another sample is in this workspace; two sources must not be joined.",
            received=name,
            allowed=present.name,
            next_step="Remove it first with `rapport demo --remove`, or set RAPPORT_HOME to another folder.",
        )
    at = present.loaded_at if present is not None else at
    made = sample_tables(name, at=at, contacts=contacts, interactions=interactions)
    record, _ = LoadedSample.objects.get_or_create(
        name=name,
        defaults={
            "title": sample.title,
            "is_simulated": sample.is_simulated,
            "shift_days": made.shift.days,
            "loaded_at": at,
        },
    )
    record.rows = _write_all(made, at=at, progress=progress)
    record.save(update_fields=["rows"])
    return record


def _write_all(made: SampleTables, *, at: datetime, progress: Progress) -> dict[str, int]:
    told = steps_told(made.history)
    total = sum(len(rows) for rows in made.tables.values())
    done, counts = 0, {}
    for name in (n for n in ORDER if n in made.tables):
        for part in first_drafts(name, made.tables[name], told):
            progress(done, total, f"loading {name.replace('_', ' ')}")
            _write(name, part, at=at)
            done += len(part)
        for part in later_drafts(name, told):
            _write(name, part, at=at)
        counts[name] = len(made.tables[name])
    progress(total, total, "loaded")
    return counts


def _write(name: str, part: Sequence[Draft], *, at: datetime) -> Written:
    written = write(name, part, source=SOURCE, by=SOURCE, at=at, stage_visits=False)
    if written.refused:
        position, reason = written.refused[0]
        raise InternalError(reason, where=f"sample {TABLES[name].name}", received=part[position].get("id"))
    return written
