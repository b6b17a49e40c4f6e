"""export semantic."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from rapport.cli.exit_codes import OK, WARNINGS
from rapport.cli.shown import progress_shown, said, table_shown
from rapport.cli.starting import start_workspace

_MONTHS = 24


class Form(StrEnum):
    METRICFLOW = "metricflow"
    OSSIE = "ossie"


class OssieVersion(StrEnum):
    FIRST = "0.1"
    DRAFT = "0.2"


class Every(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


def semantic(
    folder: Annotated[Path, typer.Argument(help="Folder to write, or to bring up to date.", show_default=False)],
    form: Annotated[
        list[Form] | None, typer.Option("--format", help="May be repeated; both by default.", show_default=False)
    ] = None,
    grain: Annotated[Every, typer.Option(help="How often levels and what is told per period are told.")] = Every.MONTH,
    months: Annotated[int, typer.Option(min=1, help="How far back those periods go.")] = _MONTHS,
    ossie_version: Annotated[
        OssieVersion, typer.Option(help="0.1 is read by dbt; 0.2 is a draft, one model without a list around it.")
    ] = OssieVersion.FIRST,
) -> int:
    """Write the metrics and their rows for dbt, MetricFlow and tools that read Ossie (OSI).

    Rows tell ids and categories, no names, addresses or texts; of every record, whatever users may see. What a
    language cannot tell is named in not_exported.json, with the reason.
    """
    start_workspace()
    from django.utils import timezone

    from rapport.engine.metrics.period import Grain
    from rapport.workspace.metrics.exports.semantic import export_semantic

    formats = [one.value for one in dict.fromkeys(form or Form)]
    with progress_shown("Rows of metrics") as progress:
        written = export_semantic(
            folder,
            now=timezone.now(),
            months=months,
            grain=Grain(grain.value),
            formats=formats,
            ossie_version=ossie_version.value,
            progress=progress,
        )
    rows = [(one, len(told), written.asked - len(told)) for one, told in written.told.items()]
    table_shown(("format", "metrics", "not exported"), rows)
    said(f"{sum(written.rows.values()):,} rows in {len(written.rows)} tables. Why some are not: not_exported.json.")
    return OK if all(written.told.values()) else WARNINGS
