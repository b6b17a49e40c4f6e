"""Every table and column that other tools get, declared once; the same as a view and as Parquet files.

Names and types of a version stay; columns are only added, at the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rapport.engine.crm.tables import TABLES, Change, Column, Kind, Type
from rapport.engine.crm.tables.columns import boolean, instant, integer, key, money, number, text

VERSION = 1
_FIXED = Change.IMMUTABLE

_RECORDS = (
    "accounts", "contacts", "interactions", "interaction_flags", "identity_links", "consents",
    "campaigns", "campaign_members", "costs",
    "deals", "deal_stage_visits", "proposals", "products", "orders", "order_lines", "refunds", "contracts",
    "cases", "case_events", "sla_targets", "survey_answers",
    "users", "teams", "exchange_rates", "goals", "forecast_snapshots",
)  # fmt: skip
_NOT_FOR_OTHERS = ("deleted_at", "ingested_at", "recorded_at_assumed")  # rows that were deleted are left out

# What names a person or lets anybody write to them, and free text, in which anything may stand.
_PERSONAL: dict[str, tuple[str, ...]] = {
    "accounts": ("properties",),
    "contacts": ("external_id", "email", "phone", "first_name", "last_name", "birth_date", "properties"),
    "interactions": ("external_id", "message_id", "url", "subject_line", "anonymous_id", "properties"),
    "consents": ("external_id", "evidence"),
    "deals": ("properties",),
    "cases": ("subject_line", "tags", "properties"),
    "survey_answers": ("external_id", "comment"),
    "users": ("external_id", "email"),
}
_MERGED = ("accounts", "contacts")
_WHERE = {"identity_links": "kind <> 'identify'"}  # visitors' own ids are nobody's business
_BY_MONTH_OF = {
    "interactions": "occurred_at",
    "deal_stage_visits": "entered_at",
    "orders": "ordered_at",
    "refunds": "refunded_at",
    "case_events": "occurred_at",
    "survey_answers": "answered_at",
}


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A table for other tools.

    Attributes:
        name: of the files and, after `v_`, of the view.
        rows: what one row is.
        kept_in: the database's table; where: the rows of it that are told.
        personal: columns that are null unless personal data are asked for.
        by_month_of: the column whose month (UTC) decides the file; None for one file.
        settled: rows never change once they are there; they only come, or go.
        changed_at: the column that is newest in rows that came or changed last.
        key: what tells rows apart.
        added: columns that are not kept but made from kept ones.
    """

    name: str
    rows: str
    kept_in: str
    columns: tuple[Column, ...]
    where: str = "1 = 1"
    personal: frozenset[str] = frozenset()
    by_month_of: str | None = None
    settled: bool = False
    changed_at: str | None = None
    key: tuple[str, ...] = ("id",)
    added: tuple[Column, ...] = ()

    @property
    def view(self) -> str:
        return f"v_{self.name}"

    @property
    def all_columns(self) -> tuple[Column, ...]:
        return (*self.columns, *self.added)


def _record(name: str) -> Exported:
    table = TABLES[name]
    return Exported(
        name=name,
        rows=table.grain,
        kept_in=name,
        columns=tuple(column for column in table.columns.values() if column.name not in _NOT_FOR_OTHERS),
        where=" AND ".join(("deleted_at IS NULL", *([_WHERE[name]] if name in _WHERE else []))),
        personal=frozenset(_PERSONAL.get(name, ())),
        by_month_of=_BY_MONTH_OF.get(name),
        settled=table.kind is Kind.FACT,
        changed_at="ingested_at",
        added=(_survivor(name),) if name in _MERGED else (),
    )


def _survivor(table: str) -> Column:
    told = "Who it turned out to be: the record it was merged into, at the end of the chain; else its own id"
    return key("survivor_id", table, told)


def _score(name: str, description: str) -> Column:
    return Column(name=name, type=Type.SCORE, description=description, change=_FIXED)


_SUBJECT = (
    text("score", "Name of the score", required=True),
    integer("version", "Version of its definition"),
    text("subject", "What was scored: contact, account or deal"),
    key("subject_id", None, "Which one: `id` in v_contacts, v_accounts or v_deals", required=True),
)
_FIGURES = (
    _score("value", "The score; null where it cannot be told, see `reason_null`"),
    _score("low", "Lower end of a 90 % interval of the value, where it has one"),
    _score("high", "Upper end of it"),
    _score("fit", "Fit subtotal"),
    _score("engagement", "Engagement subtotal"),
    text("matrix", "Matrix label (A1 .. C3)"),
    text("band", "Band"),
    Column(name="percentile", type=Type.NUMBER, description="Rank percentile in its population run", unit="0..100"),
)
_WHY_NULL = text("reason_null", "Why there is no value")

SCORES_CURRENT = Exported(
    name="scores_current",
    rows="the newest value of a live score for a subject",
    kept_in="current_scores",
    columns=(
        *_SUBJECT,
        *_FIGURES,
        text("trend", "rising, falling or steady over 7 days; null where it cannot be told"),
        _score("change_7d", "Value less that of the same version 7 x 24 hours earlier; null where that is null"),
        _score("change_30d", "The same over 30 x 24 hours"),
        instant("ready_since", "Since when the subject is ready by the score's own bounds; null while it is not"),
        _WHY_NULL,
        instant("as_of", "The instant that the score was computed for", required=True),
        instant("computed_at", "When it was computed", required=True),
    ),
    changed_at="computed_at",
    key=("score", "subject_id"),
)
SCORE_HISTORY = Exported(
    name="score_history",
    rows="a value that a score took for a subject, until its next row",
    kept_in="score_values",
    columns=(
        key("id", None, "The row's own id", required=True),
        *_SUBJECT,
        *_FIGURES,
        text("cause", "What changed it (first, run, interaction, decay, new version, filled in)"),
        _WHY_NULL,
        instant("as_of", "The instant that the score was computed for; it holds from then on", required=True),
        instant("computed_at", "When it was computed"),
    ),
    where="deleted_at IS NULL",
    by_month_of="as_of",
    settled=True,
    changed_at="ingested_at",
)
SEGMENTS = Exported(
    name="segments",
    rows="a stay of a member in a segment: the members now where `is_current`, all stays over time otherwise",
    kept_in="segment_memberships",
    columns=(
        key("id", None, "The row's own id", required=True),
        text("segment", "Name of the segment, which never changes", required=True),
        text("subject", "What its members are: contact, account or deal"),
        key("subject_id", None, "Which one: `id` in v_contacts, v_accounts or v_deals", required=True),
        instant("entered_at", "When the member entered", required=True),
        instant("left_at", "When the member left; null while it is in"),
    ),
    where="deleted_at IS NULL",
    changed_at="ingested_at",
    added=(
        text("title", "What people call the segment; null where it was imported without one"),
        boolean("is_current", "Whether the member is in the segment now"),
    ),
)
METRICS_DAILY = Exported(
    name="metrics_daily",
    rows="a metric of the whole company on a day in the company's time zone",
    kept_in="metric_days",
    columns=(
        Column(name="day", type=Type.DATE, description="The day; a level or trailing window is as of its end"),
        text("metric", "Id of the metric, see v_metrics", required=True),
        number("value", "Value in the metric's unit, shares as 0..1; null where unknown, see `reason`"),
        money("amount", "The value exactly, where the unit is an amount of base currency; else null"),
        number("numerator", "What a ratio was made from"),
        number("denominator", "What a ratio was divided by"),
        integer("n", "Rows it rests on"),
        number("lower", "Lower end of a 95 % interval, where there is one"),
        number("upper", "Upper end of it"),
        number("maturity", "Share of a cohort whose window has passed; null where there is no cohort", unit="0..1"),
        number("coverage", "Share of the day for which there are data", unit="0..1"),
        text("reason", "Why there is no value"),
        text("flags", "Words for the reader, by comma (small sample, immature, ...)"),
        integer("definition_version", "Version of the metric's definition"),
        instant("data_through", "The newest row of what the metric counts, as known then"),
        instant("as_of", "The instant whose knowledge was used; days are measured anew as data come in late"),
    ),
    by_month_of="day",
    changed_at="as_of",
    key=("day", "metric"),
)

EXPORTED: dict[str, Exported] = {
    table.name: table
    for table in (SCORES_CURRENT, SCORE_HISTORY, METRICS_DAILY, SEGMENTS, *(_record(name) for name in _RECORDS))
}


def told(table: Exported, *, with_personal_data: bool) -> Iterable[tuple[Column, bool]]:
    """Every column and whether it is told; those that are not stay, as null, so that names and types are stable."""
    return ((c, with_personal_data or c.name not in table.personal) for c in table.all_columns)
