"""import, publish, lake rebuild, lake compact."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rapport.cli.exit_codes import OK, WARNINGS
from rapport.cli.shown import progress_shown, said, table_shown, warned
from rapport.cli.starting import start_workspace
from rapport.engine.errors import DefinitionError

_VERDICTS = ("new", "updated", "unchanged", "duplicate", "error")


def import_files(
    files: Annotated[list[Path], typer.Argument(help="CSV, XLSX, JSON lines or Parquet.", show_default=False)],
    table: Annotated[
        str | None, typer.Option(help="Table that the rows go to (`contacts`); guessed by default.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="System they come from; the file's name by default.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would become of each row.")] = False,
    encoding: Annotated[str | None, typer.Option(help="Encoding of text files; found out by default.")] = None,
    delimiter: Annotated[str | None, typer.Option(help="Delimiter of CSV files; found out by default.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of XLSX files; the first by default.")] = None,
) -> int:
    """Import files: guessed mapping, a verdict for each row, the same file twice changes nothing."""
    for file in files:
        if not file.is_file():
            raise DefinitionError("There is no such file.", where="import", received=str(file))
    start_workspace()
    how = {k: v for k, v in (("encoding", encoding), ("delimiter", delimiter), ("sheet", sheet)) if v}
    codes = [_import(file, table=table, source=source, dry_run=dry_run, how=how) for file in files]
    return max(codes)


def _import(file: Path, *, table: str | None, source: str | None, dry_run: bool, how: dict[str, str]) -> int:
    from rapport.workspace.crm.intake.service import import_file

    with progress_shown(file.name) as progress:
        found = import_file(file, table=table, source=source, dry_run=dry_run, how=how, progress=progress)
    known = [*_VERDICTS, *(v for v in found.counts if v not in _VERDICTS)]
    rows = [(verdict, found.counts[verdict]) for verdict in known if found.counts.get(verdict)]
    table_shown(("rows", "count"), rows, title=f"{file.name} -> {found.table}{' (dry run)' if dry_run else ''}")
    for row, reason in found.problems:
        warned(f"row {row}: {reason}")
    if not found.counts.get("error"):
        return OK
    refused = found.counts["error"]
    warned(f"{refused:,} {'row was' if refused == 1 else 'rows were'} refused, see Data > Imports.")
    return WARNINGS


def publish() -> int:
    """Bring new records into the lake."""
    start_workspace()
    from rapport.workspace.crm.lake import publish as publish_lake

    with progress_shown("Publishing"):
        published = publish_lake()
    table_shown(("table", "rows"), sorted(published.rows.items()))
    said(f"{published.total:,} rows published.")
    return OK


def rebuild() -> int:
    """Make the lake again from the database: after it was lost, or after one of the two was restored."""
    start_workspace()
    from rapport.workspace.crm.lake import rebuild as rebuild_lake

    with progress_shown("Rebuilding the lake"):
        rebuilt = rebuild_lake()
    said(f"{rebuilt.total:,} rows in {len(rebuilt.rows)} tables.")
    return OK


def compact(
    everything: Annotated[bool, typer.Option("--everything", help="Also what is hardly fragmented.")] = False,
) -> int:
    """Sort the lake's files."""
    start_workspace()
    from rapport.workspace.crm.lake import compact as compact_lake

    with progress_shown("Sorting the lake"):
        sorted_ = compact_lake(everything=everything)
    said(f"{sum(sorted_.parts.values()):,} sorted files written.")
    return OK
