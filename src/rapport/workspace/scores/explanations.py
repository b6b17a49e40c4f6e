"""Why a score is what it is, computed on demand through the expression that computed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils import timezone

from rapport.engine.crm.as_of import as_known
from rapport.engine.scores.explanation import Explanation
from rapport.engine.scores.kinds import KINDS
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.scores.definitions import parsed, version_of
from rapport.workspace.scores.models import ScoreRun
from rapport.workspace.scores.runs import READ_TABLES, population_of


def explain(name: str, subject_ids: Sequence[str]) -> Mapping[str, Explanation]:
    """An explanation for each subject that the live version scores, as of its newest run.

    As of that run and with its population, so that the lines add up to the value in lists. A score
    that has not run yet is explained as of now.
    """
    if not subject_ids:
        return {}
    version = version_of(name)
    run = ScoreRun.objects.filter(score=name, version=version.version, state="done").order_by("-as_of").first()
    at = run.as_of if run else timezone.now()
    definition = parsed(version)
    with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
        return KINDS[definition.kind].explain(
            definition, as_known(snapshot, at), subject_ids=list(subject_ids), runner=runner, run=population_of(run)
        )
