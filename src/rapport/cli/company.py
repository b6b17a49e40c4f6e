"""demo and doctor."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from rapport.cli.administrator import Access, ensure_administrator
from rapport.cli.exit_codes import FAILED, OK, WARNINGS
from rapport.cli.running import LOCAL, free_port, run_server
from rapport.cli.shown import Progress, console, progress_shown, said, table_shown, warned
from rapport.cli.starting import migrate, start_django, start_workspace

if TYPE_CHECKING:
    from rapport.workspace.crm.samples.catalogue import Sample


def demo(
    sample: Annotated[str, typer.Option(help="retailer (real, shipped) or software (simulated).")] = "retailer",
    contacts: Annotated[int, typer.Option(min=50, help="Contacts of the simulated sample.")] = 2_000,
    interactions: Annotated[int, typer.Option(min=500, help="Interactions of the simulated sample.")] = 60_000,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve it when it is ready.")] = True,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes 8000 or the next free one.")] = 0,
    reset_password: Annotated[
        bool, typer.Option("--reset-password", help="Give the administrator a new password.")
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take the sample out again; what people made stays.")
    ] = False,
) -> int:
    """Fill the workspace with a sample company, score it, prove the scores, and serve it.

    The same command again goes on where it was broken off and serves what is there.
    """
    if remove:
        return _remove()
    _reckon_like(sample)
    began = time.monotonic()
    start_django()
    with _step("Database"):
        migrate()
    access = ensure_administrator(reset=reset_password)
    with _step("Sample") as progress:
        _load(sample, contacts, interactions, progress)
    warnings = _fill(sample, by=access.username)
    said(f"Ready after {time.monotonic() - began:.0f} s.")
    for warning in warnings:
        warned(warning)
    if not serve:
        _shown(access)
        return WARNINGS if warnings else OK
    return run_server(LOCAL, port or free_port(), access=access, with_worker=True)


def doctor() -> int:
    """Check the installation: settings, disk, database, lake, jobs, scores."""
    start_django()
    from rapport.cli.checks import CHECKS, Health, checked

    found = [checked(check) for check in CHECKS]
    table_shown(("check", "state", "what was found"), [(f.name, f.health.value, f.finding) for f in found])
    for finding in found:
        if finding.advice:
            warned(f"{finding.name}: {finding.advice}")
    healths = {finding.health for finding in found}
    return FAILED if Health.BROKEN in healths else WARNINGS if Health.WARNING in healths else OK


def _reckon_like(sample: str) -> None:
    """The sample's time zone and currency become the workspace's, unless it has its own."""
    from rapport.workspace.crm.samples.catalogue import sample_named
    from rapport.workspace.options import store_missing

    store_missing(_reckoning(sample_named(sample)))


def _reckoning(sample: Sample) -> dict[str, str]:
    return {"time_zone": sample.time_zone, "currency": sample.currency}


def _load(sample: str, contacts: int, interactions: int, progress: Progress) -> None:
    from django.utils import timezone

    from rapport.workspace.crm.samples.loading import load_sample

    load_sample(sample, at=timezone.now(), contacts=contacts, interactions=interactions, progress=progress)


def _fill(sample: str, *, by: str) -> list[str]:
    """Lake, scores with their proof, work lists and dashboards. Returns: warnings."""
    from rapport.cli.ready_made import publish_ready_made, run_live_scores, scores_are_fresh
    from rapport.workspace.actions.work_list import build_work_list
    from rapport.workspace.crm.lake import publish
    from rapport.workspace.crm.samples.catalogue import sample_named
    from rapport.workspace.scores.runs import READ_TABLES

    with _step("Lake"):
        published = publish()
    if scores_are_fresh() and set(READ_TABLES).isdisjoint(published.rows):
        return []
    with _dashboards_beside() as dashboards:
        with _step("Backtests") as progress:
            warnings = publish_ready_made(sample_named(sample).templates, by=by, progress=progress)
        with _step("Scores") as progress:
            warnings += run_live_scores(progress)
        with _step("Work list"):
            build_work_list(now=datetime.now(UTC))
        with _step("Dashboards"):
            failed = dashboards.wait()
    return [*warnings, "The dashboards were not computed; `rapport refresh` tells why."] if failed else warnings


@contextmanager
def _dashboards_beside() -> Iterator[subprocess.Popen[bytes]]:
    """Dashboards need no scores: another process computes them meanwhile, on another core."""
    process = subprocess.Popen(
        [sys.executable, "-m", "rapport.cli", "refresh", "--dashboards"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _remove() -> int:
    start_workspace()
    from rapport.workspace.actions.refresh import refresh
    from rapport.workspace.crm.samples.catalogue import sample_named
    from rapport.workspace.crm.samples.loading import loaded_sample
    from rapport.workspace.crm.samples.removing import remove_sample
    from rapport.workspace.options import forget_options

    present = loaded_sample()
    if present is None:
        said("There is no sample in this workspace.")
        return OK
    with _step("Removing the sample"):
        outcome = remove_sample()
    forget_options(_reckoning(sample_named(present.name)))
    with _step("Refreshing"):
        refresh()
    said(f"{sum(outcome.removed.values()):,} rows removed.")
    if outcome.kept:
        kept = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in outcome.kept.items())
        said(f"Kept, because something people made refers to them: {kept}.")
    return OK


@contextmanager
def _step(title: str) -> Iterator[Progress]:
    began = time.monotonic()
    with progress_shown(title) as progress:
        yield progress
    said(f"{title:<32}{time.monotonic() - began:6.1f} s")


def _shown(access: Access) -> None:
    out = console()
    out.print(f"User {access.username}", markup=False)
    if access.password:
        out.print(f"Password {access.password}", markup=False)
