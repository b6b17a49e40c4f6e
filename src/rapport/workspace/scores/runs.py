"""Running a live score over all its subjects, and keeping what came out."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial

from django.db import transaction
from django.utils import timezone

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.crm.tables import TABLES
from rapport.engine.runner import Runner
from rapport.engine.scores.definition import ScoreDefinition as Definition
from rapport.engine.scores.kind import everyone
from rapport.engine.scores.kinds import KINDS, learns
from rapport.engine.scores.population import PopulationRun
from rapport.engine.scores.trend import TREND_DAYS, earlier
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.crm.records.touching import touch, touch_of
from rapport.workspace.queue.leases import held
from rapport.workspace.scores.definitions import live_definitions, parsed, version_of
from rapport.workspace.scores.keeping import Kept, Readiness, keep, keep_past
from rapport.workspace.scores.models import CurrentScore, ScoreDefinition, ScoreRun
from rapport.workspace.scores.scored import Scored, scored_rows, values_by_subject, with_movement
from rapport.workspace.scores.shadow import score_beside

READ_TABLES = tuple(name for name, table in TABLES.items() if table.room not in ("scores", "actions"))
_LONGEST_WAIT = 900.0  # seconds for another run of the same score to end
Progress = Callable[[int, int | None, str], None]


def quiet(done: int, total: int | None, message: str) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, kw_only=True)
class Computed:
    """What one pass computed: rows, and the population they were ranked in."""

    rows: Sequence[Scored]
    population: PopulationRun | None


def run_score(name: str, *, as_of: datetime | None = None, progress: Progress = quiet) -> ScoreRun:
    """Score everyone with the live version, as known at `as_of` (None: now); safe to run twice.

    One run of a score at a time. An instant before the newest run only adds to the history; current
    values stay. A failed run is recorded with its error, keeps the values of the run before, and raises.
    """
    version = version_of(name)
    with held(f"score {name}"[:100], seconds=60, wait=_LONGEST_WAIT):
        run = ScoreRun.objects.create(score=name, version=version.version or 1, as_of=as_of or timezone.now())
        try:
            with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
                _run(run, version, snapshot, runner, progress)
        except Exception as error:
            run.state, run.error, run.finished_at = "failed", str(error), timezone.now()
            run.save()
            raise
    return run


def run_all(*, as_of: datetime | None = None, progress: Progress = quiet) -> list[ScoreRun]:
    """Run every live score at one instant."""
    at, versions = as_of or timezone.now(), live_definitions()
    runs = []
    for done, version in enumerate(versions):
        progress(done, len(versions), f"scoring {version.name}")
        runs.append(run_score(version.name or "", as_of=at))
    return runs


def last_run(name: str) -> ScoreRun | None:
    """The completed run of a score with the newest instant, whichever version."""
    return ScoreRun.objects.filter(score=name, state="done").order_by("-as_of", "-finished_at").first()


def population_of(run: ScoreRun | None) -> PopulationRun | None:
    """The population that a run ranked its subjects in."""
    if run is None or not run.population:
        return None
    return PopulationRun.from_json(zlib.decompress(bytes(run.population)).decode())


def readiness_of(definition: Definition) -> Readiness | None:
    bounds = definition.ready_at
    return Readiness(enter=bounds.enter, leave=bounds.leave) if bounds else None


def _run(run: ScoreRun, version: ScoreDefinition, snapshot: Snapshot, runner: Runner, progress: Progress) -> None:
    definition = parsed(version)
    progress(0, 3, f"scoring {run.score}")
    before = population_of(_before(run)) if learns(definition) else None
    computed = compute(definition, snapshot, at=run.as_of, runner=runner, before=before)
    progress(1, 3, f"comparing {run.score} with 7 and 30 days earlier")
    rows = _moved(computed, definition, snapshot, at=run.as_of, runner=runner)
    progress(2, 3, f"keeping {run.score}")
    kept = _keep(run, version, definition, rows)
    run.scored_count, run.null_count, run.changed_count = kept.scored_count, kept.null_count, kept.changed_count
    run.population = zlib.compress(computed.population.to_json().encode()) if computed.population else None
    run.data_version = snapshot.version[:255]
    run.state, run.finished_at = "done", timezone.now()
    run.save()
    touch_overtaken(run, subject=version.subject)
    score_beside(run, rows, compute=partial(_beside, snapshot=snapshot, at=run.as_of, runner=runner))
    progress(3, 3, f"{run.score}: {kept.changed_count:,} of {kept.scored_count + kept.null_count:,} changed")


def _keep(run: ScoreRun, version: ScoreDefinition, definition: Definition, rows: Sequence[Scored]) -> Kept:
    newer = ScoreRun.objects.filter(score=run.score, state="done", as_of__gt=run.as_of).exists()
    if newer:
        return keep_past(run, rows, subject=version.subject, computed_at=timezone.now())
    readiness = readiness_of(definition)
    return keep(run, rows, subject=version.subject, readiness=readiness, computed_at=timezone.now())


def touch_overtaken(run: ScoreRun, *, subject: str) -> int:
    """Have those scored again who were scored in real time while the run was under way: they are ranked anew."""
    newer = CurrentScore.objects.filter(score=run.score, version=run.version, as_of__gt=run.as_of)
    ids = list(newer.values_list("subject_id", flat=True))
    with transaction.atomic():
        return touch((touch_of(subject, subject_id) for subject_id in ids), at=timezone.now())


def _before(run: ScoreRun) -> ScoreRun | None:
    """The run of the same version that was in force until then."""
    done = ScoreRun.objects.filter(score=run.score, version=run.version, state="done", as_of__lte=run.as_of)
    return done.exclude(pk=run.pk).order_by("-as_of", "-finished_at").first()


def compute(
    definition: Definition, snapshot: Snapshot, *, at: datetime, runner: Runner, before: PopulationRun | None = None
) -> Computed:
    """Everyone's score as known at an instant, ranked in a population of that instant.

    Parameters: before, the run in force until then, whose model a kind that learns may keep.
    """
    view = as_known(snapshot, at)
    scores, population = everyone(KINDS[definition.kind], definition, view, runner=runner, before=before)
    return Computed(rows=list(scored_rows(runner.to_arrow(scores))), population=population)


def _beside(
    definition: Definition, before: PopulationRun | None, *, snapshot: Snapshot, at: datetime, runner: Runner
) -> Computed:
    """What a draft in the shadow says at the instant of the run."""
    return compute(definition, snapshot, at=at, runner=runner, before=before)


def _moved(
    computed: Computed, definition: Definition, snapshot: Snapshot, *, at: datetime, runner: Runner
) -> list[Scored]:
    """The rows with what changed since 7 and 30 days earlier, by the same model where there is one."""
    run = computed.population if learns(definition) else None
    week, month = (_values(definition, snapshot, at=earlier(at, days), runner=runner, run=run) for days in TREND_DAYS)
    return [
        with_movement(
            row,
            week_ago=week.get(row.subject_id),
            month_ago=month.get(row.subject_id),
            score_range=(definition.range.min, definition.range.max),
            open_ended=definition.open_ended,
        )
        for row in computed.rows
    ]


def _values(
    definition: Definition, snapshot: Snapshot, *, at: datetime, runner: Runner, run: PopulationRun | None
) -> Mapping[str, Decimal | None]:
    """Values as known at a past instant; a population the kind needs is made at that instant unless given."""
    scores = KINDS[definition.kind].score(definition, as_known(snapshot, at), runner=runner, run=run)
    return values_by_subject(runner.to_arrow(scores.select("subject_id", "value")))
