"""The views as SQL of PostgreSQL: what they select, and what is said of them and of each column."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from rapport.engine.crm.tables import TABLES, Column, Type
from rapport.engine.metrics.registry import METRICS
from rapport.workspace.metrics.exports.tables import EXPORTED, SCORES_CURRENT, VERSION, Exported, told

SCHEMA = f"export_v{VERSION}"
CATALOGUE, ABOUT = "v_metrics", "v_about"
_TYPES: dict[Type, str] = {
    Type.ID: "text",
    Type.TEXT: "text",
    Type.CHOICE: "text",
    Type.INTEGER: "bigint",
    Type.NUMBER: "double precision",
    Type.MONEY: "numeric(18,4)",
    Type.SCORE: "numeric(18,6)",
    Type.BOOLEAN: "boolean",
    Type.INSTANT: "timestamptz",
    Type.DATE: "date",
    Type.JSON: "jsonb",
}
_SMALLEST = {Type.MONEY: "0.0001", Type.SCORE: "0.000001"}  # kept as whole numbers of this
_ADDED = {
    "title": "(SELECT s.title FROM segments s WHERE s.name = kept.segment)",
    "is_current": "kept.left_at IS NULL",
    "survivor_id": """(
        WITH RECURSIVE chain (id, depth) AS (
            SELECT kept.id::text, 0
            UNION ALL
            SELECT newest.to_id::text, chain.depth + 1
            FROM chain
            CROSS JOIN LATERAL (
                SELECT to_id, kind FROM identity_links WHERE entity = '{entity}' AND from_id = chain.id
                ORDER BY recorded_at DESC, id DESC LIMIT 1
            ) newest
            WHERE newest.kind <> 'unmerge' AND chain.depth < 32
        )
        SELECT id FROM chain ORDER BY depth DESC LIMIT 1
    )""",
}
CATALOGUE_COLUMNS = {
    "metric": "Id of the metric, as in v_metrics_daily",
    "name": "What people call it",
    "room": "marketing, sales, customers, retention or service",
    "unit": "count, fraction (0..1), rate, amount (base currency), a unit of time, points or ratio",
    "additivity": "Whether values of days may be added up; where not, read them day by day",
    "time_basis": "What puts a row into a day: event, cohort (its entry), snapshot (end of the day) or rolling",
    "sentence": "What it is, in one sentence",
    "formula": "The same as a formula",
    "definition_version": "Raised when the number can change for the same data",
}
_ABOUT_COLUMNS = {
    "schema_version": "Version of this schema; a later one would be a schema beside it",
    "with_personal_data": "Whether columns with personal data are told; they are null otherwise",
    "time_zone": "The company's time zone, in which days are told",
    "currency": "Base currency of metrics",
    "scores_as_of": "The newest instant that a current score was computed for",
    "metrics_as_of": "When the newest day of v_metrics_daily was measured",
    "metrics_through": "The newest day of v_metrics_daily",
}


def view_names() -> tuple[str, ...]:
    return (*(table.view for table in EXPORTED.values()), CATALOGUE, ABOUT)


def statements(*, with_personal_data: bool) -> Iterator[str]:
    """Everything that makes schema, views and comments, or brings them up to date; safe to repeat."""
    yield f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"
    yield f"COMMENT ON SCHEMA {SCHEMA} IS {literal(schema_comment(with_personal_data=with_personal_data))}"
    for table in EXPORTED.values():
        yield from _view(table, with_personal_data=with_personal_data)
    yield from _catalogue()
    yield from _about(with_personal_data=with_personal_data)


def schema_comment(*, with_personal_data: bool) -> str:
    told_or_not = "shown" if with_personal_data else "hidden"
    return f"Rapport: views for BI tools, version {VERSION}; personal data {told_or_not}"


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _view(table: Exported, *, with_personal_data: bool) -> Iterator[str]:
    columns = list(told(table, with_personal_data=with_personal_data))
    listed = ", ".join(
        f"{_expression(table, column, shown=shown)} AS {identifier(column.name)}" for column, shown in columns
    )
    source = f"FROM {identifier(table.kept_in)} kept WHERE {table.where}"
    yield f"CREATE OR REPLACE VIEW {SCHEMA}.{table.view} AS SELECT {listed} {source}"
    yield _comment(table.view, f"One row is {table.rows}.{_how_fresh(table)}")
    for column, shown in columns:
        yield _column_comment(table.view, column.name, description(column, shown=shown))


def _expression(table: Exported, column: Column, *, shown: bool) -> str:
    sql_type = _TYPES[column.type]
    if not shown:
        return f"NULL::{sql_type}"
    kept = f"kept.{identifier(column.name)}"
    if column in table.added:
        entity = TABLES[table.kept_in].entity
        kept = _ADDED[column.name].format(entity=entity)
    if column.type in _SMALLEST:
        return f"({kept} * {_SMALLEST[column.type]})::{sql_type}"
    return f"({kept})::{sql_type}"


def description(column: Column, *, shown: bool = True) -> str:
    """What a column holds, for people: with its unit, what it refers to, and whether it is hidden."""
    parts = [column.description]
    parts += [f"Unit: {column.unit}."] if column.unit else []
    parts += [f"One of: {', '.join(column.choices)}."] if column.choices else []
    parts += [f"Refers to v_{column.refers_to}.id."] if column.refers_to else []
    parts += [] if shown else ["Personal data, hidden: always null."]
    return " ".join(part if part.endswith((".", "?")) else f"{part}." for part in parts)


def _how_fresh(table: Exported) -> str:
    if table is SCORES_CURRENT:
        return " As of `as_of`; up to date as soon as a score is computed."
    if table.kept_in == "metric_days":
        return " Measured every night as of `as_of`; the newest weeks anew each time."
    return " Up to date at every query. Deleted rows are left out."


def _comment(view: str, text: str) -> str:
    return f"COMMENT ON VIEW {SCHEMA}.{view} IS {literal(text)}"


def _column_comment(view: str, column: str, text: str) -> str:
    return f"COMMENT ON COLUMN {SCHEMA}.{view}.{identifier(column)} IS {literal(text)}"


def catalogue_rows() -> list[dict[str, str | int]]:
    """What each metric is, one row a metric."""
    return [
        {
            "metric": m.id,
            "name": m.name,
            "room": m.room,
            "unit": m.unit.value,
            "additivity": m.additivity.value,
            "time_basis": m.time_basis.value,
            "sentence": m.sentence,
            "formula": m.formula,
            "definition_version": m.definition_version,
        }
        for m in METRICS.values()
    ]


def _catalogue() -> Iterator[str]:
    rows = ", ".join(f"({', '.join(_value(v) for v in row.values())})" for row in catalogue_rows())
    names = ", ".join(CATALOGUE_COLUMNS)
    told_rows = f"SELECT * FROM (VALUES {rows}) told ({names})"  # noqa: S608 -- our own texts, quoted
    yield f"CREATE OR REPLACE VIEW {SCHEMA}.{CATALOGUE} AS {told_rows}"
    yield _comment(CATALOGUE, "One row is a metric: what the numbers of v_metrics_daily mean.")
    for name, text in CATALOGUE_COLUMNS.items():
        yield _column_comment(CATALOGUE, name, text)


def _value(value: str | int) -> str:
    return f"{value}::bigint" if isinstance(value, int) else f"{literal(value)}::text"


def _about(*, with_personal_data: bool) -> Iterator[str]:
    newest = "SELECT max({}) FROM {}"
    told_as = {
        "schema_version": f"{VERSION}::bigint",
        "with_personal_data": str(with_personal_data).lower(),
        "time_zone": f"{literal(settings.REPORTING_TIME_ZONE)}::text",
        "currency": f"{literal(settings.BASE_CURRENCY)}::text",
        "scores_as_of": f"({newest.format('as_of', 'current_scores')})",
        "metrics_as_of": f"({newest.format('as_of', 'metric_days')})",
        "metrics_through": f"({newest.format('day', 'metric_days')})",
    }
    listed = ", ".join(f"{sql} AS {name}" for name, sql in told_as.items())
    yield f"CREATE OR REPLACE VIEW {SCHEMA}.{ABOUT} AS SELECT {listed}"
    yield _comment(ABOUT, "One row: how the company reckons, and how far scores and metrics reach.")
    for name, text in _ABOUT_COLUMNS.items():
        yield _column_comment(ABOUT, name, text)
