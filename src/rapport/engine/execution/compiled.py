"""A query that is built once and run again and again over other rows: what a real-time update runs.

Building a large expression costs about a second of processor time and planning its SQL some hundredths, which for the
rows of a few hundred subjects is more than running it. So statements are prepared once, over tables under stable names
that give whatever rows are swapped in. What is done midway is written down as steps and done again: tables computed
once and read twice, and text conditions, told in Python of the distinct texts that came. Nothing is created between
runs, because any change of the catalogue would have every statement planned again.

An instant as of which everything is read stands in the SQL as literals. A query is built at an instant with an odd
second and microsecond; every literal of that second was made from it, by whole hours, and becomes a parameter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.crm.tables import TABLES
from rapport.engine.errors import EngineCannot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.execution.live_tables import LiveRows, LiveTables
from rapport.engine.runner import BatchFunction, Tell, Unforeseen

Build = Callable[[Snapshot, DuckdbRunner, datetime], ir.Table]
_MOST_BUILDS = 12
_ODD = (37, 718_293)  # second and microsecond that no stored instant is likely to share
_LITERAL = re.compile(r"MAKE_TIMESTAMPTZ\((\d+), (\d+), (\d+), (\d+), (\d+), 37\.718293, 'UTC'\)", flags=re.IGNORECASE)


class NotCompiled(EngineCannot):
    """An expression that looks at its rows while it is built; it is built anew each time."""

    def __init__(self, what: str) -> None:
        super().__init__("This score cannot be kept compiled.", received=what, next_step="Score it without compiling.")


def odd_instant(at: datetime) -> datetime:
    """An instant of the same hour to build a query at; times zones differ by whole and half hours, never by less."""
    return at.astimezone(UTC).replace(second=_ODD[0], microsecond=_ODD[1])


@dataclass
class _Asked(Mapping[str, ir.Table]):
    """Tables, and which of them were looked at."""

    tables: Mapping[str, ir.Table]
    read: set[str] = field(default_factory=set)

    def __getitem__(self, name: str) -> ir.Table:
        table = self.tables[name]
        self.read.add(name)
        return table

    def __contains__(self, name: object) -> bool:
        return name in self.tables

    def __iter__(self) -> Iterator[str]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)


@dataclass(frozen=True)
class _Statement:
    """A prepared statement. away: of each parameter, how far from the instant it is run at."""

    name: str
    sql: str
    away: tuple[timedelta, ...]

    def run(self, at: datetime, con: duckdb.DuckDBPyConnection) -> pa.Table:
        given = ", ".join(f"TIMESTAMPTZ '{(at + away).astimezone(UTC).isoformat(sep=' ')}'" for away in self.away)
        return con.execute(f"EXECUTE {self.name}({given})" if given else f"EXECUTE {self.name}").to_arrow_table()


@dataclass(frozen=True)
class _Step:
    """One thing done midway: what is asked, the table it fills, what is told of its texts (None: the rows as such)."""

    statement: _Statement
    filled: LiveRows
    tell: Tell | None = None

    def do(self, at: datetime, con: duckdb.DuckDBPyConnection) -> None:
        found = self.statement.run(at, con)
        if self.tell is None:
            self.filled.rows = found
        else:
            self.filled.rows = self.tell([text for text in found["value"].to_pylist() if text is not None])


class _Recorder(DuckdbRunner):
    """Answers like DuckDB, over the rows now swapped in, and writes down what it did."""

    def __init__(self, tables: LiveTables, memory: dict[int, list[str]], built_at: datetime) -> None:
        self.backend = tables.runner.backend
        self.built_at = built_at
        self.steps: list[_Step] = []
        self.kept: list[object] = []  # tables in memory vanish with the expressions they are in
        self.names: list[str] = []
        self._prefix, self._memory, self._looked_up = tables.prefix(), memory, 0

    def prepared(self, expression: ir.Table) -> _Statement:
        self.kept.append(expression)
        self.backend._register_in_memory_tables(expression)
        sql, away = _with_parameters(str(self.backend.compile(expression)), self.built_at)
        name = f"{self._prefix}_statement_{len(self.kept)}"
        self.backend.con.execute(f"PREPARE {name} AS {sql}")
        return _Statement(name, sql, away)

    def to_arrow(self, expression: ir.Table) -> pa.Table:
        raise NotCompiled("it reads its rows midway")

    def map_batches(self, expression: ir.Table, apply: BatchFunction, schema: pa.Schema) -> ir.Table:
        raise NotCompiled("it computes in Python")

    def cache(self, expression: ir.Table) -> ir.Table:
        return self._step(expression, None)

    def from_arrow(self, rows: pa.Table) -> ir.Table:
        return self._registered(rows)

    def told(self, texts: ir.Table, tell: Tell) -> ir.Table:
        return self._step(texts, self._remembering(tell))

    def examples(self, texts: ir.Table) -> Sequence[str]:
        return self._memory.get(self._looked_up, ())

    def _remembering(self, tell: Tell) -> Tell:
        position, memory = self._looked_up, self._memory
        self._looked_up += 1

        def told(texts: Sequence[str]) -> pa.Table:
            try:
                return tell(texts)
            except Unforeseen as unforeseen:
                memory.setdefault(position, []).extend(unforeseen.texts)
                raise

        return told

    def _step(self, expression: ir.Table, tell: Tell | None) -> ir.Table:
        step = _Step(self.prepared(expression), LiveRows(pa.table({})), tell)
        step.do(self.built_at, self.backend.con)
        self.steps.append(step)
        return self._registered(step.filled)

    def _registered(self, rows: pa.Table | LiveRows) -> ir.Table:
        name = f"{self._prefix}_table_{len(self.names)}"
        self.names.append(name)
        self.kept.append(rows)
        self.backend.con.register(name, rows)
        return self.backend.table(name)

    def close(self) -> None:
        """The connection is the tables' own; what was made in it goes."""
        for name in self.names:
            self.backend.con.unregister(name)


@dataclass(frozen=True)
class Compiled:
    """A query ready to be run over the rows that are swapped in.

    Attributes:
        reads: the CRM tables that it reads, each with the columns that matter; others may be null.
        built_at: the instant of which it was built.
    """

    reads: Mapping[str, frozenset[str]]
    built_at: datetime
    steps: tuple[_Step, ...]
    final: _Statement
    recorder: _Recorder

    def run(self, at: datetime) -> pa.Table:
        """The rows as of an instant of the same local day. Raises Unforeseen where it must be built again."""
        con = self.recorder.backend.con
        for step in self.steps:
            step.do(at, con)
        return self.final.run(at, con)

    def close(self) -> None:
        """Give back what the query holds in the engine."""
        statements = [*(step.statement for step in self.steps), self.final]
        for statement in statements:
            self.recorder.backend.con.execute(f"DEALLOCATE {statement.name}")
        self.recorder.close()


def compiled(
    build: Build,
    tables: LiveTables,
    snapshot: Snapshot,
    *,
    present: Sequence[str],
    at: datetime,
    memory: dict[int, list[str]],
) -> Compiled:
    """The query that `build` makes of the tables `present`, as of instants of the local day of `at`.

    Parameters: snapshot, how the company reckons; its tables are replaced. memory, texts met before, by look-up:
        given again, it spares building twice. Rows of some subjects must be swapped in.
    Raises: NotCompiled where the expression depends on its rows.
    """
    for _ in range(_MOST_BUILDS):
        built_at = odd_instant(at)
        recorder = _Recorder(tables, memory, built_at)
        asked = _Asked({name: tables.table(name) for name in present})
        try:
            final = recorder.prepared(build(replace(snapshot, tables=asked, recorded_until={}), recorder, built_at))
        except Unforeseen:
            continue
        reads = _columns(recorder, [*(step.statement for step in recorder.steps), final], asked.read)
        return Compiled(reads, built_at, tuple(recorder.steps), final, recorder)
    raise NotCompiled("new kinds of text keep coming")


def _with_parameters(sql: str, built_at: datetime) -> tuple[str, tuple[timedelta, ...]]:
    """The statement with a parameter for each literal made from the instant it was built at; how far away each is."""
    away: dict[timedelta, int] = {}

    def parameter(found: re.Match[str]) -> str:
        year, month, day, hour, minute = map(int, found.groups())
        instant = odd_instant(datetime(year, month, day, hour, minute, tzinfo=UTC))
        return f"CAST(${away.setdefault(instant - built_at, len(away) + 1)} AS TIMESTAMPTZ)"

    return _LITERAL.sub(parameter, sql), tuple(away)


def _columns(
    runner: DuckdbRunner, statements: Sequence[_Statement], tables: Collection[str]
) -> dict[str, frozenset[str]]:
    """Which columns of each table the statements look at, as their plans say.

    A plan does not name the tables that it scans: a column counts for every table that has all columns of the scan, so
    that some are read in vain and none is missed. Plans do not depend on the rows that are there.
    """
    found: dict[str, set[str]] = {name: {"id"} for name in tables}
    for statement in statements:
        given = ", ".join(["TIMESTAMPTZ '2000-01-01'"] * len(statement.away))
        execute = f"EXECUTE {statement.name}({given})" if given else f"EXECUTE {statement.name}"
        plan = json.loads(runner.backend.con.execute(f"EXPLAIN (FORMAT JSON) {execute}").fetchall()[0][1])
        for told in _scans(plan):
            _count(told, found)
    return {name: frozenset(columns) for name, columns in found.items()}


def _scans(plan: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for node in plan:
        if "SCAN" in node["name"]:
            yield node["extra_info"]
        yield from _scans(node.get("children", ()))


def _count(told: Mapping[str, Any], found: Mapping[str, set[str]]) -> None:
    given = told.get("Projections", [])
    projected = {given} if isinstance(given, str) else set(given)
    words = set(re.findall(r"\w+", str(told)))
    for name, columns in found.items():
        declared = set(TABLES[name].columns)
        if projected <= declared:
            columns |= words & declared


__all__ = ["Compiled", "NotCompiled", "compiled", "odd_instant"]
