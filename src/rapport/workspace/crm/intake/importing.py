"""Bringing a file in, chunk by chunk: each chunk's rows, verdicts, undo log and the cursor are one transaction,
so that an import that is killed at any moment goes on where it was, once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone

from rapport.engine.errors import DataError, RapportError
from rapport.workspace.crm.intake.change_log import log_changes, log_verdicts
from rapport.workspace.crm.intake.mapping.mapping import Mapping
from rapport.workspace.crm.intake.models import Import, State
from rapport.workspace.crm.intake.reading.files import open_file
from rapport.workspace.crm.intake.reading.rows import Line
from rapport.workspace.crm.intake.run.chunk import Chunks
from rapport.workspace.lib.bulk import without_garbage_collection

CHUNK = 1000
_LOCK = 7_203_001
CHUNK_CHARACTERS = 8_000_000
Report = Callable[[int, int | None, str], None]
"""Progress: rows done, rows in all (None: not known), what is going on."""


class TakenUpElsewhereError(DataError):
    """Another worker goes on with the same import."""


def run_import(import_id: str, progress: Report) -> dict[str, int]:
    """Write the file's rows, from where an earlier run stopped. Returns: rows by verdict."""
    found = Import.objects.get(pk=import_id)
    if found.state in (State.DONE, State.UNDOING, State.UNDONE):
        return dict(found.counts)
    return _read(found, progress, dry=False)


def check_import(import_id: str, progress: Report) -> dict[str, int]:
    """The dry run: a verdict for every row, and nothing written. Returns: rows by verdict."""
    found = Import.objects.get(pk=import_id)
    if found.state not in (State.UPLOADED, State.CHECKING):
        return dict(found.checked_counts)
    return _read(found, progress, dry=True)


def _read(found: Import, progress: Report, *, dry: bool) -> dict[str, int]:
    under_way, ended = (State.CHECKING, State.CHECKED) if dry else (State.RUNNING, State.DONE)
    Import.objects.filter(pk=found.pk).update(state=under_way, message="")
    try:
        _chunks(found, progress, dry=dry)
    except TakenUpElsewhereError:
        raise  # it is the other worker's now
    except RapportError as error:
        Import.objects.filter(pk=found.pk).update(state=State.FAILED, message=str(error))
        raise
    cursor = found.checked_cursor if dry else found.cursor
    Import.objects.filter(pk=found.pk).update(state=ended, row_count=cursor, finished_at=timezone.now())
    if not dry:
        forget_upload(found)
    found.refresh_from_db()
    return dict(found.checked_counts if dry else found.counts)


def forget_upload(found: Import) -> None:
    """Delete the uploaded file: what it said is in the records, and people's data is not kept twice."""
    path = Path(found.path)
    if path.is_relative_to(uploads_folder()):
        shutil.rmtree(path.parent, ignore_errors=True)


def uploads_folder() -> Path:
    return Path(settings.HOME) / "uploads"


def _chunks(found: Import, progress: Report, *, dry: bool) -> None:
    opened = open_file(Path(found.path), how=found.how)
    mapping = Mapping.from_json(found.mapping)
    chunks = Chunks(mapping, opened.header, source=found.source, by=found.mark, at=found.at, dry=dry)
    lines = opened.lines()
    try:
        left = found.checked_cursor if dry else found.cursor
        while left:  # rows of an earlier run are read again only to know which later ones double them
            passed = list(islice(lines, min(CHUNK, left)))
            if not passed:
                break
            chunks.pass_over(passed, _refused(found, passed, dry=dry))
            left -= len(passed)
        for batch in _batches(lines):
            _take(found, chunks, batch, dry=dry)
            progress(found.checked_cursor if dry else found.cursor, found.row_count, found.file_name)
    finally:
        chunks.close()


def _refused(found: Import, lines: Sequence[Line], *, dry: bool) -> set[int]:
    verdicts = found.verdicts.filter(of_check=dry, verdict="error", row__range=(lines[0].number, lines[-1].number))
    return set(verdicts.values_list("row", flat=True))


def _batches(lines: Iterator[Line]) -> Iterator[list[Line]]:
    """At most 1,000 rows, and of long rows no more than fit into a few megabytes."""
    batch: list[Line] = []
    size = 0
    for line in lines:
        batch.append(line)
        size += sum([len(cell) for cell in line.cells if isinstance(cell, str)])
        if len(batch) == CHUNK or size > CHUNK_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def one_import_at_a_time() -> None:
    """Until the transaction ends, no other import writes: two that name the same new account would both make it.

    SQLite has one writer anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _take(found: Import, chunks: Chunks, batch: list[Line], *, dry: bool) -> None:
    cursor, counts = ("checked_cursor", "checked_counts") if dry else ("cursor", "counts")
    with without_garbage_collection(), transaction.atomic():
        if not dry:
            one_import_at_a_time()
        result = chunks.take(batch)
        log_verdicts(found, result, of_check=dry)
        if not dry:
            log_changes(found, result)
        before: dict[str, int] = getattr(found, counts)
        after = {verdict: before.get(verdict, 0) + count for verdict, count in result.counts().items()}
        at_cursor = Import.objects.filter(pk=found.pk, **{cursor: getattr(found, cursor)})
        if not at_cursor.update(**{cursor: models.F(cursor) + len(batch), counts: after}):
            raise TakenUpElsewhereError("the import goes on in another worker", where=found.file_name)
    setattr(found, cursor, getattr(found, cursor) + len(batch))
    setattr(found, counts, after)
