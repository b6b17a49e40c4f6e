"""Parts of a query that would be written out many times."""

from __future__ import annotations

import duckdb
import pytest
import sqlglot

from rapport.engine.execution import copied_parts as parts_of_queries
from rapport.engine.execution.copied_parts import copied_parts, copies_of

DOUBLING = """
WITH a AS (SELECT 1 AS n UNION ALL SELECT 2), b AS (SELECT x.n FROM a AS x JOIN a AS y ON x.n = y.n),
c AS (SELECT x.n FROM b AS x JOIN b ON x.n = b.n), once AS (SELECT n + 1 AS n FROM b)
SELECT c.n, d.n AS m FROM c JOIN c AS d ON c.n = d.n JOIN once ON once.n > 0
"""


def test_parts_of_parts_multiply() -> None:
    assert copies_of(sqlglot.parse_one(DOUBLING)) == {"a": 10, "b": 5, "c": 2, "once": 1}  # type: ignore[arg-type]


def test_computed_beforehand_the_answer_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_of_queries, "MOST_COPIES", 4)
    query = sqlglot.parse_one(DOUBLING)
    database = duckdb.connect()
    expected = database.sql(DOUBLING).fetchall()
    computed = []
    for part in copied_parts(query):  # type: ignore[arg-type]
        computed.append(part.name)
        database.sql(f"CREATE TABLE computed_{part.name} AS {part.sql(dialect='duckdb')}")
        part.replaced_by(f"computed_{part.name}")
    assert computed == ["a", "b"]
    assert sorted(database.sql(query.sql(dialect="duckdb")).fetchall()) == sorted(expected)
