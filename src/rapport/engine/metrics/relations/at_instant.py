"""What a changeable column held at an instant of each row, as the type of a case when it was solved."""

from __future__ import annotations

import ibis.expr.types as ir

from rapport.engine.crm.tables import TABLES
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relations.then import known_entries


def with_value_at(
    rows: ir.Table, reading: Reading, table: str, attribute: str, *, key: str, at: str, name: str
) -> ir.Table:
    """`rows` (id, `key`, `at`) with what the attribute of the record `key` held at `at`, in column `name`.

    Before the first recorded value that one stands in. Without history the record's own value is taken.
    """
    if not reading.has("attribute_history"):
        records = reading.lookup(table, [attribute]).select(_record="id", **{name: attribute})
        return plain(rows.left_join(records, [(key, "_record")]).drop("_record"))
    entries = known_entries(reading, table, [attribute]).rename(_record="id")
    met = rows.select(_row="id", _key=key, _moment=at).join(entries, [("_key", "_record")])
    begun = met.is_first | (met.valid_from <= met._moment)
    held = met.filter(begun & (met.valid_to.isnull() | (met.valid_to > met._moment)))
    value = held.value.cast(TABLES[table].columns[attribute].ibis_type)
    return plain(rows.left_join(held.select("_row", **{name: value}), [("id", "_row")]).drop("_row"))
