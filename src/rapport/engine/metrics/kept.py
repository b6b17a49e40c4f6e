"""Rows of relations, made once and kept: any period, grain, split or filter is then one pass over few columns.

What metrics count changes only when data come in; what is asked of it changes with every click. Making the rows is
the dear part (joins along references, history, attribution), so it is done once for all metrics.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.local_day import local_day, local_day_of
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DataError
from rapport.engine.metrics import query
from rapport.engine.metrics.aggregates import Aggregate, Operation
from rapport.engine.metrics.coverage import Coverage
from rapport.engine.metrics.period import Period
from rapport.engine.metrics.query import Split, with_dimensions
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import SEGMENT, Dating, Relation
from rapport.engine.metrics.spec import MetricSpec
from rapport.engine.metrics.windows import Window, standing_in_windows, windows_of
from rapport.engine.runner import Runner

DAY = "local_day"  # the local day of `at`
_END = "window_end_day"  # the first day after the window


@dataclass(frozen=True, kw_only=True)
class KeptRows:
    """Attributes:
    as_of: the instant whose knowledge the rows hold; nothing later may be asked of them.
    time_zone: of the days.
    coverage: of every metric.
    tables: rows by relation.
    periods: those for whose ends the rows that depend on a period (`Dating.PER_PERIOD`) were made, in the
        order of their numbers.
    made_for: ids of the metrics whose columns are there; None: of every metric that may be asked for.
    """

    as_of: datetime
    time_zone: str
    coverage: Coverage
    tables: Mapping[str, ir.Table]
    periods: Sequence[Period]
    made_for: frozenset[str] | None = None

    def answers(self, specs: Sequence[MetricSpec], split: Split, periods: Iterable[Period]) -> bool:
        """Whether a question about metrics of one relation can be told from what is kept."""
        relation = specs[0].relation
        rows = self.tables.get(relation.name)
        if rows is None or not {f"dim_{name}" for name in split.dimensions} <= set(rows.columns):
            return False
        if self.made_for is not None and not {spec.id for spec in specs} <= self.made_for:
            return False
        return relation.dating is not Dating.PER_PERIOD or set(periods) <= set(self.periods)

    def rows_in_periods(self, relation: Relation, split: Split, windows: Mapping[Period, Window]) -> ir.Table:
        """The rows of a relation with `period`, as `query.rows_in_periods` gives them."""
        rows = self.tables[relation.name]
        for only in split.filters:
            rows = rows.filter(only.keeps(rows[f"dim_{only.dimension}"]))
        if relation.dating is Dating.EVENT:
            rows = _by_day(rows, windows.values(), self.time_zone)
        elif relation.dating is Dating.STANDING:
            rows = standing_in_windows(rows, tuple(windows.values()))
        else:
            rows = self._renumbered(rows, windows)
        return relation.fold(rows, [f"dim_{name}" for name in split.dimensions]) if relation.fold else rows

    def _renumbered(self, rows: ir.Table, windows: Mapping[Period, Window]) -> ir.Table:
        kept = {period: number for number, period in enumerate(self.periods)}
        pairs = [(kept[period], window.number) for period, window in windows.items()]
        numbers = ibis.memtable({"_kept": [a for a, _ in pairs], "_asked": [b for _, b in pairs]})
        joined = rows.join(numbers, [("period", "_kept")])
        return joined.mutate(period=joined._asked).drop("_kept", "_asked")


def rows_to_keep(
    specs: Iterable[MetricSpec],
    snapshot: Snapshot,
    *,
    as_of: datetime,
    periods: Sequence[Period],
    runner: Runner,
    dimensions: Collection[str] | None = None,
) -> Iterator[tuple[str, ir.Table]]:
    """For each relation its name and its rows: instants, what metrics read, and dimensions as `dim_<name>`.

    Parameters: dimensions to look up at other records, each of which costs a join; None for all. Those that a
        relation has as a column are always there.
    A relation whose tables are missing is left out. Rows dated by an event carry `local_day`, and for each distinct
    count `next_<aggregate>`: the day of the next row of the same thing (see `_distinct`).
    """
    wanted: dict[str, dict[Aggregate, None]] = {}
    relations: dict[str, Relation] = {}
    for spec in (spec for spec in specs if spec.relation.kept):
        relations[spec.relation.name] = spec.relation
        wanted.setdefault(spec.relation.name, {}).update(dict.fromkeys(spec.aggregates))
    for name, relation in relations.items():
        read = {column for aggregate in wanted[name] for column in aggregate.columns}
        shown = _dimensions(relation, snapshot, dimensions)
        reading = Reading(
            view=as_known(snapshot, as_of),
            windows=windows_of(periods, time_zone=snapshot.time_zone, as_of=as_of),
            needed_by=f"the rows of {name}",
            wanted=frozenset(read.union(relation.dimensions[one].column for one in shown)),
            runner=runner,
        )
        try:
            yield name, _kept(relation, reading, list(wanted[name]), shown)
        except DataError:
            continue


def aggregated(rows: ir.Table, split: Split, aggregates: Iterable[Aggregate]) -> ir.Table:
    """As `query.aggregated`; distinct counts of the whole by `_distinct`, without telling things apart again."""
    return query.aggregated(rows, split, aggregates, expressed=Aggregate.expression if split.dimensions else _counted)


def _counted(aggregate: Aggregate, rows: ir.Table) -> ir.Scalar:
    return _distinct(rows, aggregate) if f"next_{aggregate.name}" in rows.columns else aggregate.expression(rows)


def _distinct(rows: ir.Table, aggregate: Aggregate) -> ir.Scalar:
    """How many different things are in a window: each is counted at its last row there, the one whose next row is
    not in the window any more."""
    next_day = rows[f"next_{aggregate.name}"]
    last = next_day.isnull() | (next_day >= rows[_END])
    condition = aggregate.condition(rows)
    counted = rows[aggregate.column].notnull() & last
    return (counted if condition is None else counted & condition).sum()


def _kept(relation: Relation, reading: Reading, wanted: Sequence[Aggregate], known: Sequence[str]) -> ir.Table:
    rows = with_dimensions(plain(relation.rows(reading)), relation, reading, known)
    dated = {Dating.EVENT: (DAY,), Dating.STANDING: ("from_at", "to_at"), Dating.PER_PERIOD: ("period",)}
    if relation.dating is Dating.EVENT:
        rows = rows.mutate(**{DAY: local_day(rows["at"], reading.time_zone)})
        rows = rows.filter(rows[DAY].notnull())
    if relation.fold is not None:  # it may read any column
        return rows
    read = {column for aggregate in wanted for column in aggregate.columns}
    kept = rows.select(*dict.fromkeys((*dated[relation.dating], *sorted(read), *(f"dim_{name}" for name in known))))
    return _with_next(kept, wanted) if relation.dating is Dating.EVENT else kept


def _dimensions(relation: Relation, snapshot: Snapshot, chosen: Collection[str] | None) -> list[str]:
    """Those whose values are kept; not segments, as a row may be in several, nor those with rows of their own."""
    return [
        name
        for name, dimension in relation.dimensions.items()
        if name != SEGMENT
        and not dimension.own_rows
        and (dimension.table is None or (snapshot.has(dimension.table) and (chosen is None or name in chosen)))
    ]


def _with_next(rows: ir.Table, aggregates: Iterable[Aggregate]) -> ir.Table:
    """For each distinct count the day of the next row that it would count of the same thing; null for the last."""
    nexts = {}
    for aggregate in aggregates:
        if aggregate.operation is Operation.DISTINCT:
            condition = aggregate.condition(rows)
            counts = ibis.literal(value=True) if condition is None else condition
            things = ibis.window(group_by=[rows[aggregate.column], counts], order_by=rows[DAY])
            nexts[f"next_{aggregate.name}"] = rows[DAY].lead().over(things)
    return rows.mutate(**nexts) if nexts else rows


def _by_day(rows: ir.Table, windows: Iterable[Window], time_zone: str) -> ir.Table:
    """Rows with the number and the end of the window in which their local day falls; once for each window."""
    placed = []
    for window in windows:
        first, end = local_day_of(window.start, time_zone), local_day_of(window.end, time_zone)
        placed += [(first + timedelta(days=n), window.number, end) for n in range((end - first).days)]
    days = pa.table(
        {
            "_day": pa.array([day for day, _, _ in placed], pa.date32()),
            "period": pa.array([number for _, number, _ in placed], pa.int64()),
            _END: pa.array([end for _, _, end in placed], pa.date32()),
        }
    )
    return rows.join(ibis.memtable(days), [(DAY, "_day")]).drop("_day")
