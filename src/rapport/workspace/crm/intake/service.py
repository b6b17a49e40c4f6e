"""Importing a file in one call, for the command line, samples and tests; the page takes the same steps one by one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import timezone

from rapport.workspace.crm.intake.importing import Report, check_import, run_import
from rapport.workspace.crm.intake.mapping.guess import guess_mapping
from rapport.workspace.crm.intake.mapping.mapping import Mapping
from rapport.workspace.crm.intake.mapping.names import fold
from rapport.workspace.crm.intake.mapping.settle import settle
from rapport.workspace.crm.intake.models import Import, SavedMapping
from rapport.workspace.crm.intake.reading.files import open_file
from rapport.workspace.crm.intake.reading.rows import Opened

Changes = Dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What came of a file.

    counts: rows by verdict: new, updated, unchanged, duplicate, error. dry_run: nothing was written.
    problems: the first refused rows, as (row, reason).
    """

    import_id: str
    table: str
    counts: dict[str, int]
    mapping: Mapping
    dry_run: bool
    problems: list[tuple[int, str]]


def _silent(done: int, total: int | None, message: str) -> None:
    return None


def import_file(
    path: str | Path,
    *,
    table: str | None = None,
    source: str | None = None,
    mapping: Mapping | Changes | None = None,
    by: str = "",
    at: datetime | None = None,
    dry_run: bool = False,
    progress: Report = _silent,
    how: Dict[str, str] | None = None,
) -> Imported:
    """Import a file, or with `dry_run` only tell what would become of each row.

    Parameters:
        table: plural name; None guesses.
        source: the system the file comes from ("hubspot"); None takes the file's name.
        mapping: a whole Mapping; or what differs from the guess, by header: a target ("account_id:name"), details
            ({"target": ..., "values": {...}, "dates": "dmy"}), a list of those where the column goes to several
            targets, None to leave it out; and under "constants", "country", "time_zone" their values.
        by: id of the user, "" for a command.
        at: the instant of the import; None is now.
        how: encoding, delimiter, sheet.
    Raises: UnreadableFileError, DefinitionError (table or column not known), AmbiguousDatesError.
    """
    file = Path(path)
    opened = open_file(file, how=how)
    if isinstance(mapping, Mapping):
        guessed = Guessed(source or _source_of(file), mapping)
    else:
        guessed = guessed_for(opened, file, table=table, source=source, changes=mapping)
    name, chosen = guessed
    found = Import.objects.create(
        table=chosen.table, source=name, file_name=file.name[:255], path=str(file.resolve()), size=file.stat().st_size,
        form=opened.form, how=dict(how or {}), header=list(opened.header), by=by, at=at or timezone.now(),
        mapping=settle(chosen, opened).to_json(),
    )  # fmt: skip
    counts = (check_import if dry_run else run_import)(found.pk, progress)
    refused = found.verdicts.filter(verdict="error", of_check=dry_run).order_by("row")
    return Imported(
        import_id=found.pk, table=chosen.table, counts=counts, dry_run=dry_run,
        mapping=Mapping.from_json(found.mapping), problems=list(refused.values_list("row", "reason")[:20]),
    )  # fmt: skip


def saved_mapping(source: str, header: tuple[str, ...]) -> Mapping | None:
    """The mapping last confirmed for files of this source with this header."""
    found = SavedMapping.objects.filter(source=source, signature=signature(header)).first()
    return Mapping.from_json(found.mapping) if found else None


def remember_mapping(source: str, header: tuple[str, ...], mapping: Mapping) -> None:
    SavedMapping.objects.update_or_create(
        source=source, signature=signature(header), defaults={"mapping": mapping.to_json(), "saved_at": timezone.now()}
    )


def signature(header: tuple[str, ...]) -> str:
    """Of a header, whatever the order of its columns."""
    return hashlib.sha256("\n".join(sorted(fold(name) for name in header)).encode()).hexdigest()


class Guessed(NamedTuple):
    """The system a file is from, and its mapping."""

    source: str
    mapping: Mapping


def guessed_for(
    opened: Opened, file: Path, *, table: str | None = None, source: str | None = None, changes: Changes | None = None
) -> Guessed:
    """The mapping last confirmed for such files, else a guess with what a person changed."""
    name = source or _source_of(file)
    saved = saved_mapping(name, opened.header)
    if saved is not None and table in (None, saved.table) and not changes:
        return Guessed(name, saved)
    told = changes or {}
    rest = {key: told[key] for key in ("constants", "country", "time_zone") if key in told}
    columns = {key: _change(value) for key, value in told.items() if key not in rest}
    guessed = guess_mapping(opened.header, table=table, file_name=file.name, changes=columns)
    whole = {**guessed.to_json(), "time_zone": settings.REPORTING_TIME_ZONE, **rest}
    return Guessed(name, Mapping.from_json(whole))


def _source_of(file: Path) -> str:
    return fold(file.name.split(".")[0])[:100] or "file"


def _change(value: Any) -> list[dict[str, Any]]:
    """What a person wrote for a header: a target, details, a list of either, or None to leave it out."""
    if isinstance(value, (list, tuple)):
        return [change for one in value for change in _change(one)]
    return [{"target": value or "", "by": ""} if value is None or isinstance(value, str) else dict(value)]
