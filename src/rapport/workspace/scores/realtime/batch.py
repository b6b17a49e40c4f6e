"""One turn of real time: the marks that are due, the rows behind them, new scores, and the marks gone with them."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.crm.tables import TABLES
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.execution.live_tables import LiveTables
from rapport.engine.scores.trend import TREND_DAYS
from rapport.workspace.crm.lake.near import near, present_tables, rows_near
from rapport.workspace.lib.prompt_transaction import prompt_transaction
from rapport.workspace.queue.leases import HeldLease
from rapport.workspace.scores.keeping import keep_touched
from rapport.workspace.scores.models import CurrentScore, ScoreRun
from rapport.workspace.scores.realtime.live import LiveScore, LiveScores, Now, touched_tables
from rapport.workspace.scores.realtime.marks import MOST_SUBJECTS, Mark, delete_marks, due_marks, subjects_of
from rapport.workspace.scores.runs import READ_TABLES
from rapport.workspace.scores.scored import Scored, scored_rows, values_by_subject, with_movement

_LOOK_AGAIN_SECONDS = 1.0
CAUSE = "interaction"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What one turn did. lags: seconds from each mark to the commit of its scores."""

    marks: int = 0
    subjects: int = 0
    changed: int = 0
    seconds: float = 0.0
    at: datetime | None = None
    lags: Sequence[float] = ()
    by_part: Mapping[str, float] = field(default_factory=dict)


class RealTime:
    """Scores what was marked, batch by batch, with queries that stay compiled in between."""

    def __init__(self) -> None:
        # one engine for now and one for each earlier instant, so that they work side by side
        self._runners = [DuckdbRunner(threads=1) for _ in range(1 + len(TREND_DAYS))]
        self._tables = [LiveTables(runner) for runner in self._runners]
        self._pool = ThreadPoolExecutor(max_workers=len(self._runners), thread_name_prefix="scoring")
        self._scores = LiveScores()
        self._looked_at: float | None = None
        self._live: list[LiveScore] = []
        self._present: frozenset[str] = frozenset()

    def close(self) -> None:
        self._pool.shutdown()
        for runner in self._runners:
            runner.close()

    def turn(self, lease: HeldLease | None = None, *, now: datetime | None = None) -> Batch:
        """Score those marked now, as far as they fit; an empty batch where nobody is.

        Parameters: lease, confirmed in each writing transaction; now, for tests.
        """
        started = time.perf_counter()
        marks = due_marks(now or timezone.now())
        if not marks:
            return Batch()
        clock = _Clock(started)
        self._look(fresh=now is not None)
        at = max(now or timezone.now(), *(mark.touched_at for mark in marks))
        asked = subjects_of(marks, self._live)
        clock.passed("marks")
        scored = self._scored(asked, at, clock) if any(asked.values()) else []
        changed = _written(scored, marks, at=at, lease=lease)
        clock.passed("writing")
        done = timezone.now()
        return Batch(
            marks=len(marks),
            subjects=sum(len(ids) for ids in asked.values()),
            changed=changed,
            seconds=time.perf_counter() - started,
            at=at,
            lags=[(done - mark.touched_at).total_seconds() for mark in marks],
            by_part=clock.parts,
        )

    def _look(self, *, fresh: bool) -> None:
        """See now and then what is live and which tables are mapped."""
        moment = time.monotonic()
        if fresh or self._looked_at is None or moment - self._looked_at > _LOOK_AGAIN_SECONDS:
            self._live = self._scores.current()
            self._present = frozenset(present_tables(READ_TABLES))
            self._looked_at = moment

    def _scored(self, asked: Mapping[str, frozenset[str]], at: datetime, clock: _Clock) -> list[_Scored]:
        scores = [score for score in self._live if asked[score.subject] and not score.is_paused]
        if not scores:
            return []
        whole = Snapshot({}, time_zone=settings.REPORTING_TIME_ZONE, currency=settings.BASE_CURRENCY)
        now = Now(at, self._tables, whole, self._present)
        columns = touched_tables(scores, now) or {name: set(TABLES[name].columns) for name in self._present}
        clock.passed("compiling")
        known = near(
            contacts=asked["contact"],
            accounts=asked["account"],
            deals=asked["deal"],
            wide=any(score.is_wide for score in scores),
        )
        rows = rows_near(known, columns, self._pool)
        for tables in self._tables:
            tables.swap(rows)
        clock.passed("reading")
        try:
            tried = [_tried(score, asked[score.subject], now, self._pool) for score in scores]
        finally:
            for tables in self._tables:
                tables.clear()
        clock.passed("scoring")
        return [one for one in tried if one is not None]


@dataclass
class _Clock:
    """How long each part of a turn took."""

    last: float
    parts: dict[str, float] = field(default_factory=dict)

    def passed(self, part: str) -> None:
        now = time.perf_counter()
        self.parts[part] = now - self.last
        self.last = now


@dataclass(frozen=True)
class _Scored:
    """What came out for one score: everybody who was looked at, and a row for each who is scored."""

    score: LiveScore
    of: frozenset[str]
    rows: Sequence[Scored]


def _tried(score: LiveScore, of: frozenset[str], now: Now, pool: ThreadPoolExecutor) -> _Scored | None:
    """None where the score cannot be computed: it is left to its full runs, which tell why; the others go on."""
    try:
        return _scored_by(score, of, now, pool)
    except DatabaseError:
        raise
    except Exception:
        score.is_paused = True
        _log.exception("%s is not scored in real time until its next full run.", score.name)
        return None


def _scored_by(score: LiveScore, of: frozenset[str], now: Now, pool: ThreadPoolExecutor) -> _Scored:
    found = [pool.submit(score.rows, position, now) for position in range(len(score.instants(now.at)))]
    current, *then = (one.result() for one in found)
    week, month = [values_by_subject(rows) for rows in then] if then else _earlier_kept(score, of)
    bounds = (score.definition.range.min, score.definition.range.max)
    rows = [
        with_movement(row, week_ago=week.get(row.subject_id), month_ago=month.get(row.subject_id), score_range=bounds)
        for row in scored_rows(current)
        if row.subject_id in of
    ]
    return _Scored(score, of, rows)


def _earlier_kept(score: LiveScore, of: Collection[str]) -> tuple[dict[str, Decimal | None], dict[str, Decimal | None]]:
    """The values of 7 and 30 days before the last full run, as its changes tell them."""
    week: dict[str, Decimal | None] = {}
    month: dict[str, Decimal | None] = {}
    kept = CurrentScore.objects.filter(score=score.name, version=score.run.version, subject_id__in=of)
    for subject_id, value, by_week, by_month in kept.values_list("subject_id", "value", "change_7d", "change_30d"):
        week[subject_id] = None if value is None or by_week is None else value - by_week
        month[subject_id] = None if value is None or by_month is None else value - by_month
    return week, month


def _written(scored: Sequence[_Scored], marks: Sequence[Mark], *, at: datetime, lease: HeldLease | None) -> int:
    """Write the scores; the marks go in the transaction of the last part."""
    parts = [part for one in scored for part in _parts(one)]
    changed = 0
    for position, part in enumerate(parts or [None]):
        with prompt_transaction():
            if lease is not None:
                lease.confirm()
            if part is not None:
                changed += _keep(part, at)
            if position >= len(parts) - 1:
                delete_marks([mark.id for mark in marks])
    return changed


def _parts(scored: _Scored) -> list[_Scored]:
    """At most 1,000 subjects each."""
    if len(scored.of) <= MOST_SUBJECTS:
        return [scored]
    ordered, rows = sorted(scored.of), {row.subject_id: row for row in scored.rows}
    cuts = [ordered[start : start + MOST_SUBJECTS] for start in range(0, len(ordered), MOST_SUBJECTS)]
    return [_Scored(scored.score, frozenset(cut), [rows[s] for s in cut if s in rows]) for cut in cuts]


def _keep(part: _Scored, at: datetime) -> int:
    score = part.score
    then = ScoreRun(id=score.run.id, score=score.name, version=score.run.version, as_of=at)
    return keep_touched(
        then,
        part.rows,
        of=part.of,
        subject=score.subject,
        readiness=score.readiness,
        computed_at=timezone.now(),
        cause=CAUSE,
    )
