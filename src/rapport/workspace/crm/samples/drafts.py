"""Rows of a sample as drafts for the one way to write, in the order in which they came to be."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa

from rapport.engine.crm.tables import BY_ENTITY, TABLES, Change, Kind, Table, Type
from rapport.workspace.crm.records.changes import Draft
from rapport.workspace.crm.records.values import from_text

ORDER = (
    *("teams", "users", "products", "campaigns", "accounts", "contacts", "campaign_members", "deals"),
    *("deal_stage_visits", "proposals", "contracts", "orders", "order_lines", "cases", "case_events"),
    *("survey_answers", "interactions", "interaction_flags"),
)
"""A table comes after those that it refers to."""

_PART = 5_000
Steps = list[tuple[datetime, dict[str, Any]]]
Told = Mapping[str, Mapping[str, Steps]]


def first_drafts(name: str, rows: pa.Table, told: Told) -> Iterator[list[Draft]]:
    """Parts of drafts with the first value of everything.

    Columns that `told` names are taken from there, the others from the row, from its own instant on.
    """
    table = TABLES[name]
    steps = told.get(table.entity, {})
    elsewhere = {column for of_one in steps.values() for _, values in of_one for column in values}
    documents = [c.name for c in table.columns.values() if c.type is Type.JSON and c.name in rows.column_names]
    kept = rows.drop_columns([c for c in rows.column_names if c in elsewhere or c in ("source", "bucket")])
    for start in range(0, len(kept), _PART):
        part = kept.slice(start, _PART).to_pylist()
        yield [_first(table, row, steps.get(row["id"], []), documents) for row in part]


def _first(table: Table, row: dict[str, Any], steps: Steps, documents: list[str]) -> Draft:
    draft = {key: value for key, value in row.items() if value is not None}
    for name in documents:
        if name in draft:
            draft[name] = json.loads(draft[name])
    if table.kind is Kind.RECORD:
        draft["modified_at"] = row.get(table.occurred_at or "created_at") or row["created_at"]
    if steps:
        since, values = steps[0]
        draft |= {"modified_at": since, **{k: v for k, v in values.items() if v is not None}}
    return draft


def later_drafts(name: str, told: Told) -> Iterator[list[Draft]]:
    """Parts of drafts with one change each: the second of every row, then the third, and so on."""
    steps = told.get(TABLES[name].entity, {})
    for number in range(1, max((len(s) for s in steps.values()), default=0)):
        changed = [
            {"id": row_id, "modified_at": s[number][0], **s[number][1]}
            for row_id, s in steps.items()
            if len(s) > number
        ]
        for start in range(0, len(changed), _PART):
            yield list(changed[start : start + _PART])


def steps_told(history: pa.Table | None) -> Told:
    """By entity and id: what its values became and since when, in the order of time."""
    told: dict[str, dict[str, dict[datetime, dict[str, Any]]]] = defaultdict(lambda: defaultdict(dict))
    columns = ("entity", "entity_id", "attribute", "value", "valid_from")
    for entry in history.select(columns).to_pylist() if history is not None else ():
        column = BY_ENTITY[entry["entity"]].columns[entry["attribute"]]
        if column.change is Change.CHANGEABLE:
            at = told[entry["entity"]][entry["entity_id"]].setdefault(entry["valid_from"], {})
            at[column.name] = from_text(column.type, entry["value"])
    return {e: {i: sorted(s.items(), key=lambda step: step[0]) for i, s in ids.items()} for e, ids in told.items()}
