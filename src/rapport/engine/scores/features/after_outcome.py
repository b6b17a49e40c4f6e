"""Fields that are filled or changed only after the outcome: what they say was not known before it.

A view as known at a past instant does not show them early; a source that keeps no history, or dates its
changes wrongly, does. So they are found by their dates and left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions.fields import FieldRef, read_column, subject_field
from rapport.engine.crm.conditions.frame import LINKS, SUBJECT_TABLES
from rapport.engine.runner import Runner
from rapport.engine.scores.features.happenings import NEEDED_BY
from rapport.engine.statistics.wilson import share

_FEWEST = 10
_FILLED_AFTER = 0.5  # of first values; the lower end of the interval counts
_CHANGED_AFTER = 0.8


@dataclass(frozen=True, kw_only=True)
class FieldTiming:
    """When a field was told of records that had the outcome.

    Attributes:
        first_before, first_after: records whose first value was recorded before, or at and after the outcome.
        changes_before, changes_after: later values, likewise.
    """

    path: str
    first_before: int
    first_after: int
    changes_before: int
    changes_after: int

    @property
    def evidence(self) -> str | None:
        """Why the field is suspected, in words; None where it is not."""
        firsts = self.first_before + self.first_after
        if _mostly(self.first_after, firsts, _FILLED_AFTER):
            return f"filled after the outcome in {self.first_after:,} of {firsts:,} records that had it"
        changes = self.changes_before + self.changes_after
        if _mostly(self.changes_after, changes, _CHANGED_AFTER):
            return f"{self.changes_after:,} of its {changes:,} changes were recorded after the outcome"
        return None


def field_timings(
    view: AsOf, subject: str, paths: Sequence[str], first: Mapping[str, datetime], *, runner: Runner
) -> tuple[FieldTiming, ...]:
    """Timings of fields that may change, for the subjects with the outcome.

    Parameters: first, when each subject first had the outcome (`outcome.known`). Fields without a history, and a
        snapshot without any, say nothing.
    """
    refs = [subject_field(path, subject=subject) for path in paths]
    if not view.has("attribute_history") or not first:
        return ()
    outcome = runner.from_arrow(
        pa.table({"_subject": list(first), "_had": pa.array(list(first.values()), pa.timestamp("us", "UTC"))})
    )
    found: list[FieldTiming] = []
    for entity in sorted({ref.entity for ref in refs}):
        if entity == subject or entity in LINKS[subject]:
            own = [ref for ref in refs if ref.entity == entity]
            found += _of_entity(view, entity, own, _of_linked(view, subject, entity, outcome), runner)
    return tuple(found)


def _of_linked(view: AsOf, subject: str, entity: str, outcome: ir.Table) -> ir.Table:
    """When each record of `entity` first had a subject with the outcome: _entity, _had."""
    if entity == subject:
        return outcome.select(_entity="_subject", _had="_had")
    key = LINKS[subject][entity]
    links = view.table(SUBJECT_TABLES[subject], needed_by=NEEDED_BY, columns=[key])
    links = links.select(_id="id", _entity=links[key])
    joined = links.inner_join(outcome, [("_id", "_subject")]).mutate()
    return joined.filter(joined["_entity"].notnull()).group_by("_entity").aggregate(_had=lambda t: t["_had"].min())


def _of_entity(
    view: AsOf, entity: str, refs: Sequence[FieldRef], outcome: ir.Table, runner: Runner
) -> list[FieldTiming]:
    path_of = {read_column(ref): ref.path for ref in refs}
    columns = ["entity", "entity_id", "attribute", "value", "valid_from", "recorded_at"]
    rows = view.table("attribute_history", needed_by=NEEDED_BY, columns=columns)
    rows = rows.filter((rows.entity == entity) & rows.attribute.isin(list(path_of)) & rows.value.notnull())
    rows = rows.select("id", "entity_id", "attribute", told=ibis.coalesce(rows.recorded_at, rows.valid_from))
    rows = rows.inner_join(outcome, [("entity_id", "_entity")]).mutate()
    order = ibis.window(group_by=[rows.entity_id, rows.attribute], order_by=[rows.told, rows.id])
    rows = rows.mutate(place=ibis.row_number().over(order), after=rows.told >= rows["_had"])
    counted = rows.group_by("attribute").aggregate(
        first_before=((rows.place == 0) & ~rows.after).sum(),
        first_after=((rows.place == 0) & rows.after).sum(),
        changes_before=((rows.place > 0) & ~rows.after).sum(),
        changes_after=((rows.place > 0) & rows.after).sum(),
    )
    told = sorted(runner.to_arrow(counted).to_pylist(), key=lambda row: str(row["attribute"]))
    return [FieldTiming(path=path_of[row.pop("attribute")], **row) for row in told]


def _mostly(part: int, whole: int, least: float) -> bool:
    low = share(part, whole).low
    return whole >= _FEWEST and low is not None and low >= least
