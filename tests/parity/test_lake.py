"""Every kind of score on Spark and on DuckDB, from the files of one lake: the same values, ranks and labels.

The run (what is learnt and ranked by) is made once, by DuckDB; that each engine makes the same run itself is tried kind
by kind in the files beside this one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from every_kind import COMPANY, NOW, TEMPLATES, definition_of
from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.simulation import simulate
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.crm.tables import TABLES, Table
from rapport.engine.execution.buckets import with_bucket
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.execution.lake import Lake
from rapport.engine.execution.spark import SparkRunner
from rapport.engine.scores.kind import everyone
from rapport.engine.scores.kinds import KINDS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A simulated company, published."""
    made = Lake(Path(tmp_path_factory.mktemp("lake")), incarnation="parity")
    for name, rows in simulate(COMPANY).items():
        table = TABLES[name]
        whole = whole_rows(rows, table)
        whole = with_bucket(whole) if table.bucketed else whole
        made.append(table, lambda whole=whole: [whole], batch=1)  # type: ignore[misc]
    return made


def whole_rows(rows: pa.Table, table: Table) -> pa.Table:
    """The rows with every declared column; those that the simulation leaves out are null."""
    fields = [field for field in table.arrow_schema if field.name != "bucket"]
    there = set(rows.column_names)
    columns = [rows[f.name].cast(f.type) if f.name in there else pa.nulls(len(rows), f.type) for f in fields]
    return pa.table(columns, schema=pa.schema(fields))


@pytest.fixture(scope="module")
def here(lake: Lake) -> Iterator[tuple[DuckdbRunner, Snapshot]]:
    with DuckdbRunner(threads=2) as runner:
        yield runner, opened(lake, runner)


@pytest.fixture(scope="module")
def there(lake: Lake, spark: SparkRunner) -> tuple[SparkRunner, Snapshot]:
    return spark, opened(lake, spark)


def opened(lake: Lake, runner: DuckdbRunner | SparkRunner) -> Snapshot:
    files = {name: lake.version(name).files for name in TABLES}
    return Snapshot({name: runner.from_parquet(found) for name, found in files.items() if found})


def told(rows: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rows.to_pylist()
    return sorted(found, key=lambda row: str(row["subject_id"]))


def test_no_kind_is_left_out() -> None:
    assert set(TEMPLATES) == set(KINDS)


@pytest.mark.parametrize("kind", TEMPLATES)
def test_scores_from_the_same_lake(
    kind: str, here: tuple[DuckdbRunner, Snapshot], there: tuple[SparkRunner, Snapshot]
) -> None:
    definition = definition_of(kind)
    assert definition.kind == kind
    (duckdb, local), (spark, remote) = here, there
    scores, run = everyone(KINDS[kind], definition, as_known(local, NOW), runner=duckdb)
    expected = told(duckdb.to_arrow(scores))
    found = told(spark.to_arrow(KINDS[kind].score(definition, as_known(remote, NOW), runner=spark, run=run)))
    assert len(found) == len(expected) > 0
    assert any(row["value"] is not None for row in expected)
    for one, other in zip(found, expected, strict=True):
        assert {k: v for k, v in one.items() if not isinstance(v, float)} == {
            k: v for k, v in other.items() if not isinstance(v, float)
        }
        floats = {k: v for k, v in other.items() if isinstance(v, float)}
        assert {k: one[k] for k in floats} == pytest.approx(floats, rel=1e-9, nan_ok=True)
