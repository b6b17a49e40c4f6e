"""A query that is built once and run again and again over other rows: what a real-time update runs.

Building a large expression costs about a second of processor time, running it over the rows of a few hundred subjects
some hundredths. So the SQL is kept, with its tables under stable names; before each run the rows are swapped in. What
is done midway is written down as steps and done again: tables computed once and read twice, and text conditions, told
in Python of the distinct texts that came.

An instant as of which everything is read stands in the SQL as literals. A query is built at an instant with an odd
second and microsecond; every literal of that second was made from it, by whole hours, and is moved with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.crm.tables import TABLES
from rapport.engine.errors import EngineCannot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.runner import BatchFunction, Tell, Unforeseen

Build = Callable[[Snapshot, DuckdbRunner, datetime], ir.Table]
_MOST_BUILDS = 12
_ODD = (37, 718_293)  # second and microsecond that no stored instant is likely to share
_LITERAL = re.compile(r"MAKE_TIMESTAMPTZ\((\d+), (\d+), (\d+), (\d+), (\d+), 37\.718293, 'UTC'\)", flags=re.IGNORECASE)
_LATER = "MAKE_TIMESTAMPTZ({0.year}, {0.month}, {0.day}, {0.hour}, {0.minute}, {0.second}.{0.microsecond:06d}, 'UTC')"


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
class _Step:
    """One thing done midway: the SQL, the table it fills, and what is told of its texts (None: the rows themselves)."""

    sql: str
    table: str
    tell: Tell | None = None


class LiveTables:
    """Tables under stable names in one DuckDB, whose rows are swapped in before each run."""

    def __init__(self, runner: DuckdbRunner) -> None:
        self.runner = runner
        self._made = 0

    def swap(self, rows: Mapping[str, pa.Table]) -> None:
        for name, table in rows.items():
            self.runner.backend.con.register(_live(name), table)

    def clear(self) -> None:
        """Hold no rows any longer than they are needed."""
        self.swap({name: TABLES[name].arrow_schema.empty_table() for name in TABLES})

    def prefix(self) -> str:
        self._made += 1
        return f"q{self._made}"


class _Recorder(DuckdbRunner):
    """Answers like DuckDB, over the rows now swapped in, and writes down what it did."""

    def __init__(self, tables: LiveTables, memory: dict[int, list[str]]) -> None:
        self.backend = tables.runner.backend
        self.steps: list[_Step] = []
        self.kept: list[object] = []  # tables in memory vanish with the expressions they are in
        self._prefix, self._memory, self._count, self._looked_up = tables.prefix(), memory, 0, 0

    def sql(self, expression: ir.Table) -> str:
        self.kept.append(expression)
        self.backend._register_in_memory_tables(expression)
        return str(self.backend.compile(expression))

    def name_of(self, what: str) -> str:
        self._count += 1
        return f"{self._prefix}_{what}_{self._count}"

    def to_arrow(self, expression: ir.Table) -> pa.Table:
        raise NotCompiled("it reads its rows midway")

    def map_batches(self, expression: ir.Table, apply: BatchFunction, schema: pa.Schema) -> ir.Table:
        raise NotCompiled("it computes in Python")

    def cache(self, expression: ir.Table) -> ir.Table:
        step = _Step(self.sql(expression), self.name_of("cached"))
        return self._done(step)

    def from_arrow(self, rows: pa.Table) -> ir.Table:
        name = self.name_of("given")
        self.kept.append(rows)
        self.backend.con.register(name, rows)
        return self.backend.table(name)

    def told(self, texts: ir.Table, tell: Tell) -> ir.Table:
        return self._done(_Step(self.sql(texts), self.name_of("told"), self._remembering(tell)))

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

    def _done(self, step: _Step) -> ir.Table:
        _do(step, step.sql, self)
        self.steps.append(step)
        return self.backend.table(step.table)

    def close(self) -> None:
        """The connection is the tables' own."""


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
    final: str
    recorder: _Recorder

    def run(self, at: datetime) -> pa.Table:
        """The rows as of an instant of the same local day. Raises Unforeseen where it must be built again."""
        move = _Move(self.built_at, at)
        for step in self.steps:
            _do(step, move.sql(step.sql), self.recorder)
        return self.recorder.backend.con.execute(move.sql(self.final)).to_arrow_table()


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
        recorder = _Recorder(tables, memory)
        asked = _Asked({name: recorder.backend.table(_live(name)) for name in present})
        built_at = odd_instant(at)
        try:
            final = recorder.sql(build(replace(snapshot, tables=asked), recorder, built_at))
        except Unforeseen:
            continue
        reads = _columns(recorder, [*(step.sql for step in recorder.steps), final], asked.read)
        return Compiled(reads, built_at, tuple(recorder.steps), final, recorder)
    raise NotCompiled("new kinds of text keep coming")


@dataclass(frozen=True)
class _Move:
    """From the instant a query was built at to the one it is run at."""

    built_at: datetime
    at: datetime

    def sql(self, sql: str) -> str:
        return _LITERAL.sub(self._literal, sql)

    def _literal(self, found: re.Match[str]) -> str:
        year, month, day, hour, minute = map(int, found.groups())
        second, microsecond = _ODD
        built = datetime(year, month, day, hour, minute, second, microsecond, UTC)
        away: timedelta = built - self.built_at
        return _LATER.format(self.at.astimezone(UTC) + away)


def _do(step: _Step, sql: str, runner: DuckdbRunner) -> None:
    con = runner.backend.con
    if step.tell is None:
        con.execute(f'CREATE OR REPLACE TEMP TABLE "{step.table}" AS {sql}')
        return
    texts = con.execute(sql).to_arrow_table()["value"].to_pylist()
    con.register(step.table, step.tell([text for text in texts if text is not None]))


def _columns(runner: DuckdbRunner, statements: Sequence[str], tables: Collection[str]) -> dict[str, frozenset[str]]:
    """Which columns of each table the statements look at, as their plans say.

    A plan does not name the tables that it scans: a column counts for every table that has all columns of the scan, so
    that some are read in vain and none is missed. Plans are made without regard to the rows now there.
    """
    found: dict[str, set[str]] = {name: {"id"} for name in tables}
    con = runner.backend.con
    con.execute("SET disabled_optimizers = 'statistics_propagation'")
    try:
        for sql in statements:
            plan = json.loads(con.execute(f"EXPLAIN (FORMAT JSON) {sql}").fetchall()[0][1])
            for told in _scans(plan):
                _count(told, found)
    finally:
        con.execute("SET disabled_optimizers = ''")
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


def _live(table: str) -> str:
    return f"live_{table}"


__all__ = ["Compiled", "LiveTables", "NotCompiled", "compiled", "odd_instant"]
