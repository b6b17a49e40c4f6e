"""The same sums as SQL: an additive model as an Ibis expression, for any engine."""

from __future__ import annotations

from functools import reduce
from operator import add

import ibis
import ibis.expr.types as ir

from rapport.engine.statistics.additive.model import AdditiveModel
from rapport.engine.statistics.additive.tables import CategoryTable, NumericTable, Table

TOTAL = "micro_logit"
_PREFIX = "_c"


def model_expression(model: AdditiveModel, rows: ir.Table) -> ir.Table:
    """`rows` with int64 columns `_c0`, `_c1` ... (what each of `model.names` adds) and `micro_logit`, their sum
    with the base: equal to `contributions` and `micro_logits` to the digit.

    Parameters: rows with a column per feature: numbers, texts, booleans; null (nan too) is unknown.
    """
    names = [contribution_column(position) for position in range(len(model.tables))]
    told = {name: _amount(table, rows[table.name]) for name, table in zip(names, model.tables, strict=True)}
    rows = rows.mutate(**told) if told else rows
    base = ibis.literal(model.base_micro_logit, type="int64")
    return rows.mutate(**{TOTAL: reduce(add, [rows[name] for name in names], base)})


def contribution_column(position: int) -> str:
    """The column of what `model.names[position]` adds."""
    return f"{_PREFIX}{position}"


def _amount(table: Table, column: ir.Value) -> ir.IntegerValue:
    return _of_number(table, column) if isinstance(table, NumericTable) else _of_category(table, column)


def _of_number(table: NumericTable, column: ir.Value) -> ir.IntegerValue:
    """Ranges in ascending order, neighbours that add the same as one; the first that holds the value decides."""
    unknown = column.isnull()
    value = column.cast("float64")
    if column.type().is_floating():
        unknown = unknown | value.isnan() | value.isinf()
    micros = [int(m) for m in table.micros]
    ends = [(float(e), m) for e, m, after in zip(table.edges, micros, micros[1:], strict=False) if m != after]
    branches = [(value <= ibis.literal(end, type="float64"), _whole(amount)) for end, amount in ends]
    return ibis.cases((unknown, _whole(micros[-1])), *branches, else_=_whole(micros[-2]))


def _of_category(table: CategoryTable, column: ir.Value) -> ir.IntegerValue:
    if column.type().is_boolean():
        column = ibis.ifelse(column, "true", "false")
    by_amount: dict[int, list[str]] = {}
    for category, micros in zip(table.categories, table.micros, strict=False):
        by_amount.setdefault(int(micros), []).append(category)
    branches = [(column.isin(names), _whole(amount)) for amount, names in by_amount.items()]
    return ibis.cases((column.isnull(), _whole(table.micros[-1])), *branches, else_=_whole(table.micros[-2]))


def _whole(micros: int) -> ir.IntegerScalar:
    return ibis.literal(int(micros), type="int64")
