"""The rows behind a metric's value, those that a user may see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.tables import TABLES
from rapport.engine.metrics.derived import counted_parts
from rapport.engine.metrics.drill_down import rows as counted_rows
from rapport.engine.metrics.period import Period
from rapport.engine.metrics.query import Only
from rapport.engine.metrics.registry import METRICS
from rapport.engine.runner import Runner
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.lib.declared import published_models
from rapport.workspace.metrics.data_version import measured_tables
from rapport.workspace.scores.subjects import name_of
from rapport.workspace.team.access import visible
from rapport.workspace.team.models import Role, User

PAGE = 50
MOST_EXPORTED = 100_000


@dataclass(frozen=True, kw_only=True)
class RowPage:
    """Rows of one page, newest first, by column; `ids`: the same with ids in the place of names; `more`: whether
    others follow."""

    table: str
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    ids: Sequence[Mapping[str, Any]]
    more: bool


def row_page(
    metric: str,
    *,
    period: Period,
    filters: Mapping[str, str],
    user: User,
    now: datetime,
    page: int = 1,
    part: str = "",
) -> RowPage:
    """One page of rows, with names in the place of ids. Raises DataError where the metric cannot be told.

    Parameters: part, of a metric made of others, whose rows; the first one's where none is named.
    """
    asked = _Asked(metric=metric, part=part, period=period, filters=filters)
    found, columns = _rows(asked, user=user, now=now, start=(page - 1) * PAGE, count=PAGE + 1)
    shown = found[:PAGE]
    return RowPage(table=asked.table, columns=columns, rows=_named(shown), ids=shown, more=len(found) > PAGE)


def exported(
    metric: str, *, period: Period, filters: Mapping[str, str], user: User, now: datetime, part: str = ""
) -> Iterator[Sequence[Any]]:
    """The header and up to 100,000 rows, as they are: ids, not names."""
    asked = _Asked(metric=metric, part=part, period=period, filters=filters)
    found, columns = _rows(asked, user=user, now=now, start=0, count=MOST_EXPORTED)
    yield columns
    yield from ([row[column] for column in columns] for row in found)


@dataclass(frozen=True, kw_only=True)
class _Asked:
    metric: str
    part: str
    period: Period
    filters: Mapping[str, str]

    @property
    def only(self) -> list[Only]:
        known = METRICS[self.metric].dimensions
        return [Only(name, (value,)) for name, value in self.filters.items() if name in known]

    @property
    def table(self) -> str:
        """Whose rows they are."""
        parts = counted_parts(METRICS[self.metric], self.period)
        spec, _ = parts.get(self.part) or next(iter(parts.values()))
        return spec.relation.table


def _rows(
    asked: _Asked, *, user: User, now: datetime, start: int, count: int
) -> tuple[list[dict[str, Any]], list[str]]:
    with open_snapshot(tables=measured_tables()) as (snapshot, runner):
        counted = counted_rows(
            asked.metric,
            snapshot,
            period=asked.period,
            as_of=now,
            filters=asked.only,
            runner=runner,
            part=asked.part,
        )
        counted = _seen(counted, asked.table, user, runner)
        order = [counted["at"].desc(), counted["id"]] if "at" in counted.columns else [counted["id"]]
        answer = runner.to_arrow(counted.order_by(order).limit(count, offset=start))
    columns = [c for c in answer.column_names if answer[c].null_count < len(answer) or c == "id"]
    return answer.to_pylist(), columns


def _seen(rows: ir.Table, table: str, user: User, runner: Runner) -> ir.Table:
    """Only rows whose record the user may see."""
    model = published_models().get(table)
    if user.role == Role.ADMIN or model is None:
        return rows
    ids = list(visible(model._default_manager.all(), user).values_list("pk", flat=True))
    seen = runner.from_arrow(pa.table({"_seen": pa.array(ids, pa.string())}))
    return rows.semi_join(seen, [("id", "_seen")])


def _named(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Ids of other records replaced by their names; a column `contact_id` is shown as `contact`'s name."""
    kept = published_models()
    names: dict[str, dict[str, str]] = {}
    for column in {c for row in rows for c in row if c.endswith("_id") and _table_of(c) in kept}:
        ids = {row[column] for row in rows if row[column]}
        records = kept[_table_of(column)]._default_manager.filter(pk__in=ids)
        names[column] = {record.pk: name_of(record) for record in records}
    return [{c: names[c].get(v, v) if c in names and v else v for c, v in row.items()} for row in rows]


def _table_of(column: str) -> str:
    """`owner_id` -> users, `contact_id` -> contacts; any table declares what its columns refer to."""
    for table in TABLES.values():
        if (found := table.columns.get(column)) is not None and found.refers_to:
            return found.refers_to
    return ""
