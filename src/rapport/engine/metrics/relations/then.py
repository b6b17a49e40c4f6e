"""What changeable columns held at the end of each period, for rows that stand there."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.tables import TABLES
from rapport.engine.metrics.reading import Reading, moment, plain

_INSTANT = "timestamp('UTC', 6)"


def with_values_then(standing: ir.Table, reading: Reading, table: str, attributes: Sequence[str]) -> ir.Table:
    """`standing` (id, period, stands_at) with the attributes' values as of `stands_at`.

    Before the first recorded value of an attribute the first one stands in; `assumed` is then true
    for the attribute `amount`. Values of a snapshot without history are the rows' own.
    """
    if not reading.has("attribute_history"):
        records = reading.lookup(table, attributes).rename(_record="id")
        joined = standing.left_join(records, [("id", "_record")]).drop("_record")
        return plain(joined.mutate(assumed=ibis.literal(value=False)))
    entries = known_entries(reading, table, attributes).rename(_record="id")
    met = standing.select("id", "period", "stands_at").join(entries, [("id", "_record")])
    early = met.is_first & (met.valid_from >= met.stands_at)
    holds = (met.valid_from < met.stands_at) & (met.valid_to.isnull() | (met.valid_to >= met.stands_at))
    held = met.mutate(early=early).filter(early | holds)
    types = {name: TABLES[table].columns[name].ibis_type for name in attributes}
    values = {name: held.value.max(where=held.attribute == name).cast(types[name]) for name in attributes}
    wide = held.group_by(_record=held.id, _period=held.period).aggregate(
        **values, assumed=(held.early & (held.attribute == "amount")).any()
    )
    joined = standing.left_join(wide, [("id", "_record"), ("period", "_period")]).drop("_record", "_period")
    return plain(joined.mutate(assumed=joined.assumed.fill_null(False)))


def known_entries(reading: Reading, table: str, attributes: Sequence[str]) -> ir.Table:
    """One row per value of an attribute: id, attribute, value, valid_from, valid_to, is_first. Known by now."""
    view = reading.view
    history = view.snapshot.table("attribute_history", needed_by=reading.needed_by)
    # Spark tells instants without their zone: the declared type is put back, as views do
    history = history.mutate(
        valid_from=history.valid_from.cast(_INSTANT), recorded_at=history.recorded_at.cast(_INSTANT)
    )
    known = history.filter(
        (history.entity == TABLES[table].entity)
        & history.attribute.isin(list(attributes))
        & (history.valid_from <= moment(view.at))
        & (ibis.coalesce(history.recorded_at, history.valid_from) <= moment(view.at))
    )
    rank = ibis.row_number().over(
        group_by=[known.entity_id, known.attribute, known.valid_from],
        order_by=[known.recorded_at.desc(), known.id.desc()],
    )
    newest = known.mutate(_rank=rank).filter(lambda t: t._rank == 0)
    order = ibis.window(group_by=[newest.entity_id, newest.attribute], order_by=newest.valid_from)
    return newest.select(
        id=newest.entity_id,
        attribute=newest.attribute,
        value=newest.value,
        valid_from=newest.valid_from,
        valid_to=newest.valid_from.lead().over(order),
        is_first=newest.valid_from.lag().over(order).isnull(),
    )
