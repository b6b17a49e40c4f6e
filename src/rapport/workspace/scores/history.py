"""A subject's scores over time, and filling in the weeks before a score went live."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import zip_longest

from django.db.models import Q
from django.utils import timezone

from rapport.engine.crm.as_of import as_known
from rapport.engine.scores.kinds import KINDS
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.scores.definitions import parsed, version_of
from rapport.workspace.scores.keeping import keep_history
from rapport.workspace.scores.models import ScoreRun, ScoreValue
from rapport.workspace.scores.runs import READ_TABLES, Progress, last_run, quiet
from rapport.workspace.scores.scored import Scored, scored_rows

_WEEKS = 8
_CAUSE = "filled in"
_MOST_SUBJECTS = 20_000  # beyond, filling in would keep more rows than it helps


@dataclass(frozen=True, kw_only=True)
class Point:
    """A value (null: none then) from an instant on, and what caused it."""

    at: datetime
    value: float | None
    band: str | None
    cause: str | None


def history_of(subject_id: str, *, score: str, version: int | None, since: datetime) -> list[Point]:
    """The entries of one subject and version since an instant, oldest first."""
    rows = ScoreValue.objects.filter(score=score, subject_id=subject_id, version=version, as_of__gte=since)
    return [
        Point(at=at, value=None if value is None else float(value), band=band, cause=cause)
        for at, value, band, cause in rows.order_by("as_of", "id").values_list("as_of", "value", "band", "cause")
    ]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An entry of a subject's history with the one before it, of whichever version (null: the first)."""

    stored: ScoreValue
    before: ScoreValue | None

    @property
    def change(self) -> Decimal | None:
        """Null where either has no value."""
        if self.before is None or self.before.value is None or self.stored.value is None:
            return None
        return self.stored.value - self.before.value


def entries(subject_id: str, *, score: str, count: int, until: str = "") -> list[Entry]:
    """The newest entries of one subject, all versions, newest first.

    Parameters: until, the id of an entry: that one and older ones only.
    """
    rows = ScoreValue.objects.filter(score=score, subject_id=subject_id).order_by("-as_of", "-id")
    if until:
        last = rows.filter(pk=until).values_list("as_of", flat=True).first()
        rows = rows.filter(Q(as_of__lt=last) | Q(as_of=last, pk__lte=until)) if last else rows.none()
    found = list(rows[: count + 1])
    return [Entry(stored=row, before=before) for row, before in zip_longest(found, found[1:])][:count]


def fill_in(name: str, *, weeks: int = _WEEKS, progress: Progress = quiet) -> int:
    """Weekly values of the weeks before the first run of the live version, as known then; safe to run twice.

    Only for a score that has run, has no earlier history and has at most 20,000 subjects. Returns entries written.
    """
    version = version_of(name)
    run = last_run(name)
    if run is None or run.version != version.version or run.scored_count + run.null_count > _MOST_SUBJECTS:
        return 0
    entries = ScoreValue.objects.filter(score=name, version=version.version)
    first = entries.order_by("as_of").values_list("as_of", flat=True).first()
    if first is None or entries.filter(cause=_CAUSE).exists():
        return 0
    instants = [first - timedelta(days=7 * back) for back in range(weeks, 0, -1)]
    return _fill(run, version.subject, instants, progress)


def _fill(run: ScoreRun, subject: str, instants: Sequence[datetime], progress: Progress) -> int:
    definition = parsed(version_of(run.score, run.version))
    told: dict[str, tuple[object, ...]] = {}
    entries: list[tuple[ScoreRun, list[Scored]]] = []
    with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
        for done, at in enumerate(instants):
            progress(done, len(instants), f"history of {run.score}")
            scores = KINDS[definition.kind].score(definition, as_known(snapshot, at), runner=runner)
            then = ScoreRun(id=run.id, score=run.score, version=run.version, as_of=at)
            entries.append((then, _new_only(scored_rows(runner.to_arrow(scores)), told)))
    now = timezone.now()
    return sum(keep_history(rows, then, subject=subject, computed_at=now, cause=_CAUSE) for then, rows in entries)


def _new_only(rows: Iterable[Scored], told: dict[str, tuple[object, ...]]) -> list[Scored]:
    """Those that differ from what was last told of the same subject."""
    new = [row for row in rows if told.get(row.subject_id) != row.told]
    told.update({row.subject_id: row.told for row in new})
    return new
