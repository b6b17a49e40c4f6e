"""export parquet."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from rapport.cli.exit_codes import OK, WARNINGS
from rapport.cli.export_views import DAYS
from rapport.cli.shown import progress_shown, said, table_shown, warned
from rapport.cli.starting import start_workspace


class Since(StrEnum):
    """What an export may go on from."""

    LAST = "last"


def parquet(
    folder: Annotated[Path, typer.Argument(help="Folder of exports, made where there is none.", show_default=False)],
    since: Annotated[
        Since | None, typer.Option(help="`last`: write only files whose rows changed since the last export.")
    ] = None,
    tables: Annotated[
        str | None, typer.Option(help="Tables by comma; `records` for all records. All tables by default.")
    ] = None,
    with_personal_data: Annotated[
        bool, typer.Option("--with-personal-data", help="Tell names, addresses and free text too.")
    ] = False,
    days: Annotated[int, typer.Option(min=0, help="How many days of metrics to have from the start.")] = DAYS,
) -> int:
    """Write scores, metrics, segments and records as Parquet files, below FOLDER/current.

    Whoever may read the folder sees every record. Readers see the export before until this one is complete; one that
    was broken off goes on when it is run again.
    """
    start_workspace()
    from django.utils import timezone

    from rapport.workspace.metrics.exports.days import keep_days
    from rapport.workspace.metrics.exports.parquet import chosen_tables, export

    chosen = chosen_tables([name.strip() for name in (tables or "").split(",") if name.strip()])
    if "metrics_daily" in chosen:
        with progress_shown("Metrics by day") as progress:
            keep_days(now=timezone.now(), days=days, progress=progress)
    with progress_shown("Parquet") as progress:
        done = export(
            folder,
            now=timezone.now(),
            tables=chosen,
            only_changed=since is Since.LAST,
            with_personal_data=with_personal_data,
            progress=progress,
        )
    table_shown(("table", "rows"), sorted(done.rows.items()))
    said(f"{done.written:,} files written, {done.kept:,} unchanged since the last export: {done.folder}")
    if with_personal_data:
        said("Names, addresses and free text are in it: keep it where only those may read it who may see them.")
    for name in done.still_personal:
        warned(f"{name} still holds the personal data of an earlier export; export it again to be rid of them.")
    return WARNINGS if done.still_personal else OK
