"""Keeping an uploaded file until it is imported, and the steps of the import page."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from django.db import transaction
from django.utils import timezone

from rapport.engine.errors import DataError
from rapport.workspace.crm.intake.importing import uploads_folder
from rapport.workspace.crm.intake.mapping.mapping import Mapping
from rapport.workspace.crm.intake.mapping.settle import sample_of, settle
from rapport.workspace.crm.intake.models import Import, State
from rapport.workspace.crm.intake.reading.files import open_file
from rapport.workspace.crm.intake.service import guessed_for, remember_mapping
from rapport.workspace.lib.ids import new_id
from rapport.workspace.options import option
from rapport.workspace.queue.jobs import enqueue


class UploadError(DataError):
    """The file was not kept."""


def upload(pieces: Iterable[bytes], *, file_name: str, by: str, source: str = "", table: str = "") -> Import:
    """Keep a file and guess what it is.

    Raises: UploadError (too large, no space), UnreadableFileError, DefinitionError; nothing is kept then.
    """
    import_id = new_id()
    name = PurePosixPath(file_name.replace("\\", "/")).name[:200] or "file"
    folder = uploads_folder() / import_id
    try:
        path = _spool(pieces, folder, name)
        opened = open_file(path)
        found = guessed_for(opened, path, table=table or None, source=source or None)
        mapping = found.mapping
        return Import.objects.create(
            id=import_id, table=mapping.table, source=found.source, file_name=name, path=str(path),
            size=path.stat().st_size, form=opened.form, header=list(opened.header), mapping=mapping.to_json(),
            by=by, at=timezone.now(),
        )  # fmt: skip
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _spool(pieces: Iterable[bytes], folder: Path, name: str) -> Path:
    """Write the file piece by piece; nothing is left of one that does not fit."""
    limit = int(option("upload_limit")) * 1_000_000
    path = folder / name
    size = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for piece in pieces:
                size += len(piece)
                if size > limit:
                    raise UploadError(
                        f"the file is larger than {limit // 1_000_000:,} MB", where=name,
                        next_step="Import it with `rapport import FILE` on the server, or raise RAPPORT_UPLOAD_LIMIT.",
                    )  # fmt: skip
                file.write(piece)
    except OSError as error:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise UploadError(
            "there is no space left to keep the file",
            where=name,
            next_step="Free some space on the disk, then upload again.",
        ) from error
    return path


def map_import(import_id: str, mapping: Mapping, *, source: str) -> Import:
    """Confirm how a file is mapped and begin its dry run.

    Raises: AmbiguousDatesError, DefinitionError.
    """
    found = Import.objects.get(pk=import_id)
    if found.cursor or found.state in (State.RUNNING, State.DONE, State.UNDOING, State.UNDONE):
        raise UploadError(
            "its rows are already being written", where=found.file_name, next_step="Upload it again to map it anew."
        )
    opened = open_file(Path(found.path), how=found.how)
    settled = settle(mapping, opened, sample_of(opened))
    remember_mapping(source, opened.header, settled)
    with transaction.atomic():
        found.verdicts.filter(of_check=True).delete()
        job = enqueue("check_import", by=found.by, import_id=found.pk)
        _set(
            found, mapping=settled.to_json(), table=settled.table, source=source, state=State.CHECKING,
            checked_cursor=0, checked_counts={}, job_id=job.pk, message="",
        )  # fmt: skip
    return found


def keep_mapping(import_id: str, mapping: Mapping, *, source: str) -> None:
    """Remember what was chosen, before it is known whether it can be taken."""
    unconfirmed = Import.objects.filter(pk=import_id, cursor=0, state__in=(State.UPLOADED, State.CHECKED, State.FAILED))
    unconfirmed.update(mapping=mapping.to_json(), table=mapping.table, source=source)


def start_import(import_id: str) -> Import:
    """Begin to write a file's rows. Asked twice, it begins once."""
    found = Import.objects.get(pk=import_id)
    startable = Import.objects.filter(pk=found.pk, state__in=(State.CHECKED, State.FAILED))
    with transaction.atomic():
        if startable.update(state=State.RUNNING, at=found.at if found.cursor else timezone.now()):
            _set(found, job_id=enqueue("run_import", by=found.by, import_id=found.pk).pk)
    found.refresh_from_db()
    return found


def start_undo(import_id: str) -> Import:
    """Begin to undo an import. Asked twice, it begins once."""
    found = Import.objects.get(pk=import_id)
    with transaction.atomic():
        if Import.objects.filter(pk=found.pk, state__in=(State.DONE, State.FAILED)).update(state=State.UNDOING):
            _set(found, job_id=enqueue("undo_import", by=found.by, import_id=found.pk).pk)
    found.refresh_from_db()
    return found


def _set(found: Import, **values: Any) -> None:
    Import.objects.filter(pk=found.pk).update(**values)
    for name, value in values.items():
        setattr(found, name, value)


__all__ = ["UploadError", "keep_mapping", "map_import", "start_import", "start_undo", "upload"]
