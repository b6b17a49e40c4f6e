"""The metric catalogue and its rows for dbt, MetricFlow and tools that read Ossie, from the published data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from django.conf import settings

from rapport.engine.crm.local_day import local_day_of
from rapport.engine.errors import DefinitionError
from rapport.engine.execution.semantic_folder import FORMATS, Asked, Progress, SemanticFolder, write_semantic_layer
from rapport.engine.metrics.period import Grain, Period
from rapport.engine.metrics.registry import METRICS
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.metrics.data_version import measured_tables

MONTHS = 24


def export_semantic(
    folder: Path,
    *,
    now: datetime,
    months: int = MONTHS,
    grain: Grain = Grain.MONTH,
    formats: Sequence[str] = FORMATS,
    ossie_version: str = "0.1",
    progress: Progress,
) -> SemanticFolder:
    """Write the folder, as of this instant.

    Parameters: months, how far back the rows go that are made for the ends of periods; rows dated by an event are
        all there. grain, of those periods.
    Ids of records are told, and categories such as country or stage; no names, addresses or texts.
    Raises: DefinitionError where the folder is a file, or a format is not known.
    """
    unknown = [form for form in formats if form not in FORMATS]
    if unknown:
        raise DefinitionError("There is no such format.", where="format", received=unknown[0], allowed=FORMATS)
    if folder.exists() and not folder.is_dir():
        raise DefinitionError("That is a file, not a folder.", where="folder", received=str(folder))
    today = local_day_of(now, settings.REPORTING_TIME_ZONE)
    with open_snapshot(tables=measured_tables()) as (snapshot, runner):
        asked = Asked(
            metrics=list(METRICS.values()),
            as_of=now,
            periods=whole_periods(today, months=months, grain=grain),
            grain=grain,
            formats=formats,
            ossie_version=ossie_version,
        )
        return write_semantic_layer(folder, asked, snapshot, runner=runner, progress=progress)


def whole_periods(today: date, *, months: int, grain: Grain) -> tuple[Period, ...]:
    """The weeks, months ... of so many months up to today; the first and the last are whole."""
    asked = Period.last_months(months, until=today)
    return Period(Period.containing(asked.start, grain).start, Period.containing(today, grain).end).split(grain)
