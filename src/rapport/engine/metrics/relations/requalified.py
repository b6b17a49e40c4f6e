"""People who qualified again after they had fallen back."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.identity import survivors
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Relation
from rapport.engine.metrics.relations.lead_entries import STAGE_ENTRIES
from rapport.engine.metrics.relations.stretches import stretches
from rapport.engine.metrics.relations.then import known_entries

_QUALIFIED = ("mql", "sql", "opportunity", "customer")


def _again(reading: Reading) -> ir.Table:
    """One row per entry into mql, or a later stage, of a person who had been there and fallen back: id, at.

    A former customer has fallen back. Entries of merged people are taken together.
    """
    entries = known_entries(reading, "contacts", ["lifecycle_stage"])
    entries = entries.filter(entries.value.notnull()).select("id", "value", "valid_from")
    chain = survivors(reading.view, "contact")
    if chain is not None:
        links = chain.select(_from="from_id", _to="to_id")
        followed = entries.left_join(links, [("id", "_from")])
        entries = plain(followed.mutate(id=ibis.coalesce(followed._to, followed.id)).drop("_from", "_to"))
    stood = stretches(entries.select("id", at=entries.valid_from, opens=entries.value.isin(list(_QUALIFIED))))
    place = ibis.row_number().over(ibis.window(group_by=stood.id, order_by=stood.from_at))
    counted = stood.mutate(_place=place)
    again = counted.filter(counted._place > 0).select(_person="id", at="from_at")
    people = reading.table("contacts", ["created_at"])
    return plain(people.join(again, [("id", "_person")]).drop("_person"))


REQUALIFIED = Relation(
    name="requalified",
    grain="people who qualified again",
    table="contacts",
    needs=("contacts", "attribute_history", "contacts.lifecycle_stage"),
    rows=_again,
    dimensions=STAGE_ENTRIES.dimensions,
    labels=STAGE_ENTRIES.labels,
)
