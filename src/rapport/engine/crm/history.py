"""Values of changeable columns, read from `attribute_history` as of an instant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.tables import Change, Table

if TYPE_CHECKING:
    from rapport.engine.crm.as_of import AsOf


def values_as_of(rows: ir.Table, view: AsOf, table: Table, attributes: Sequence[str]) -> ir.Table:
    """`rows` with each attribute's value as of the view's instant.

    The newest entry by (valid_from, recorded_at, id) with valid_from <= at counts; as known also
    recorded_at <= at. A changeable column without an entry is null; a milestone without an entry
    keeps the row's own value. A snapshot without `attribute_history` keeps the rows' values, which
    then hold from `recorded_at` on.
    """
    if not view.has("attribute_history"):
        properties = {
            a: json_text(rows.properties, a.removeprefix("properties."))
            for a in attributes
            if a.startswith("properties.")
        }
        return rows.mutate(**properties)
    wide = _wide(_newest(view, table, attributes), attributes)
    joined = rows.left_join(wide, [("id", "_entity_id")])
    kept = [c for c in rows.columns if c not in attributes]
    return joined.select(*kept, **{a: _value(joined, table, a, position) for position, a in enumerate(attributes)})


@ibis.udf.scalar.builtin(name="rapport_json_text", signature=(("string", "string"), "string"))
def _json_text(document: str, name: str) -> str:  # type: ignore[empty-body]
    """DuckDB macro and Spark function of this name are made by each runner."""


def json_text(document: ir.StringValue, key: str) -> ir.StringValue:
    """A member of a JSON object as text (numbers and booleans too), null where it is absent or null."""
    return _json_text(document, key)


def _newest(view: AsOf, table: Table, attributes: Sequence[str]) -> ir.Table:
    history = view.snapshot.table("attribute_history", needed_by=f"{table.name} as of an instant")
    at = ibis.literal(view.at, type="timestamp('UTC', 6)")
    known = (history.entity == table.entity) & history.attribute.isin(list(attributes)) & (history.valid_from <= at)
    if not view.hindsight:
        known = known & (ibis.coalesce(history.recorded_at, history.valid_from) <= at)
    history = history.filter(known)
    order = [history.valid_from.desc(), history.recorded_at.desc(), history.id.desc()]
    rank = ibis.row_number().over(group_by=[history.entity_id, history.attribute], order_by=order)
    return history.select("entity_id", "attribute", "value", rank=rank).filter(lambda t: t["rank"] == 0)


def _wide(newest: ir.Table, attributes: Sequence[str]) -> ir.Table:
    """One row per record: v0, v1 ... the values and k0, k1 ... whether there is an entry."""
    values = {f"v{i}": newest.value.max(where=newest.attribute == a) for i, a in enumerate(attributes)}
    known = {f"k{i}": (newest.attribute == a).any() for i, a in enumerate(attributes)}
    return newest.group_by(_entity_id=newest.entity_id).aggregate(**values, **known)


def _value(joined: ir.Table, table: Table, attribute: str, position: int) -> ir.Value:
    text = joined[f"v{position}"]
    column = table.columns.get(attribute)
    if column is None:
        return text
    value = text if column.ibis_type.is_string() else text.cast(column.ibis_type)
    if column.change is Change.MILESTONE:
        return ibis.ifelse(joined[f"k{position}"].fill_null(False), value, joined[attribute])
    return value
