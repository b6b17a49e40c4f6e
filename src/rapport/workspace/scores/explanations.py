"""Why a score is what it is, computed on demand through the expression that computed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import Max
from django.utils import timezone

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import RapportError
from rapport.engine.runner import Runner
from rapport.engine.scores.explanation import Explanation, LineChange, changes
from rapport.engine.scores.kinds import KINDS
from rapport.engine.scores.trend import TREND_DAYS, earlier
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.scores.definitions import parsed, version_of
from rapport.workspace.scores.models import CurrentScore, ScoreDefinition, ScoreRun, ScoreValue
from rapport.workspace.scores.runs import READ_TABLES, population_of


def explain(name: str, subject_ids: Sequence[str]) -> Mapping[str, Explanation]:
    """An explanation for each subject that the live version scores, as of its newest run.

    As of that run and with its population, so that the lines add up to the value in lists. A score
    that has not run yet is explained as of now.
    """
    if not subject_ids:
        return {}
    with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
        return _explained(version_of(name), subject_ids, snapshot, runner)


def explain_movement(
    name: str, subject_ids: Sequence[str], *, moved: Sequence[str]
) -> tuple[Mapping[str, Explanation], Mapping[str, Explanation]]:
    """The explanations as of the newest run; and, for those that moved, the ones of a week before it."""
    if not subject_ids:
        return {}, {}
    version = version_of(name)
    definition, run = parsed(version), _newest(version)
    with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
        now = _explained(version, subject_ids, snapshot, runner)
        if not moved:
            return now, {}
        at = earlier(run.as_of if run else timezone.now(), TREND_DAYS[0])
        kind = KINDS[definition.kind]
        week_ago = kind.explain(definition, as_known(snapshot, at), subject_ids=list(moved), runner=runner)
    return now, week_ago


def explain_subject(versions: Sequence[ScoreDefinition], subject_id: str) -> Mapping[str, Explanation | str]:
    """Every score of one subject, by name; a sentence where one cannot be explained."""
    found: dict[str, Explanation | str] = {}
    if not versions:
        return found
    with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
        for version in versions:
            name = version.name or ""
            try:
                explained = _explained(version, [subject_id], snapshot, runner)
                found[name] = explained.get(subject_id) or "It is not in the audience of this score."
            except RapportError as error:
                found[name] = error.sentence
    return found


def explain_change(entry: ScoreValue, before: ScoreValue | None) -> tuple[LineChange, ...]:
    """What moved a score between two entries of its history, each as known then and by the version of then."""
    with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
        now, then = (_at(e, snapshot, runner) if e else Explanation(value=None) for e in (entry, before))
    return changes(then, now)


def _at(entry: ScoreValue, snapshot: Snapshot, runner: Runner) -> Explanation:
    definition = parsed(version_of(entry.score, entry.version))
    run = ScoreRun.objects.filter(pk=entry.run_id or "").first()
    found = KINDS[definition.kind].explain(
        definition,
        as_known(snapshot, entry.as_of),
        subject_ids=[entry.subject_id],
        runner=runner,
        run=population_of(run) if run and run.as_of <= entry.as_of else None,
    )
    return found.get(entry.subject_id, Explanation(value=None))


def _newest_instant(version: ScoreDefinition, subject_ids: Sequence[str], run: ScoreRun | None) -> datetime:
    """The instant of the scores as they are kept: the run's, or later where they were scored in real time since."""
    if run is None:
        return timezone.now()
    kept = CurrentScore.objects.filter(score=run.score, version=run.version, subject_id__in=subject_ids)
    return max(run.as_of, kept.aggregate(newest=Max("as_of"))["newest"] or run.as_of)


def _explained(
    version: ScoreDefinition, subject_ids: Sequence[str], snapshot: Snapshot, runner: Runner
) -> Mapping[str, Explanation]:
    run = _newest(version)
    definition = parsed(version)
    return KINDS[definition.kind].explain(
        definition,
        as_known(snapshot, _newest_instant(version, subject_ids, run)),
        subject_ids=list(subject_ids),
        runner=runner,
        run=population_of(run),
    )


def _newest(version: ScoreDefinition) -> ScoreRun | None:
    done = ScoreRun.objects.filter(score=version.name or "", version=version.version or 0, state="done")
    return done.order_by("-as_of").first()
