"""Live scores as real time runs them: the definition, the population run in force, and its queries, compiled."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from threading import Lock

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.conditions.grammar import Related, walk
from rapport.engine.crm.local_day import local_day_of
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.compiled import Compiled, NotCompiled, compiled
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.execution.live_tables import LiveTables
from rapport.engine.runner import Unforeseen
from rapport.engine.scores.definition import ScoreDefinition as Definition
from rapport.engine.scores.kinds import KINDS
from rapport.engine.scores.points.expression import Points
from rapport.engine.scores.points.spec import PointsDefinition
from rapport.engine.scores.population import PopulationRun
from rapport.engine.scores.trend import TREND_DAYS, earlier
from rapport.workspace.scores.definitions import readable
from rapport.workspace.scores.keeping import Readiness
from rapport.workspace.scores.models import ScoreDefinition, ScoreRun
from rapport.workspace.scores.runs import population_of, readiness_of

_KEPT = 6  # compiled queries of a score: those of today, and of yesterday while today's are being made
_BUILDING = Lock()  # expressions are translated one at a time
_log = logging.getLogger(__name__)
_Key = tuple[int, date, frozenset[str]]


@dataclass(frozen=True)
class Now:
    """What is known of some subjects at the instant they are scored.

    Attributes:
        tables: one set for now and one for each earlier instant, which may be asked side by side.
        present: the tables that hold a row, of whomever: mapped ones.
    """

    at: datetime
    tables: Sequence[LiveTables]
    snapshot: Snapshot
    present: frozenset[str]


@dataclass
class LiveScore:
    """One live score with the run in force.

    Attributes:
        run: the newest completed run of this version; its population ranks everyone until the next.
        is_paused: it failed in real time; only its full runs compute it until one has ended.
    """

    stored: ScoreDefinition
    definition: Definition
    run: ScoreRun
    is_paused: bool = False
    _queries: dict[_Key, Compiled | None] = field(default_factory=dict)
    _texts: dict[int, dict[int, list[str]]] = field(default_factory=lambda: defaultdict(dict))

    @property
    def name(self) -> str:
        return self.stored.name or ""

    @property
    def subject(self) -> str:
        return self.stored.subject

    @property
    def is_points(self) -> bool:
        return isinstance(self.definition, PointsDefinition)

    @cached_property
    def population(self) -> PopulationRun | None:
        return population_of(self.run)

    @cached_property
    def readiness(self) -> Readiness | None:
        return readiness_of(self.definition)

    @cached_property
    def is_wide(self) -> bool:
        """Whether what other contacts of the account did may matter."""
        if not isinstance(self.definition, PointsDefinition):
            return self.definition.kind != "rfm" or self.subject != "contact"
        parts = [part for _, criterion in self.definition.criteria for part in walk(criterion.when)]
        return self.subject == "account" or any(isinstance(part, Related) for part in parts)

    def instants(self, at: datetime) -> tuple[datetime, ...]:
        """When it is computed: now; and for points 7 and 30 days earlier, from which the trend is told."""
        return (at, *(earlier(at, days) for days in TREND_DAYS)) if self.is_points else (at,)

    def reads(self, now: Now) -> dict[str, set[str]] | None:
        """The columns it needs, by table; None where it cannot be compiled and so may need any."""
        found: dict[str, set[str]] = {}
        for position in range(len(self.instants(now.at))):
            query = self._query(position, now)
            if query is None:
                return None
            for table, columns in query.reads.items():
                found.setdefault(table, set()).update(columns)
        return found

    def rows(self, position: int, now: Now) -> pa.Table:
        """Everybody's score, among those whose rows are swapped in, ranked in the run in force.

        Parameters: position, in `instants`: 0 for now.
        """
        at = self.instants(now.at)[position]
        while (query := self._query(position, now)) is not None:
            try:
                return self._ranked(query.run(at))
            except Unforeseen:
                with _BUILDING:
                    self._queries.pop(self._key(position, now))  # its texts are remembered: it is built again for them
                    query.close()
        return self._uncompiled(at, now)

    def _query(self, position: int, now: Now) -> Compiled | None:
        key = self._key(position, now)
        with _BUILDING:
            if key not in self._queries:
                self._forget_old()
                self._queries[key] = self._compiled(position, now)
            return self._queries[key]

    def _key(self, position: int, now: Now) -> _Key:
        day = local_day_of(self.instants(now.at)[position], self.definition.time_zone or now.snapshot.time_zone)
        return position, day, now.present

    def _forget_old(self) -> None:
        for key in list(self._queries)[: max(0, len(self._queries) - _KEPT + 1)]:
            if (query := self._queries.pop(key)) is not None:
                query.close()

    def _compiled(self, position: int, now: Now) -> Compiled | None:
        at, texts = self.instants(now.at)[position], self._texts[position]
        try:
            return compiled(
                self._build, now.tables[position], now.snapshot, present=sorted(now.present), at=at, memory=texts
            )
        except NotCompiled as why:
            _log.info("%s is built anew for each batch: %s", self.name, why)
        except Exception:
            _log.warning("%s cannot be compiled.", self.name, exc_info=True)
        return None

    def _build(self, snapshot: Snapshot, runner: DuckdbRunner, at: datetime) -> ir.Table:
        view = as_known(snapshot, at)
        if isinstance(self.definition, PointsDefinition):
            return Points(self.definition, view, runner).scores()
        return KINDS[self.definition.kind].score(self.definition, view, runner=runner, run=self.population)

    def _uncompiled(self, at: datetime, now: Now) -> pa.Table:
        runner = now.tables[0].runner
        tables = {name: now.tables[0].table(name) for name in now.present}
        view = as_known(Snapshot(tables, now.snapshot.time_zone, now.snapshot.currency), at)
        kind = KINDS[self.definition.kind]
        return runner.to_arrow(kind.score(self.definition, view, runner=runner, run=self.population))

    def _ranked(self, rows: pa.Table) -> pa.Table:
        """With `percentile`, where the query leaves it out."""
        if "percentile" in rows.schema.names:
            return rows
        if self.population is None or not self.population.population:
            return rows.append_column("percentile", pa.nulls(len(rows), pa.float64()))
        values = rows["value"].to_pylist()
        micro = np.array([0 if value is None else int(value.scaleb(6)) for value in values], dtype=np.int64)
        unknown = np.array([value is None for value in values], dtype=bool)
        return rows.append_column("percentile", pa.array(self.population.percentiles(micro), mask=unknown))


class LiveScores:
    """The live scores that have run, kept in step with what is published and run."""

    def __init__(self) -> None:
        self._scores: dict[str, LiveScore] = {}

    def current(self) -> list[LiveScore]:
        """Those to score by now. A score takes part once its live version has had its first run."""
        found: dict[str, LiveScore] = {}
        for stored in ScoreDefinition.objects.filter(state="published").defer("backtest", "backtest_html"):
            name = stored.name or ""
            before = self._scores.get(name)
            newest = _newest_run(stored)
            if newest is None:
                continue
            if before and before.run.pk == newest and before.stored.pk == stored.pk:
                found[name] = before
            elif (fresh := _live(stored, newest)) is not None:
                found[name] = _with_queries_of(before, fresh)
        self._scores = found
        return list(found.values())


def _newest_run(stored: ScoreDefinition) -> str | None:
    done = ScoreRun.objects.filter(score=stored.name, version=stored.version or 1, state="done")
    return done.order_by("-as_of", "-finished_at").values_list("pk", flat=True).first()


def _live(stored: ScoreDefinition, run_id: str) -> LiveScore | None:
    definition = readable(stored)
    return LiveScore(stored, definition, ScoreRun.objects.get(pk=run_id)) if definition else None


def _with_queries_of(before: LiveScore | None, fresh: LiveScore) -> LiveScore:
    """A points query does not depend on the run: it is kept when only that is new."""
    if before and before.stored.pk == fresh.stored.pk and fresh.is_points:
        fresh._queries, fresh._texts = before._queries, before._texts
    return fresh


def touched_tables(scores: Collection[LiveScore], now: Now) -> dict[str, set[str]] | None:
    """The columns that all of them need, by table; None where one of them may need any."""
    found: dict[str, set[str]] = {}
    for score in scores:
        reads = score.reads(now)
        if reads is None:
            return None
        for table, columns in reads.items():
            found.setdefault(table, set()).update(columns)
    return found


__all__ = ["LiveScore", "LiveScores", "Now", "touched_tables"]
