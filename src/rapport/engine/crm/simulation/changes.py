"""`attribute_history`: the first value of every changeable column, and what changed after it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rapport.engine.crm.simulation import vocabulary as words
from rapport.engine.crm.simulation.arrow import DAY, NEVER, Ints, constant, ids, instants, money, picked, table
from rapport.engine.crm.simulation.people import People
from rapport.engine.crm.simulation.pipeline import RENEWAL, Contracts, Deals
from rapport.engine.crm.simulation.profiles import LIFECYCLE
from rapport.engine.crm.simulation.sales import REASONS, STAGE_NAMES
from rapport.engine.crm.simulation.service import STATUSES, Cases
from rapport.engine.crm.simulation.spec import Simulation
from rapport.engine.crm.tables import TABLES, Change, Type

_FORECAST = ("pipeline", "pipeline", "best_case", "commit", "omitted", "omitted")


@dataclass(frozen=True)
class Changes:
    """Every value that one attribute of some rows ever had: row number, text and since when (NEVER: not at all)."""

    attribute: str
    row: Ints
    value: pa.Array
    since: Ints


def history_of(
    name: str, rows: pa.Table, changes: Sequence[Changes], first_number: int, end: int
) -> tuple[pa.Table, int]:
    """The history of a table's rows, and the next free number. Attributes named in `changes` come from there only."""
    declared, told = TABLES[name], {c.attribute for c in changes}
    dated = rows[declared.occurred_at or "created_at"]
    parts = []
    for column in declared.changeable:
        if column.change is Change.CHANGEABLE and column.name in rows.column_names and column.name not in told:
            present = rows.select(["id", column.name]).append_column("since", dated)
            present = present.filter(pc.is_valid(present[column.name]))
            text = as_text(column.type, present[column.name])
            parts.append(_entries(column.name, present["id"], text, present["since"]))
    for change in changes:
        kept = (change.since != NEVER) & (change.since <= end)
        value = change.value.filter(pa.array(kept))
        parts.append(_entries(change.attribute, ids(name, change.row[kept]), value, instants(change.since[kept])))
    merged = pa.concat_tables(parts)
    return _history(declared.entity, merged, first_number), first_number + len(merged)


def _entries(attribute: str, entity_id: pa.Array, value: pa.Array, since: pa.Array) -> pa.Table:
    return pa.table(
        {"attribute": constant(attribute, len(entity_id)), "entity_id": entity_id, "value": value, "valid_from": since}
    )


def _history(entity: str, entries: pa.Table, first_number: int) -> pa.Table:
    number = np.arange(first_number, first_number + len(entries))
    columns = {
        "id": ids("attribute_history", number),
        "entity": constant(entity, len(entries)),
        **{name: entries[name] for name in entries.column_names},
        "changed_by": constant("simulation", len(entries)),
        "created_at": entries["valid_from"],
    }
    return table("attribute_history", columns)


def as_text(kind: Type, values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Values as the history keeps them: instants ISO 8601 with +00:00 and microseconds, decimals plain."""
    if kind is Type.INSTANT:
        return pc.strftime(values, "%Y-%m-%dT%H:%M:%S+00:00")
    if kind in (Type.MONEY, Type.SCORE):
        return pc.replace_substring_regex(values.cast(pa.string()), r"\.?0*$", "")
    return values.cast(pa.string())


def contact_changes(people: People, numbers: Ints, steps: Sequence[tuple[int, Ints]]) -> list[Changes]:
    """Lifecycle stages of the contacts `numbers`, from `lifecycle`."""
    return [
        Changes("lifecycle_stage", numbers, constant(LIFECYCLE[code], len(numbers)), at[numbers]) for code, at in steps
    ]


def account_changes(created: Ints, customer_since: Ints, former_since: Ints) -> list[Changes]:
    rows = np.arange(len(created))
    steps = (("prospect", created), ("customer", customer_since), ("former", former_since))
    return [Changes("type", rows, constant(kind, len(rows)), since) for kind, since in steps]


def deal_changes(deals: Deals) -> list[Changes]:
    rows, stages = np.arange(deals.rows), len(words.STAGES)
    closed = np.where(deals.won, stages, stages + 1)
    moves = [(k, np.full(deals.rows, k), deals.stage_at[:, k]) for k in range(stages)] + [(4, closed, deals.closed)]
    changes = []
    for _, code, at in moves:
        probability = picked([repr(words.STAGE_PROBABILITY[s]) for s in STAGE_NAMES], code)
        changes += [
            Changes("stage", rows, picked(STAGE_NAMES, code), at),
            Changes("probability", rows, probability, at),
            Changes("forecast_category", rows, picked(_FORECAST, code), at),
        ]
    lost = np.where(deals.won, NEVER, deals.closed)
    quoted = np.where(deals.kind == RENEWAL, NEVER, deals.stage_at[:, 2])
    return [
        *changes,
        Changes("status", rows, constant("open", deals.rows), deals.created),
        Changes("status", rows, picked(("won", "lost"), (~deals.won).astype(np.int64)), deals.closed),
        Changes("lost_reason", rows, picked(words.LOST_REASONS, deals.lost_reason), lost),
        *_amounts("amount", deals.first_amount, deals.amount, deals.created, quoted),
        *_amounts("recurring_amount", deals.first_amount // 12, deals.amount // 12, deals.created, quoted),
    ]


def _amounts(attribute: str, first: Ints, final: Ints, created: Ints, quoted: Ints) -> Iterable[Changes]:
    """The first guess, and what was quoted."""
    rows = np.arange(len(first))
    return (
        Changes(attribute, rows, _plain(first), created),
        Changes(attribute, rows, _plain(final), quoted),
    )


def _plain(units: Ints) -> pa.StringArray:
    return as_text(Type.MONEY, money(units))


def contract_changes(contracts: Contracts) -> list[Changes]:
    rows = np.arange(len(contracts.deal))
    renewed = np.where(contracts.renewed_by >= 0, contracts.term_end, NEVER)
    return [
        Changes("cancel_reason", rows, picked(REASONS, contracts.reason), contracts.ended),
        Changes("renewed_by_contract_id", rows, ids("contracts", contracts.renewed_by), renewed),
    ]


def case_changes(cases: Cases) -> list[Changes]:
    rows = np.arange(len(cases.contact))
    second = np.where(cases.reopened == NEVER, NEVER, cases.solved)
    steps = (
        (0, cases.opened),
        (1, cases.replied),
        (2, cases.first_solved),
        (1, cases.reopened),
        (2, second),
        (3, cases.closed),
    )
    return [Changes("status", rows, constant(STATUSES[code], len(rows)), at) for code, at in steps]


def campaign_changes(simulation: Simulation, started: Ints) -> list[Changes]:
    rows, ended = np.arange(len(started)), started + 21 * DAY
    announced = np.minimum(started - 20 * DAY, simulation.end_us - DAY)
    cost = (3_000 + 500 * (rows % 5)) * 10_000 * 11 // 10
    return [
        Changes("status", rows, constant("planned", len(rows)), announced),
        Changes("status", rows, constant("active", len(rows)), started),
        Changes("status", rows, constant("completed", len(rows)), ended),
        Changes("actual_cost", rows, _plain(cost), ended),
    ]
