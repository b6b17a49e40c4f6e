"""Prospects: people who are leads at an instant."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Dating, Relation
from rapport.engine.metrics.relations.lead_entries import STAGE_ENTRIES
from rapport.engine.metrics.relations.then import known_entries

_OPEN = ("lead", "mql", "sql")
_INSTANT = "timestamp('UTC', 6)"


def _prospects(reading: Reading) -> ir.Table:
    """One row per person and stretch in a stage of an open lead: from_at, to_at. Who gave way in a merge is left out.

    The first recorded stage holds from `created_at` on; without history the present one does.
    """
    people = reading.table("contacts", ["created_at", "lifecycle_stage"])
    if not reading.has("attribute_history"):
        now = people.filter(people.lifecycle_stage.isin(list(_OPEN)))
        return now.mutate(from_at=now.created_at, to_at=ibis.null().cast(_INSTANT))
    entries = known_entries(reading, "contacts", ["lifecycle_stage"])
    told = entries.filter(entries.value.isin(list(_OPEN))).select(
        _person="id", _since="valid_from", _until="valid_to", _first="is_first"
    )
    met = plain(people.join(told, [("id", "_person")]))
    since = ibis.ifelse(met._first & met.created_at.notnull(), ibis.least(met._since, met.created_at), met._since)
    return met.mutate(from_at=since, to_at=met._until).drop("_person", "_since", "_until", "_first")


PROSPECTS = Relation(
    name="prospects",
    grain="open leads",
    table="contacts",
    needs=("contacts.lifecycle_stage",),
    rows=_prospects,
    dating=Dating.STANDING,
    dimensions=STAGE_ENTRIES.dimensions,
    labels=STAGE_ENTRIES.labels,
)
