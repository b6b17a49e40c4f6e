"""Records beside the rules of data quality, as they stood at the end of each period."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.local_day import local_day
from rapport.engine.crm.tables import TABLES, Change
from rapport.engine.errors import EngineCannot
from rapport.engine.metrics.quality.rules import OBJECTS, RULES, Rule
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Dating, Relation, column
from rapport.engine.metrics.relations.then import with_values_then
from rapport.engine.metrics.windows import standing_in_windows

_COLUMNS = ("id", "object", "source", "owner_id", "period", "at", "required_cells", "valid_cells")
_BY_RULE = ("rule", "aspect")


def _checked(reading: Reading) -> ir.Table:
    """One row per period and record that stood at its end; where the rule is wanted, one per check of it.

    Columns: object (table), source, owner_id, at (since when it is known), required_cells (cells that some rule
    applies to), valid_cells (those of which every rule that applies holds), fully_valid (all of them), is_<object>.
    """
    if reading.runner is None:
        raise EngineCannot("Data quality needs a runner to see which columns are filled.", where=reading.needed_by)
    parts = [part for table in OBJECTS if reading.has(table) if (part := _of_table(table, reading)) is not None]
    rows = ibis.union(*parts) if len(parts) > 1 else parts[0] if parts else _nothing()
    rows = rows.mutate(**{f"is_{name}": rows.object == name for name in OBJECTS})
    return rows.mutate(fully_valid=rows.valid_cells == rows.required_cells)


def _of_table(table: str, reading: Reading) -> ir.Table | None:
    filled = _filled(table, reading)
    rules = [rule for rule in RULES if rule.table == table and rule.column in filled]
    if not rules:
        return None
    rows = _records(table, rules, reading)
    checks = {
        f"_check{i}": ibis.ifelse(rule.applies(rows).fill_null(False), rule.holds(rows).fill_null(False), ibis.null())
        for i, rule in enumerate(rules)
    }
    rows = rows.mutate(**checks)
    told = _by_rule(rows, rules) if reading.wants(*_BY_RULE) else _by_record(rows, rules)
    told = told.mutate(object=ibis.literal(table))
    return told.filter(told.required_cells > 0).select(*_COLUMNS, *(_BY_RULE if reading.wants(*_BY_RULE) else ()))


def _by_record(rows: ir.Table, rules: Sequence[Rule]) -> ir.Table:
    required, valid = ibis.literal(0, type="int64"), ibis.literal(0, type="int64")
    for name in dict.fromkeys(rule.column for rule in rules):
        checks = [rows[f"_check{i}"] for i, rule in enumerate(rules) if rule.column == name]
        applies = ibis.or_(*(check.notnull() for check in checks))
        holds = ibis.and_(*(check.fill_null(True) for check in checks))
        required = required + applies.cast("int64")
        valid = valid + (applies & holds).cast("int64")
    return rows.mutate(required_cells=required, valid_cells=valid)


def _by_rule(rows: ir.Table, rules: Sequence[Rule]) -> ir.Table:
    """Each record once for each rule that applies to it."""
    listed = pa.table(
        {
            "rule_number": pa.array(range(len(rules)), pa.int64()),
            "rule": pa.array([rule.id for rule in rules]),
            "aspect": pa.array([rule.aspect.value for rule in rules]),
        }
    )
    crossed = rows.cross_join(ibis.memtable(listed))
    passed = ibis.cases(*((crossed.rule_number == i, crossed[f"_check{i}"]) for i in range(len(rules))))
    return crossed.mutate(
        required_cells=passed.notnull().cast("int64"), valid_cells=passed.fill_null(False).cast("int64")
    )


def _records(table: str, rules: Sequence[Rule], reading: Reading) -> ir.Table:
    """Records that stood at the end of each window, with the values they had then."""
    declared = TABLES[table]
    read = dict.fromkeys(name for rule in rules for name in (rule.column, *rule.reads))
    owned = ["owner_id"] if "owner_id" in declared.columns else []
    own = [c for c in (*read, *owned) if declared.columns[c].change is not Change.CHANGEABLE]
    changing = [c for c in dict.fromkeys((*read, *owned)) if c not in own]
    since = declared.occurred_at or "created_at"
    records = reading.lookup(table, list(dict.fromkeys([since, "recorded_at", "source", *own])))
    records = records.mutate(
        from_at=ibis.coalesce(records[since], records.recorded_at), to_at=ibis.null().cast("timestamp('UTC', 6)")
    )
    rows = standing_in_windows(records.filter(records.from_at.notnull()), reading.windows)
    milestones = [c for c in own if declared.columns[c].change is Change.MILESTONE]
    rows = rows.mutate(**{c: ibis.ifelse(rows[c] < rows.stands_at, rows[c], ibis.null()) for c in milestones})
    if changing:
        rows = with_values_then(plain(rows), reading, table, changing)
    if not owned:
        rows = rows.mutate(owner_id=ibis.null().cast("string"))
    return plain(rows.mutate(at=rows.from_at, today=local_day(rows.stands_at, reading.time_zone)))


def _filled(table: str, reading: Reading) -> frozenset[str]:
    """Columns of the table's rules that hold at least one value."""
    assert reading.runner is not None
    snapshot, declared = reading.view.snapshot, TABLES[table]
    names = list(dict.fromkeys(rule.column for rule in RULES if rule.table == table))
    rows, found = snapshot.tables[table], set()
    kept = snapshot.has("attribute_history")
    changing = {c for c in names if declared.columns[c].change is Change.CHANGEABLE} if kept else set()
    own = [c for c in names if c not in changing and c in rows.columns]
    if own:
        counted = reading.runner.to_arrow(rows.aggregate(**{c: rows[c].count() for c in own})).to_pylist()[0]
        found |= {name for name, n in counted.items() if n}
    if changing:
        history = snapshot.tables["attribute_history"]
        told = history.filter((history.entity == declared.entity) & history.value.notnull())
        told = told.filter(told.attribute.isin(sorted(changing))).select("attribute").distinct()
        found |= set(reading.runner.to_arrow(told)["attribute"].to_pylist())
    return frozenset(found)


def _nothing() -> ir.Table:
    types = {"period": pa.int64(), "required_cells": pa.int64(), "valid_cells": pa.int64()}
    stamp = {"at": pa.timestamp("us", tz="UTC")}
    names = (*_COLUMNS, *_BY_RULE)
    schema = pa.schema([(name, types.get(name) or stamp.get(name) or pa.string()) for name in names])
    return ibis.memtable(schema.empty_table())


DATA_QUALITY = Relation(
    name="data_quality",
    grain="records",
    table="contacts",
    needs_any=OBJECTS,
    rows=_checked,
    dating=Dating.PER_PERIOD,
    kept=False,
    dimensions={
        "object": column("object"),
        "source": column("source"),
        "owner": column("owner_id"),
        "rule": column("rule"),
        "aspect": column("aspect"),
    },
    labels=("object", "source", "owner_id", "required_cells", "valid_cells"),
)
