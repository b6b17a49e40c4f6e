"""A reading: what relations are made from. Tables as of an instant, the periods asked for, the columns wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.tables import TABLES
from rapport.engine.metrics.windows import Window
from rapport.engine.runner import Runner


class NamedTables:
    """Tables as of an instant under names of their own, each looked up once for all relations of a question.

    Written out anew in each place, the history of what they are made of is most of a query: compiling it took longer
    than running it.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._made: dict[tuple[object, ...], ir.Table] = {}

    def table(self, view: AsOf, name: str, columns: Sequence[str], *, needed_by: str) -> ir.Table:
        key = (view.at, view.hindsight, name, *columns)
        if key not in self._made:
            self._made[key] = self._runner.view(view.table(name, needed_by=needed_by, columns=columns))
        return self._made[key]

    def close(self) -> None:
        """To be called when what was built on the tables is executed."""
        for made in self._made.values():
            self._runner.drop(made)
        self._made.clear()


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Attributes:
    windows: the periods asked for, as instants.
    wanted: columns that some metric, dimension, filter or drill-down asks of the relation; what
        nobody wants is not looked up.
    needed_by: who asks, for errors.
    runner: at hand when values are measured; absent while rows are only described.
    named: where tables have names; absent where rows are executed later.
    """

    view: AsOf
    windows: tuple[Window, ...]
    needed_by: str
    wanted: frozenset[str] = field(default_factory=frozenset)
    runner: Runner | None = None
    named: NamedTables | None = None

    @property
    def time_zone(self) -> str:
        return self.view.snapshot.time_zone

    @property
    def currency(self) -> str:
        return self.view.snapshot.currency

    def setting(self, name: str, default: object) -> object:
        return self.view.snapshot.settings.get(name, default)

    def words(self, name: str, default: Sequence[str]) -> list[str]:
        """A setting of several words; one that is not a list is one word."""
        told = self.setting(name, default)
        return [str(word) for word in told] if isinstance(told, list | tuple) else [str(told)]

    def whole_number(self, name: str, default: int) -> int:
        value = self.setting(name, default)
        return int(value) if isinstance(value, int | float | str) else default

    def has(self, table: str) -> bool:
        return self.view.has(table)

    def wants(self, *columns: str) -> bool:
        return not self.wanted.isdisjoint(columns)

    def table(self, name: str, columns: Sequence[str]) -> ir.Table:
        """The table as of the instant, with these columns and those of its own that are wanted."""
        own = [c for c in sorted(self.wanted) if c in TABLES[name].columns and c not in columns]
        return self.lookup(name, [*columns, *own])

    def lookup(self, name: str, columns: Sequence[str]) -> ir.Table:
        """Just these columns, whatever is wanted of the relation."""
        if self.named is not None:
            return self.named.table(self.view, name, columns, needed_by=self.needed_by)
        return self.view.table(name, needed_by=self.needed_by, columns=columns)


def moment(at: datetime) -> ir.TimestampScalar:
    """An instant as a literal."""
    return ibis.literal(at, type="timestamp('UTC', 6)")


def elapsed(start: ir.TimestampValue, end: ir.TimestampValue, *, unit: str) -> ir.FloatingValue:
    """Time from start to end as a fraction of days or hours, to the microsecond."""
    microseconds = {"days": 86_400_000_000, "hours": 3_600_000_000}[unit]
    return end.delta(start, unit="microsecond").cast("float64") / float(microseconds)


def plain(rows: ir.Table) -> ir.Table:
    """The same rows as a projection, so that a further join does not continue the joins before."""
    return rows.mutate(id=rows["id"])


def either(*conditions: ir.BooleanValue) -> ir.BooleanValue:
    """True where one is true; null counts as false."""
    found = conditions[0].fill_null(False)
    for condition in conditions[1:]:
        found = found | condition.fill_null(False)
    return found
