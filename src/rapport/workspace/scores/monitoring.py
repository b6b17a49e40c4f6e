"""Watching the live scores: looked at every day, kept with history, alarms first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import numpy as np
from django.db.models import Count, Max
from django.utils import timezone

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import RapportError
from rapport.engine.evaluation.drift import Spread, drift, drifts, spread_of
from rapport.engine.evaluation.levels import ALARM, LEVELS, UNKNOWN, Finding, worst
from rapport.engine.evaluation.matured import matured
from rapport.engine.evaluation.monitoring import Covered, coverage, model_warnings, staleness
from rapport.engine.evaluation.promise import kept_promises
from rapport.engine.runner import Runner
from rapport.engine.scores.definition import ScoreDefinition as Definition
from rapport.engine.scores.kinds import KINDS
from rapport.engine.scores.population import PopulationRun
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.scores.cohorts import cohort_instants, cohorts_at
from rapport.workspace.scores.definitions import live_definitions, parsed, version_of
from rapport.workspace.scores.models import CurrentScore, ScoreCheck, ScoreDefinition, ScoreRun, ScoreValue
from rapport.workspace.scores.overview import freshness
from rapport.workspace.scores.runs import READ_TABLES, Progress, population_of, quiet

SAMPLE = 500  # subjects whose reasons are told at either end: inputs drift by what they add to the score
_KEPT = timedelta(days=400)
_NO_INPUT = ("base", "limit", "rounding")


@dataclass(frozen=True, kw_only=True)
class Health:
    """How a live score was found. check: None before it was first looked at; alarms, the findings to act on."""

    check: ScoreCheck | None
    level: str
    alarms: Sequence[Mapping[str, object]]


def monitor(name: str, *, now: datetime | None = None, progress: Progress = quiet) -> ScoreCheck:
    """Look at a live score and keep what was found; an earlier look of the same instant is replaced."""
    at, version = now or timezone.now(), version_of(name)
    definition = parsed(version)
    progress(0, 3, f"looking at {name}")
    found = _without_data(version, definition, now=at)
    with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
        progress(1, 3, f"{name}: what happened to those it scored")
        found += _guarded("ranking", lambda: _promises(version, definition, snapshot, runner, now=at))
        progress(2, 3, f"{name}: what goes into it")
        found += _guarded("drift of the inputs", lambda: _input_drift(version, definition, snapshot, runner))
    found.sort(key=lambda f: -LEVELS.index(f.level))
    ScoreCheck.objects.filter(score=name, checked_at__lt=at - _KEPT).delete()
    check, _ = ScoreCheck.objects.update_or_create(
        score=name,
        version=version.version or 1,
        checked_at=at,
        defaults={"level": worst(f.level for f in found), "findings": [asdict(f) for f in found]},
    )
    progress(3, 3, f"{name}: {check.level}")
    return check


def monitor_all(*, now: datetime | None = None, progress: Progress = quiet) -> list[ScoreCheck]:
    """Look at every live score."""
    at = now or timezone.now()
    return [monitor(version.name or "", now=at, progress=progress) for version in live_definitions()]


def health_of(names: Iterable[str]) -> dict[str, Health]:
    """The newest look at each score of these names."""
    wanted = list(names)
    newest = ScoreCheck.objects.filter(score__in=wanted).values("score").annotate(at=Max("checked_at"))
    instants = {row["score"]: row["at"] for row in newest}
    rows = ScoreCheck.objects.filter(score__in=wanted, checked_at__in=set(instants.values()))
    found = {check.score: check for check in rows if instants[check.score] == check.checked_at}
    return {name: _health(found.get(name)) for name in wanted}


def history(name: str, *, count: int = 60) -> list[ScoreCheck]:
    """The looks at a score, newest first."""
    return list(ScoreCheck.objects.filter(score=name).order_by("-checked_at")[:count])


def _health(check: ScoreCheck | None) -> Health:
    if check is None:
        return Health(check=None, level=UNKNOWN, alarms=())
    return Health(check=check, level=check.level, alarms=[f for f in check.findings if f["level"] == ALARM])


def _guarded(about: str, find: Callable[[], list[Finding]]) -> list[Finding]:
    """What `find` finds; where the data cannot answer, that is the finding."""
    try:
        return find()
    except RapportError as error:
        return [Finding(about=about, level=UNKNOWN, sentence=error.sentence)]


def _without_data(version: ScoreDefinition, definition: Definition, *, now: datetime) -> list[Finding]:
    """Freshness, coverage, the model and the drift of the score: told from what runs have kept."""
    name = version.name or ""
    fresh = freshness(name, now=now)
    first, last = _first_run(version), fresh.run
    found = [
        staleness(definition, computed_as_of=last.as_of if last else None, failed=fresh.failed, now=now),
        coverage(_covered(name), _covered_by(first)),
    ]
    then, at_last = population_of(first), population_of(last)
    found += model_warnings(at_last)
    if then is not None and at_last is not None and first is not None and last is not None and first.pk != last.pk:
        found.append(drift("the score", _spread(then), _spread(at_last)).finding)
    return found


def _promises(
    version: ScoreDefinition, definition: Definition, snapshot: Snapshot, runner: Runner, *, now: datetime
) -> list[Finding]:
    if definition.outcome is None:
        told = "It claims no outcome, so it cannot be held against what happened."
        return [Finding(about="ranking", level=UNKNOWN, sentence=told)]
    instants = cohort_instants(version, within_days=definition.outcome.within_days, now=now)
    cohorts = cohorts_at(version, definition, instants)
    found = matured(definition, snapshot, cohorts, now=now, runner=runner)
    findings = kept_promises(found, version.backtest, version=f"version {version.version}")
    if found.as_ofs:
        findings[0].figures["matured"] = found.figures()
    return findings


def _input_drift(version: ScoreDefinition, definition: Definition, snapshot: Snapshot, runner: Runner) -> list[Finding]:
    """What each input adds to the score, for a sample then and one now; by the same model at both ends."""
    first, last = _first_run(version), _last_run(version)
    if first is None or last is None or first.pk == last.pk:
        return []
    run = population_of(last)
    then, now = (_inputs(definition, snapshot, runner, r, run=run) for r in (first, last))
    return [d.finding for d in drifts(then, now)]


def _inputs(
    definition: Definition, snapshot: Snapshot, runner: Runner, at: ScoreRun, *, run: PopulationRun | None
) -> dict[str, Spread]:
    """By input, what it adds to the scores of the sample at an instant; 0 where it adds nothing."""
    ids = _sample(at)
    explained = KINDS[definition.kind].explain(
        definition, as_known(snapshot, at.as_of), subject_ids=ids, runner=runner, run=run
    )
    told = [e for e in explained.values() if e.value is not None]
    added: dict[str, dict[int, float]] = defaultdict(dict)
    for place, explanation in enumerate(told):
        for line in explanation.lines:
            if line.kind not in _NO_INPUT:
                added[line.name][place] = added[line.name].get(place, 0.0) + float(line.points)
    return {name: spread_of([values.get(i, 0.0) for i in range(len(told))]) for name, values in added.items()}


def _sample(run: ScoreRun) -> list[str]:
    """Some of those who had a value by a run: the same ones as long as they are there, chosen by a hash of the id."""
    known = ScoreValue.objects.filter(score=run.score, version=run.version, as_of__lte=run.as_of, value__isnull=False)
    ids = known.values_list("subject_id", flat=True).distinct()
    return sorted(ids, key=lambda i: sha256(i.encode()).digest())[:SAMPLE]


def _spread(run: PopulationRun) -> Spread:
    return Spread(values=run.values / 1e6, counts=np.asarray(run.counts, dtype=float))


def _covered(name: str) -> Covered:
    rows = CurrentScore.objects.filter(score=name)
    without = rows.filter(value__isnull=True).values_list("reason_null").annotate(n=Count("id"))
    return Covered(
        scored=rows.filter(value__isnull=False).count(),
        unscored={reason or "no value": n for reason, n in without.order_by("-n")},
    )


def _covered_by(run: ScoreRun | None) -> Covered | None:
    return None if run is None else Covered(scored=run.scored_count, unscored={"": run.null_count})


def _runs(version: ScoreDefinition) -> list[ScoreRun]:
    """Runs of the version while it was live; values added later for past instants are none."""
    runs = ScoreRun.objects.filter(score=version.name, version=version.version or 1, state="done")
    return list(runs.defer("population").order_by("as_of", "finished_at"))


def _first_run(version: ScoreDefinition) -> ScoreRun | None:
    """The run it was published with: the first as of its publishing, else the first there is."""
    runs, published = _runs(version), version.published_at
    return next((r for r in runs if published is None or r.as_of >= published), runs[0] if runs else None)


def _last_run(version: ScoreDefinition) -> ScoreRun | None:
    runs = _runs(version)
    return runs[-1] if runs else None
