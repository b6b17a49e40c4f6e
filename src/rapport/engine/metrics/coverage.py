"""What the data cover: which tables and columns are filled, from when and until when. One query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.crm.tables import TABLES, Change, Table
from rapport.engine.metrics.reading import moment
from rapport.engine.metrics.spec import MetricSpec
from rapport.engine.metrics.windows import Window
from rapport.engine.runner import Runner

# Where something happens all the time while a company's sources are connected.
_HEARTBEAT = (
    *("interactions", "orders", "refunds", "deals", "cases", "case_events"),
    *("contacts", "campaign_members", "survey_answers"),
)
_SET_HERE = {
    "goals": "No goal is set.",
    "sla_targets": "No service targets are set.",
    "business_calendars": "No business calendar is set.",
    "forecast_snapshots": "No forecast has been kept yet.",
}
_INSTANT = "timestamp('UTC', 6)"
_NEVER = ibis.null().cast(_INSTANT)


@dataclass(frozen=True)
class Coverage:
    """Attributes:
    first, last: the oldest row, and the newest row or milestone, of each table up to the as-of instant.
    filled: paths (`deals.closed_at`, `interactions.type=page_view`) that hold at least one value.
    through: until when the sources are known to have told something.
    """

    first: Mapping[str, datetime]
    last: Mapping[str, datetime]
    filled: frozenset[str]
    through: datetime | None

    def missing(self, spec: MetricSpec, snapshot: Snapshot) -> str | None:
        """A sentence on what the metric lacks, the same for all that lack it; None where it lacks nothing."""
        if spec.relation.needs_any and not any(snapshot.has(table) for table in spec.relation.needs_any):
            return _absent(*spec.relation.needs_any)
        for path in spec.paths:
            table, _, column = path.partition(".")
            if not snapshot.has(table):
                return _absent(table)
            if "=" in column and path not in self.filled:
                return f"There are no {_words(table)} of {_words(column.replace('=', ' '))}."
            if column and path not in self.filled:
                named = f"{TABLES[table].entity}.{column}"
                return f"No source brings the {_words(column.removesuffix('_id'))} of {_words(table)} ({named})."
        return None

    def share(self, tables: tuple[str, ...], window: Window) -> float:
        """Share of the window, as far as it has passed, between the first row and the last sign of life."""
        firsts = [self.first[table] for table in tables if table in self.first]
        if not firsts or self.through is None:
            return 0.0
        passed = (window.stand - window.start).total_seconds()
        covered = (min(window.stand, self.through) - max(window.start, min(firsts))).total_seconds()
        return min(1.0, max(0.0, covered) / passed) if passed > 0 else 0.0

    def newest(self, tables: tuple[str, ...]) -> datetime | None:
        return max((self.last[table] for table in tables if table in self.last), default=None)


def _absent(*tables: str) -> str:
    """What people set in the product is not for a source to bring."""
    return _SET_HERE.get(tables[0]) or f"No source brings {' or '.join(map(_words, tables))}."


def _words(name: str) -> str:
    return name.replace("_", " ")


def counted_tables(spec: MetricSpec) -> tuple[str, ...]:
    """The tables whose rows a metric counts."""
    return spec.relation.needs_any or (spec.relation.table,)


def coverage_of(specs: Iterable[MetricSpec], snapshot: Snapshot, *, as_of: datetime, runner: Runner) -> Coverage:
    """One query over all tables that the metrics need."""
    columns: dict[str, list[str]] = {table: [] for table in _HEARTBEAT}
    for spec in specs:
        for table in counted_tables(spec):
            columns.setdefault(table, [])
        for path in spec.paths:
            table, _, column = path.partition(".")
            wanted = columns.setdefault(table, [])
            if column and column not in wanted:
                wanted.append(column)
    present = {table: names for table, names in columns.items() if snapshot.has(table)}
    parts = [_table_part(snapshot, table, names, as_of) for table, names in present.items()]
    parts += _history_part(snapshot, present)
    answers = runner.to_arrow(ibis.union(*parts) if len(parts) > 1 else parts[0]).to_pylist() if parts else []
    return _read(answers, present, snapshot, as_of)


def _table_part(snapshot: Snapshot, table: str, names: list[str], as_of: datetime) -> ir.Table:
    rows = snapshot.tables[table]
    counts = [_filled(rows, name) for name in names]
    figures = {f"c{i}": value.cast("int64") for i, value in enumerate(counts)}
    wide = rows.aggregate(
        first=_first(rows, TABLES[table].occurred_at, as_of),
        last=_last(rows, TABLES[table], as_of),
        n=rows.count(),
        **figures,
    )
    filled = ibis.array([wide.n, *(wide[f"c{i}"] for i in range(len(names)))])
    return wide.select(what=ibis.literal(table), first=wide.first, last=wide.last, filled=filled)


def _filled(rows: ir.Table, name: str) -> ir.IntegerScalar:
    """How many rows have a value in a column, or that value: `type`, `type=page_view`."""
    column, _, value = name.partition("=")
    if column not in rows.columns:
        return ibis.literal(0, type="int64")
    return rows.count(where=rows[column] == value) if value else rows[column].count()


def _first(rows: ir.Table, occurred_at: str | None, as_of: datetime) -> ir.Value:
    if occurred_at is None or occurred_at not in rows.columns:
        return _NEVER
    at = rows[occurred_at].cast(_INSTANT)
    return at.min(where=at <= moment(as_of))


def _last(rows: ir.Table, table: Table, as_of: datetime) -> ir.Value:
    """The newest row, or milestone of a row: a deal that was closed tells that the source was alive that day."""
    milestones = [c for c in table.instants if table.columns[c].change is Change.MILESTONE]
    names = [c for c in dict.fromkeys((table.occurred_at, *milestones)) if c in rows.columns]
    instants = [rows[name].cast(_INSTANT) for name in names]
    newest = [at.max(where=at <= moment(as_of)) for at in instants]
    return ibis.greatest(*newest) if len(newest) > 1 else newest[0] if newest else _NEVER


def _history_part(snapshot: Snapshot, present: Mapping[str, list[str]]) -> list[ir.Table]:
    """How many values the history holds of each changeable column that is needed."""
    paths = [
        f"{TABLES[table].entity}.{name}"
        for table, names in present.items()
        for name in names
        if name in {c.name for c in TABLES[table].changeable}
    ]
    if not paths or not snapshot.has("attribute_history"):
        return []
    history = snapshot.tables["attribute_history"]
    named = history.mutate(what=history.entity + "." + history.attribute)
    counted = named.filter(named.what.isin(paths)).group_by("what").aggregate(n=lambda t: t.value.count())
    return [counted.select("what", first=_NEVER, last=_NEVER, filled=ibis.array([counted.n]))]


def _read(
    answers: list[dict[str, object]], present: Mapping[str, list[str]], snapshot: Snapshot, as_of: datetime
) -> Coverage:
    plural = {table.entity: name for name, table in TABLES.items()}
    first: dict[str, datetime] = {}
    last: dict[str, datetime] = {}
    filled: set[str] = set()
    for answer in answers:
        what, counts = str(answer["what"]), answer["filled"]
        assert isinstance(counts, list)
        if "." in what:
            entity, _, attribute = what.partition(".")
            if counts[0]:
                filled.add(f"{plural[entity]}.{attribute}")
            continue
        filled |= {f"{what}.{name}" for name, number in zip(present[what], counts[1:], strict=True) if number}
        for ends, key in ((first, "first"), (last, "last")):
            if isinstance(answer[key], datetime):
                ends[what] = answer[key]  # type: ignore[assignment]
    told = snapshot.settings.get("data_through")
    through = told if isinstance(told, datetime) else max(last.values(), default=None)
    return Coverage(first, last, frozenset(filled), min(through, as_of) if through else None)
