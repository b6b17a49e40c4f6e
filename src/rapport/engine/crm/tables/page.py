"""The reference page of all tables, made from their declarations (`docs/reference/tables.md`)."""

from __future__ import annotations

from rapport.engine.crm.tables import COMMON, TABLES, Column, Table

_INTRODUCTION = """# Tables

Every table and column that Rapport keeps, reads and publishes, made from their declarations. Times are UTC
instants to the microsecond; money has four decimals and a currency beside it; ids are text.

A **record** changes: each change of a *changeable* column is also a row of `attribute_history`, from which
every score and metric reads it as of any day. A *milestone* is an instant that something happened; it is
unknown before itself. An *immutable* column never changes. A **fact** never changes as a whole.

## Columns of every table

"""


def tables_page() -> str:
    """The whole page, Markdown."""
    return _INTRODUCTION + _columns(COMMON) + "".join(_section(table) for table in TABLES.values())


def _section(table: Table) -> str:
    dated = f"dated by `{table.occurred_at}`" if table.occurred_at else "dated by `recorded_at` only"
    return f"\n## {table.name}\n\nOne row is {table.grain}. A {table.kind}, {dated}.\n\n{_columns(table.own_columns)}"


def _columns(columns: tuple[Column, ...]) -> str:
    lines = ["| Column | Type | Changes | Meaning |", "| --- | --- | --- | --- |"]
    lines += [f"| `{c.name}` | {c.type} | {c.change} | {_meaning(c)} |" for c in columns]
    return "\n".join(lines) + "\n"


def _meaning(column: Column) -> str:
    meaning = column.description.replace("|", "\\|")
    if column.unit:
        meaning += f" ({column.unit})"
    if column.choices:
        meaning += f": {', '.join(column.choices)}"
    if column.refers_to:
        meaning += f" → [{column.refers_to}](#{column.refers_to})"
    return meaning + (". Required" if column.required else "")
