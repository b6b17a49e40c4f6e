"""refresh, score, backtest and metrics."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rapport.cli.exit_codes import OK, WARNINGS
from rapport.cli.proof import proof_shown
from rapport.cli.shown import progress_shown, said, table_shown, warned
from rapport.cli.starting import start_workspace
from rapport.engine.errors import DefinitionError

if TYPE_CHECKING:
    from rapport.engine.metrics.value import MetricValue

_AS_OF = typer.Option(help="Instant to look from (2026-03-01 or 2026-03-01T12:00+01:00); now by default.")


def refresh(
    dashboards: Annotated[bool, typer.Option("--dashboards", help="Only compute the dashboards.")] = False,
) -> int:
    """Bring everything up to date: lake, scores, work lists, dashboards."""
    start_workspace()
    if dashboards:
        return _dashboards()
    from rapport.workspace.actions.refresh import refresh as refresh_all

    with progress_shown("Refreshing") as progress:
        done = refresh_all(progress)
    rows = [(name, run.scored_count, run.null_count, run.changed_count) for name, run in done.runs.items()]
    table_shown(("score", "scored", "without a value", "changed"), rows)
    said(f"{done.work_item_count:,} open work items, {done.dashboard_count} dashboards.")
    for name, reason in done.failed.items():
        warned(f"{name}: {reason}")
    return WARNINGS if done.failed else OK


def _dashboards() -> int:
    from rapport.workspace.metrics.dashboards import warm

    with progress_shown("Dashboards"):
        said(f"{warm()} dashboards.")
    return OK


def score(
    names: Annotated[
        list[str] | None, typer.Argument(help="Scores; all live ones by default.", show_default=False)
    ] = None,
    as_of: Annotated[str | None, _AS_OF] = None,
) -> int:
    """Run live scores over all their subjects and keep the values."""
    start_workspace()
    from rapport.workspace.scores.definitions import live_definitions
    from rapport.workspace.scores.runs import run_score

    chosen = names or [version.name or "" for version in live_definitions()]
    if not chosen:
        raise DefinitionError(
            "No score is live.", where="score", next_step="Publish one under Scores, or run `rapport demo`."
        )
    at, rows = instant(as_of), []
    for name in chosen:
        with progress_shown(name) as progress:
            run = run_score(name, as_of=at, progress=progress)
        rows.append((name, run.version, run.scored_count, run.null_count, run.changed_count))
    table_shown(("score", "version", "scored", "without a value", "changed"), rows)
    return OK


def backtest(
    name: Annotated[str, typer.Argument(help="Score.", show_default=False)],
    version: Annotated[int | None, typer.Option(help="Version; the live one, else the newest, by default.")] = None,
    cut_off: Annotated[
        list[str] | None, typer.Option(help="Instant to score at; may be repeated. Three by default.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Also write the report as a page.")] = None,
    json: Annotated[Path | None, typer.Option(help="Also write the report as JSON.")] = None,
) -> int:
    """Prove a score on the company's own history: who was scored high at past cut-offs, and what happened then."""
    start_workspace()
    from json import dumps

    from rapport.workspace.scores.backtests import run_backtest

    cut_offs = [at for text in cut_off or () if (at := instant(text))] or None
    with progress_shown(f"Backtesting {name}") as progress:
        proved = run_backtest(name, version, cut_offs=cut_offs, progress=progress)
    report = proved.backtest or {}
    if html is not None:
        html.write_text(proved.backtest_html or "", "utf-8")
    if json is not None:
        json.write_text(dumps(report, ensure_ascii=False, indent=2), "utf-8")
    proof_shown(f"{name} version {proved.version}", report)
    return OK


def metrics(
    names: Annotated[list[str] | None, typer.Argument(help="Metrics; all by default.", show_default=False)] = None,
    period: Annotated[
        str, typer.Option(help="7d, 30d, 90d, 12m, month, last-month, quarter, last-quarter, year or first..last day.")
    ] = "30d",
    by: Annotated[list[str] | None, typer.Option(help="Split by a dimension; may be repeated.")] = None,
    grain: Annotated[str | None, typer.Option(help="Cut the period: day, week, month, quarter, year.")] = None,
    as_of: Annotated[str | None, _AS_OF] = None,
) -> int:
    """Measure metrics over a period."""
    start_workspace()
    from django.conf import settings
    from django.utils import timezone

    from rapport.engine.crm.local_day import local_day_of
    from rapport.engine.metrics.measure import measure
    from rapport.engine.metrics.registry import METRICS
    from rapport.workspace.crm.lake import open_snapshot
    from rapport.workspace.metrics.data_version import measured_tables
    from rapport.workspace.metrics.periods import chosen as period_chosen

    at = instant(as_of) or timezone.now()
    today = local_day_of(at, settings.REPORTING_TIME_ZONE)
    chosen = period_chosen(period, today=today).period
    with open_snapshot(tables=measured_tables()) as (snapshot, runner):
        values = measure(
            names or list(METRICS), snapshot, period=chosen, as_of=at, runner=runner, by=by or (), grain=grain
        )
    parts = ("period",) if grain else ()
    rows = [(v.metric, *(v.period.label for _ in parts), *_row(v, by or [])) for v in values]
    title = f"{chosen.label}, as of {at.isoformat(timespec='minutes')}"
    table_shown(("metric", *parts, *(by or ()), "value", "n", "note"), rows, title=title)
    return WARNINGS if values and all(v.value is None for v in values) else OK


def _row(value: MetricValue, by: list[str]) -> tuple[object, ...]:
    note = value.reason or ", ".join(value.flags)
    number = None if value.value is None else value.value if isinstance(value.value, int) else float(value.value)
    return (*(value.dimensions.get(b) for b in by), number, value.n, note)


def instant(text: str | None) -> datetime | None:
    """An instant as written on the command line; a day begins at midnight in the reporting time zone."""
    if text is None:
        return None
    from django.conf import settings

    from rapport.engine.crm.local_day import start_of_local_day

    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise DefinitionError("Not an instant.", received=text, allowed="2026-03-01, 2026-03-01T12:00+01:00") from error
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    midnight = start_of_local_day(at.date(), settings.REPORTING_TIME_ZONE)
    if at.time() == time():
        return midnight
    raise DefinitionError("An hour needs a time zone.", received=text, allowed="2026-03-01T12:00+01:00")
