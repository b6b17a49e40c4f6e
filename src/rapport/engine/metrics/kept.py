"""Rows of relations, made once and kept: any period, grain, split or filter is then one pass over few columns.

What metrics count changes only when data come in; what is asked of it changes with every click. Making the rows is
the dear part (joins along references, history, attribution), so it is done once for all metrics.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.local_day import local_day
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DataError
from rapport.engine.metrics.coverage import Coverage
from rapport.engine.metrics.period import Period
from rapport.engine.metrics.query import Split, with_dimensions
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Dating, Relation
from rapport.engine.metrics.spec import MetricSpec
from rapport.engine.metrics.windows import Window, standing_in_windows, windows_of
from rapport.engine.runner import Runner

DAY = "local_day"  # the local day of `at`


@dataclass(frozen=True, kw_only=True)
class KeptRows:
    """Attributes:
    as_of: the instant whose knowledge the rows hold; nothing later may be asked of them.
    coverage: of every metric.
    tables: rows by relation.
    periods: those for whose ends the rows that depend on a period (`Dating.PER_PERIOD`) were made, in the
        order of their numbers.
    """

    as_of: datetime
    coverage: Coverage
    tables: Mapping[str, ir.Table]
    periods: Sequence[Period]

    def answers(self, relation: Relation, split: Split, periods: Iterable[Period]) -> bool:
        """Whether a question can be told from what is kept."""
        rows = self.tables.get(relation.name)
        if rows is None or not {f"dim_{name}" for name in split.dimensions} <= set(rows.columns):
            return False
        return relation.dating is not Dating.PER_PERIOD or set(periods) <= set(self.periods)

    def rows_in_periods(self, relation: Relation, split: Split, windows: Mapping[Period, Window]) -> ir.Table:
        """The rows of a relation with `period`, as `query.rows_in_periods` gives them."""
        rows = self.tables[relation.name]
        for only in split.filters:
            rows = rows.filter(only.keeps(rows[f"dim_{only.dimension}"]))
        if relation.dating is Dating.EVENT:
            rows = _by_day(rows, windows.values())
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
) -> Iterator[tuple[str, ir.Table]]:
    """For each relation its name and its rows: instants, what metrics read, and every dimension as `dim_<name>`.

    A relation whose tables are missing is left out. Rows dated by an event carry `local_day`.
    """
    wanted: dict[str, set[str]] = {}
    relations: dict[str, Relation] = {}
    for spec in specs:
        relations[spec.relation.name] = spec.relation
        wanted.setdefault(spec.relation.name, set()).update(c for a in spec.aggregates for c in a.columns)
    for name, relation in relations.items():
        reading = Reading(
            view=as_known(snapshot, as_of),
            windows=windows_of(periods, time_zone=snapshot.time_zone, as_of=as_of),
            needed_by=f"the rows of {name}",
            wanted=frozenset(wanted[name].union(d.column for d in relation.dimensions.values())),
            runner=runner,
        )
        try:
            yield name, _kept(relation, reading, sorted(wanted[name]))
        except DataError:
            continue


def _kept(relation: Relation, reading: Reading, wanted: Sequence[str]) -> ir.Table:
    known = [n for n, d in relation.dimensions.items() if d.table is None or reading.has(d.table)]
    rows = with_dimensions(plain(relation.rows(reading)), relation, reading, known)
    instants = {Dating.EVENT: ("at",), Dating.STANDING: ("from_at", "to_at"), Dating.PER_PERIOD: ("period",)}
    if relation.dating is Dating.EVENT:
        rows = rows.mutate(**{DAY: local_day(rows["at"], reading.time_zone)})
        rows = rows.filter(rows[DAY].notnull())
    if relation.fold is not None:  # it may read any column
        return rows
    own = [DAY] if relation.dating is Dating.EVENT else instants[relation.dating]
    return rows.select(*dict.fromkeys((*own, *wanted, *(f"dim_{name}" for name in known))))


def _by_day(rows: ir.Table, windows: Iterable[Window]) -> ir.Table:
    """Rows with the number of the window in which their local day falls; a row comes once for each window."""
    pairs = [(day, window.number) for window in windows for day in window.days]
    days = pa.table({"_day": pa.array([d for d, _ in pairs], pa.date32()), "period": [n for _, n in pairs]})
    joined = rows.join(ibis.memtable(days), [(DAY, "_day")])
    return joined.drop("_day")
