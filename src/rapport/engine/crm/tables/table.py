"""What a table is: its columns, its grain and the instant that dates its rows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import ibis.expr.schema as sch
import pyarrow as pa

from rapport.engine.crm.tables.columns import Change, Column, Type, boolean, instant, key, text


class Kind(StrEnum):
    """RECORD: a thing that changes; its changeable columns have a history.
    FACT: something that happened or was found out; a row never changes."""

    RECORD = "record"
    FACT = "fact"


COMMON: tuple[Column, ...] = (
    key("id", None, "The row's own id (UUIDv7 where made here)", required=True, change=Change.IMMUTABLE),
    text("source", "The system the row came from", change=Change.IMMUTABLE),
    text("external_id", "The row's id in that system", change=Change.IMMUTABLE),
    instant("created_at", "When the source made the row", change=Change.IMMUTABLE),
    instant(
        "recorded_at", "When the company came to know it; decides what was known at an instant", change=Change.IMMUTABLE
    ),
    boolean("recorded_at_assumed", "True where no source told `recorded_at`", change=Change.IMMUTABLE),
    instant("ingested_at", "When this system stored it; never used for as-of", change=Change.IMMUTABLE),
    instant("deleted_at", "When it was deleted; null while it stands"),
)


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table.

    Attributes:
        name: plural, as in the lake (`deals`).
        entity: singular, as in paths (`deal.closed_at`) and in `attribute_history.entity`.
        own_columns: the columns beside the common ones.
        occurred_at: the column that says when the row happened; None where only `recorded_at`
            counts (links and flags).
        room: which CRM room keeps it (records, sales, marketing, service, team, scores, actions, metrics).
        sort_by: the order of rows in compacted lake files.
        bucketed: partitioned by `bucket` (see `design: storage`).
    """

    name: str
    entity: str
    grain: str
    own_columns: tuple[Column, ...]
    kind: Kind
    room: str
    occurred_at: str | None = "created_at"
    sort_by: tuple[str, ...] = ("id",)
    bucketed: bool = False

    @cached_property
    def columns(self) -> dict[str, Column]:
        """Every column by name, the common ones first; an own column replaces a common one of that name."""
        return {column.name: column for column in (*COMMON, *self.own_columns)}

    @cached_property
    def changeable(self) -> tuple[Column, ...]:
        """Columns whose values are read from `attribute_history` (milestones too). Empty for facts."""
        if self.kind is Kind.FACT:
            return ()
        return tuple(c for c in self.columns.values() if c.change is not Change.IMMUTABLE)

    @cached_property
    def ibis_schema(self) -> sch.Schema:
        return sch.Schema({c.name: c.ibis_type for c in self.columns.values()})

    @cached_property
    def arrow_schema(self) -> pa.Schema:
        fields = [pa.field(c.name, c.arrow_type) for c in self.columns.values()]
        return pa.schema([*fields, pa.field("bucket", pa.int32())] if self.bucketed else fields)

    @cached_property
    def instants(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns.values() if c.type is Type.INSTANT)
