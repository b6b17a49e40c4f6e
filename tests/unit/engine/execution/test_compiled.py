"""A compiled query gives what the expression gives, whatever rows are swapped in and whenever it is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import pyarrow as pa
import pytest

from crm_rows import at
from properties.points.company import AS_OF, Rows, company
from properties.points.definitions import ACCOUNT, CONTACT, DEAL
from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.crm.tables import TABLES
from rapport.engine.execution.compiled import Compiled, NotCompiled, compiled
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.execution.live_tables import LiveTables
from rapport.engine.runner import Unforeseen
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.points.expression import Points
from rapport.engine.scores.points.spec import PointsDefinition

ZONE = "Europe/Stockholm"
SMALL = """
name: small
subject: contact
kind: points
range: [-100, 100]
groups:
  all:
    type: engagement
    decay: {half_life_days: 3}
    criteria:
      - {name: prices, points: 8, per: {event: page_view, where: {field: url_path, matches: "^/pri(ces|cing)"}}}
      - {name: quiet, points: -5, when: {no: {event: any, within_days: 20}}}
"""


@pytest.fixture
def tables() -> Iterator[LiveTables]:
    with DuckdbRunner(threads=1) as runner:
        yield LiveTables(runner)


def arrow(rows: Mapping[str, Rows]) -> dict[str, pa.Table]:
    """Every declared column, without the bucket that only lake files have."""
    schemas = {
        name: pa.schema([pa.field(c.name, c.arrow_type) for c in TABLES[name].columns.values()]) for name in rows
    }
    return {name: pa.Table.from_pylist([dict(row) for row in of], schema=schemas[name]) for name, of in rows.items()}


def query(text: str, tables: LiveTables, rows: Mapping[str, Rows], when: datetime) -> Compiled:
    definition = parse_definition(text)
    assert isinstance(definition, PointsDefinition)

    def build(snapshot: Snapshot, runner: DuckdbRunner, instant: datetime) -> object:
        return Points(definition, as_known(snapshot, instant), runner).scores()

    return compiled(build, tables, Snapshot({}, time_zone=ZONE), present=sorted(rows), at=when, memory={})  # type: ignore[arg-type]


def expected(text: str, rows: Mapping[str, Rows], when: datetime) -> list[dict[str, object]]:
    definition = parse_definition(text)
    assert isinstance(definition, PointsDefinition)
    with DuckdbRunner(threads=1) as runner:
        snapshot = Snapshot({name: runner.from_arrow(t) for name, t in arrow(rows).items()}, time_zone=ZONE)
        return in_order(runner.to_arrow(Points(definition, as_known(snapshot, when), runner).scores()))


def in_order(rows: pa.Table) -> list[dict[str, object]]:
    found: list[dict[str, object]] = rows.sort_by("subject_id").to_pylist()
    return found


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(CONTACT, marks=pytest.mark.slow, id="contact"),
        pytest.param(ACCOUNT, id="account"),
        pytest.param(DEAL, id="deal"),
    ],
)
def test_other_rows_and_other_instants_of_the_day_give_what_the_expression_gives(tables: LiveTables, text: str) -> None:
    first, second = company(1), company(2)
    compiled_query = query(text, tables, first, AS_OF)  # built over empty tables
    for rows, when in ((first, AS_OF), (second, AS_OF - timedelta(hours=3, seconds=7))):
        tables.swap(arrow(rows))
        try:
            found = compiled_query.run(when)
        except Unforeseen:
            compiled_query = query(text, tables, first, AS_OF)  # built again, now over rows
            found = compiled_query.run(when)
        assert in_order(found) == expected(text, rows, when)


def test_only_the_columns_that_are_named_matter(tables: LiveTables) -> None:
    rows = company(3)
    tables.swap(arrow(rows))
    compiled_query = query(CONTACT, tables, rows, AS_OF)
    whole = in_order(compiled_query.run(AS_OF))
    bare = {
        name: pa.table(
            {
                c: table[c] if c in compiled_query.reads[name] else pa.nulls(len(table), table[c].type)
                for c in table.schema.names
            }
        )
        for name, table in arrow(rows).items()
        if name in compiled_query.reads
    }
    assert "subject_line" not in compiled_query.reads["interactions"]
    tables.clear()
    tables.swap(bare)
    assert in_order(compiled_query.run(AS_OF)) == whole


def test_a_text_of_a_new_kind_is_built_for_once_and_remembered(tables: LiveTables) -> None:
    contact = {"id": "c", "created_at": at(2024, 1, 1), "recorded_at": at(2024, 1, 1)}

    def visits(path: str) -> dict[str, Rows]:
        seen = {"id": "i", "contact_id": "c", "type": "page_view", "url_path": path, "occurred_at": at(2024, 6, 12, 9)}
        return {"contacts": [contact], "interactions": [{**seen, "recorded_at": at(2024, 6, 12, 9)}]}

    definition = parse_definition(SMALL)
    assert isinstance(definition, PointsDefinition)
    memory: dict[int, list[str]] = {}

    def build(snapshot: Snapshot, runner: DuckdbRunner, instant: datetime) -> object:
        return Points(definition, as_known(snapshot, instant), runner).scores()

    def built() -> Compiled:
        present = ["contacts", "interactions"]
        return compiled(build, tables, Snapshot({}), present=present, at=AS_OF, memory=memory)  # type: ignore[arg-type]

    first = built()
    tables.swap(arrow(visits("/prices")))
    with pytest.raises(Unforeseen):
        first.run(AS_OF)
    first.close()
    tables.clear()
    second = built()
    tables.swap(arrow(visits("/pricing")))
    assert [str(row["value"]) for row in second.run(AS_OF).to_pylist()] == ["8.000000"]
    tables.swap(arrow(visits("/about")))
    assert [str(row["value"]) for row in second.run(AS_OF).to_pylist()] == ["0.000000"]


def test_what_looks_at_its_rows_while_it_is_built_is_refused(tables: LiveTables) -> None:
    def build(snapshot: Snapshot, runner: DuckdbRunner, _instant: datetime) -> object:
        return runner.from_arrow(runner.to_arrow(snapshot.table("contacts", needed_by="a test")))

    with pytest.raises(NotCompiled):
        compiled(build, tables, Snapshot({}), present=["contacts"], at=AS_OF, memory={})  # type: ignore[arg-type]


def test_an_instant_that_is_a_fact_of_the_rows_is_not_moved(tables: LiveTables) -> None:
    """Facts just before and just after the instant asked for, which is none of those it was built at."""
    when = datetime(2024, 6, 12, 12, 0, 0, 5, tzinfo=AS_OF.tzinfo)
    happened = {"contact_id": "c", "type": "page_view", "url_path": "/pricing"}
    rows: dict[str, Rows] = {
        "contacts": [{"id": "c", "created_at": at(2024, 1, 1), "recorded_at": at(2024, 1, 1)}],
        "interactions": [
            {**happened, "id": "on time", "occurred_at": when, "recorded_at": when},
            {**happened, "id": "later", "occurred_at": when + timedelta(microseconds=1), "recorded_at": when},
            {**happened, "id": "known later", "occurred_at": when, "recorded_at": when + timedelta(microseconds=1)},
        ],
    }
    tables.swap(arrow(rows))
    compiled_query = query(SMALL, tables, rows, AS_OF)
    assert [str(row["value"]) for row in compiled_query.run(when).to_pylist()] == ["8.000000"]
