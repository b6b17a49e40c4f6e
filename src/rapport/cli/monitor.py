"""monitor and holdout: proof while a score lives."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rapport.cli.exit_codes import OK, WARNINGS
from rapport.cli.scoring import instant
from rapport.cli.shown import progress_shown, said, table_shown, warned
from rapport.cli.starting import start_workspace
from rapport.engine.errors import DefinitionError

if TYPE_CHECKING:
    from rapport.engine.evaluation.holdout.rates import Estimate
    from rapport.workspace.actions.models import HoldoutPlan

_AS_OF = typer.Option(help="Instant to look from (2026-03-01 or 2026-03-01T12:00+01:00); now by default.")


def monitor(
    names: Annotated[
        list[str] | None, typer.Argument(help="Scores; all live ones by default.", show_default=False)
    ] = None,
    as_of: Annotated[str | None, _AS_OF] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Only what is to be watched and what is alarming.")] = False,
) -> int:
    """Look at live scores: do they rank as promised, have they or their inputs moved, are they fresh?"""
    start_workspace()
    from rapport.workspace.scores.definitions import live_definitions
    from rapport.workspace.scores.monitoring import monitor as look

    chosen = names or [version.name or "" for version in live_definitions()]
    if not chosen:
        raise DefinitionError("No score is live.", where="monitor", next_step="Publish one under Scores.")
    at, alarming = instant(as_of), False
    for name in chosen:
        with progress_shown(name) as progress:
            check = look(name, now=at, progress=progress)
        alarming |= check.level == "alarm"
        rows = [(f["level"], f["about"], f["sentence"]) for f in check.findings if not quiet or _serious(f)]
        table_shown(("level", "about", "found"), rows, title=f"{name} version {check.version}: {check.level}")
    return WARNINGS if alarming else OK


def _serious(finding: Mapping[str, Any]) -> bool:
    return finding["level"] in ("watch", "alarm")


def holdout(
    score: Annotated[str | None, typer.Argument(help="Score; every plan by default.", show_default=False)] = None,
    start: Annotated[float | None, typer.Option(help="Begin a plan: percent of the suggestions held out.")] = None,
    days: Annotated[int, typer.Option(help="For how many days a new plan divides.")] = 90,
    spare: Annotated[list[str] | None, typer.Option(help="Band nobody is held out of; may be repeated.")] = None,
    stop: Annotated[str | None, typer.Option(help="End the running plan, and why.")] = None,
    as_of: Annotated[str | None, _AS_OF] = None,
) -> int:
    """Does acting pay? Compare those who were suggested with those held out at random; or begin or end a plan."""
    start_workspace()
    from django.utils import timezone

    at = instant(as_of) or timezone.now()
    if score is not None and start is not None:
        return _begin(score, share=start, days=days, spared=spare or [], at=at)
    if score is not None and stop is not None:
        return _end(score, why=stop, at=at)
    return _reports(score, at=at)


def _begin(score: str, *, share: float, days: int, spared: list[str], at: datetime) -> int:
    from rapport.workspace.actions.holdout import Wanted
    from rapport.workspace.actions.holdout import start as begin

    wanted = Wanted(score=score, held_out=share / 100, days=days, by_band=dict.fromkeys(spared, 0.0))
    plan = begin(wanted, by="command line", now=at)
    said(f"{plan.action}: {plan.held_out:.0%} held out until {plan.ends_at:%Y-%m-%d}.")
    return OK


def _end(score: str, *, why: str, at: datetime) -> int:
    from rapport.workspace.actions.holdout import running
    from rapport.workspace.actions.holdout import stop as end

    plan = running(score, now=at)
    if plan is None:
        raise DefinitionError("No holdout of this score is running.", where=score)
    end(plan, by="command line", why=why, now=at)
    said(f"{plan.action} is ended; those held out are suggested again.")
    return OK


def _reports(score: str | None, *, at: datetime) -> int:
    from rapport.workspace.actions.models import HoldoutPlan

    plans = HoldoutPlan.objects.all() if score is None else HoldoutPlan.objects.filter(score=score)
    found = list(plans)
    if not found:
        raise DefinitionError(
            "Nobody is held out, so there is nothing to compare.",
            where=score or "holdout",
            next_step="Begin a plan: rapport holdout SCORE --start 20 --days 90.",
        )
    broken = [_report_shown(plan, at=at) for plan in found]
    return WARNINGS if any(broken) else OK


def _report_shown(plan: HoldoutPlan, *, at: datetime) -> bool:
    """The report of one plan; whether its arms have other sizes than asked for."""
    from rapport.workspace.actions.holdout_reports import report

    with progress_shown(plan.action):
        made = report(plan, now=at)
    rows = [
        (
            e.arm,
            e.n,
            _percent(e.rate),
            e.control_n,
            _percent(e.control_rate),
            _points(e.difference),
            _count(e.incremental),
        )
        for e in made.effects
    ]
    columns = ("arm", "n", "converted", "held out", "converted", "points more", "more conversions")
    table_shown(columns, rows, title=f"{plan.action}, {plan.title}")
    for effect in made.effects:
        said(effect.verdict.sentence)
    for note in made.notes:
        warned(note)
    return made.ratio.broken


def _percent(rate: float | None) -> str:
    return "" if rate is None else f"{rate:.2%}"


def _points(found: Estimate | None) -> str:
    """A difference of rates, in percentage points."""
    return "" if found is None else f"{100 * found.value:+.2f} ({100 * found.low:+.2f} to {100 * found.high:+.2f})"


def _count(found: Estimate | None) -> str:
    return "" if found is None else f"{found.value:+,.0f} ({found.low:+,.0f} to {found.high:+,.0f})"
