"""The least that would lift a subject to the next band: what might happen, tried by scoring it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import ibis
import pyarrow as pa

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions.grammar import All, AnyOf, Condition, EventMatch, FieldTest
from rapport.engine.crm.conditions.words import event_words
from rapport.engine.crm.events import ANY, DERIVED
from rapport.engine.crm.tables import TABLES, Type
from rapport.engine.runner import Runner
from rapport.engine.scores.definition_base import Band
from rapport.engine.scores.points.copies import Rows, copied, rows_about, snapshot_of
from rapport.engine.scores.points.expression import Points, tables_of
from rapport.engine.scores.points.spec import PointsDefinition

MOST_TIMES = 5
_OWNER = {"contact": "contact_id", "account": "account_id", "deal": "deal_id"}


@dataclass(frozen=True, kw_only=True)
class Way:
    """One thing that might happen.

    Attributes:
        event: in words (`page view (url path starts with /pricing)`).
        times: how often, all of it now; the least that reaches the band, else `MOST_TIMES`.
        value: the score then, as scored; band, likewise.
        reaches: whether that is the next band or a higher one.
    """

    event: str
    times: int
    value: Decimal
    band: str | None
    reaches: bool


@dataclass(frozen=True, kw_only=True)
class NextBand:
    """Where a subject is, and what would lift it.

    Attributes: band and bound of the next band; missing points; ways, the least often first, then the highest score.
    """

    value: Decimal
    band: str
    bound: Decimal
    ways: tuple[Way, ...]

    @property
    def missing(self) -> Decimal:
        return self.bound - self.value


def next_band(definition: PointsDefinition, view: AsOf, *, subject_id: str, runner: Runner) -> NextBand | None:
    """What would lift a subject; None where it has no value, is in the top band, or there are no bands.

    Each way is tried on a copy of the subject to which it happens at the view's instant, and scored by the very
    expression that scores everyone, so that limits, windows and conditions count as they do. Only interactions are
    tried: nobody can decide that a deal is won.
    """
    subjects = _subjects([subject_id])
    now = runner.to_arrow(Points(definition, view, runner, subjects).scores()).to_pylist()
    if not now or now[0]["value"] is None:
        return None
    value = now[0]["value"]
    above = _above(definition.bands, value)
    return None if above is None else NextBand(
        value=value, band=above.label, bound=above.from_, ways=_ways(definition, view, subject_id, above.from_, runner)
    )  # fmt: skip


def _above(bands: Sequence[Band], value: Decimal) -> Band | None:
    return next((band for band in reversed(bands) if band.from_ > value), None)


def _ways(definition: PointsDefinition, view: AsOf, subject_id: str, bound: Decimal, runner: Runner) -> tuple[Way, ...]:
    tried = list(_candidates(definition))
    if not tried:
        return ()
    tables = {*tables_of(definition), "interactions"}
    own = rows_about(view, definition.subject, subject_id, tables=tables, runner=runner)
    made, copies = copied(own, of=subject_id, count=len(tried) * MOST_TIMES)
    plan = {copy: (tried[i // MOST_TIMES], i % MOST_TIMES + 1) for i, copy in enumerate(copies)}
    happened = [
        row
        for copy, ((_, fields), times) in plan.items()
        for row in _interactions(definition.subject, copy, fields, times, view)
    ]
    there: Rows = {**made, "interactions": [*made.get("interactions", ()), *happened]}
    around = replace(view, snapshot=snapshot_of(there, view, runner))
    scored = runner.to_arrow(Points(definition, around, runner, _subjects(copies)).scores()).to_pylist()
    return _least({row["subject_id"]: row for row in scored}, plan, bound)


def _least(
    scored: Mapping[str, Mapping[str, Any]],
    plan: Mapping[str, tuple[tuple[EventMatch, Mapping[str, Any]], int]],
    bound: Decimal,
) -> tuple[Way, ...]:
    """One way per candidate: the fewest times that reach the bound, else the most that were tried."""
    ways: dict[str, Way] = {}
    for copy, ((match, _), times) in plan.items():
        row, words = scored.get(copy), event_words(match)
        if row is None or row["value"] is None or (words in ways and ways[words].reaches):
            continue
        reaches = row["value"] >= bound
        ways[words] = Way(event=words, times=times, value=row["value"], band=row["band"], reaches=reaches)
    return tuple(sorted(ways.values(), key=lambda w: (not w.reaches, w.times, -w.value, w.event)))


def _candidates(definition: PointsDefinition) -> Iterator[tuple[EventMatch, Mapping[str, Any]]]:
    """What criteria look for, once each, with fields that fulfil their `where`; those that cannot be made are left."""
    seen = set()
    for _, criterion in definition.criteria:
        match = criterion.event
        if match is None or match.event in DERIVED:
            continue
        fields = _fulfilling(match.where)
        key = (match.event, str(match.where))
        if fields is not None and key not in seen:
            seen.add(key)
            yield match, {"type": "page_view" if match.event == ANY else match.event, **fields}


def _fulfilling(where: Condition | None) -> dict[str, Any] | None:
    """Values of an interaction that fulfil a condition; None where none can be told."""
    if where is None:
        return {}
    if isinstance(where, FieldTest):
        value = _value(where)
        return None if value is None else {where.field: value}
    if isinstance(where, AnyOf):
        return next((found for part in where.any if (found := _fulfilling(part)) is not None), None)
    if isinstance(where, All):
        parts = [_fulfilling(part) for part in where.all]
        return None if any(p is None for p in parts) else {k: v for p in parts for k, v in (p or {}).items()}
    return None


def _value(test: FieldTest) -> Any:
    match test.test:
        case "is" | "contains" | "starts_with" | "ends_with" | "at_least" | "at_most":
            return test.operand
        case "in":
            return test.operand[0]
        case "between":
            return test.operand[0] if test.operand[0] is not None else test.operand[1]
        case "above" | "below":
            return test.operand + (1 if test.test == "above" else -1)
        case "present":
            return "x" if test.operand else None
        case _:
            return None


def _interactions(
    subject: str, copy: str, fields: Mapping[str, Any], times: int, view: AsOf
) -> Iterator[dict[str, Any]]:
    """So many interactions of a copy at the view's instant; fields that are no column go into `properties`."""
    columns = TABLES["interactions"].columns
    own = {c: v for c, v in fields.items() if c in columns and columns[c].type is not Type.ID}
    more = {c: str(v) for c, v in fields.items() if c not in columns}
    for number in range(times):
        yield {
            "id": f"{copy}/{number}",
            _OWNER[subject]: copy,
            "direction": "inbound",
            "occurred_at": view.at,
            "recorded_at": view.at,
            "created_at": view.at,
            "properties": json.dumps(more) if more else None,
            **own,
        }


def _subjects(ids: Sequence[str]) -> Any:
    return ibis.memtable(pa.table({"subject_id": pa.array(list(ids), pa.string())}))
