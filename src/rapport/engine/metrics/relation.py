"""Relations: the rows that metrics count, add up and rank. Metrics on one relation share one query."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading


class Dating(StrEnum):
    """How a relation's rows come to belong to periods.

    EVENT: by the instant `at`. STANDING: rows stand from `from_at` until `to_at` and belong to the
    end of a period at which they stand. PER_PERIOD: the rows carry the number of the period, `period`.
    """

    EVENT = "event"
    STANDING = "standing"
    PER_PERIOD = "per period"


SEGMENT = "segment"  # the dimension that every relation about people, accounts or deals has
_MEMBERS = {"contact": ("contact_id", "contacts"), "account": ("account_id", "accounts"), "deal": ("deal_id", "deals")}


@dataclass(frozen=True, kw_only=True)
class Dimension:
    """What a metric can be split by: a column of the relation, or a column of the record it refers to.

    Attributes:
        members: of the dimension `segment`: kind of subject -> column with its id. Rows may be in several
            segments: the parts overlap and are never added up.
        own_rows: asked for, the rows are others (each list's changes, each owner's goal): rows made with it
            cannot tell the whole.
    """

    column: str
    table: str | None = None
    attribute: str | None = None
    members: Mapping[str, str] = field(default_factory=dict)
    own_rows: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the relation that it reads."""
        return tuple(self.members.values()) or (self.column,)


@dataclass(frozen=True, kw_only=True)
class Relation:
    """Rows of one grain.

    Attributes:
        grain: what one row is, plural ("closed deals").
        table: the table that the rows' `id` belongs to, and whose instants say what is covered.
        needs: tables, columns (`deals.closed_at`) and values of columns (`interactions.type=page_view`)
            without which there are no rows.
        needs_any: tables of which one is enough.
        rows: makes them: `id`, the instants that `dating` asks for, and the columns wanted.
        dimensions: by name.
        labels: columns that help a person to recognise a row in a drill-down.
        kept: whether its rows are worth keeping; not where there are many times as many as records.
        fold: a second level: takes the rows with `period` and `dim_*` columns and gives one row
            per period, dimension values and, for example, customer.
    """

    name: str
    grain: str
    table: str
    needs: tuple[str, ...] = ()
    needs_any: tuple[str, ...] = ()
    rows: Callable[[Reading], ir.Table]
    dating: Dating = Dating.EVENT
    dimensions: Mapping[str, Dimension] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    fold: Callable[[ir.Table, Sequence[str]], ir.Table] | None = None
    kept: bool = True

    def __post_init__(self) -> None:
        """Rows that name a contact, an account or a deal can be told by segment."""
        named = {*self.labels, *(d.column for d in self.dimensions.values())}
        members = {
            s: "id" if self.table == table else key for s, (key, table) in _MEMBERS.items() if self._tells(s, named)
        }
        if members and SEGMENT not in self.dimensions:
            segment = Dimension(column=next(iter(members.values())), members=members)
            object.__setattr__(self, "dimensions", {**self.dimensions, SEGMENT: segment})

    def _tells(self, subject: str, named: Collection[str]) -> bool:
        key, table = _MEMBERS[subject]
        return key in named or self.table == table


def column(name: str, *, own_rows: bool = False) -> Dimension:
    return Dimension(column=name, own_rows=own_rows)


def through(name: str, table: str, attribute: str) -> Dimension:
    """A dimension of the record to which column `name` refers."""
    return Dimension(column=name, table=table, attribute=attribute)
