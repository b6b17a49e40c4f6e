"""Spark, for those who outgrow one machine (`pip install rapport-crm[spark]`, Java 17)."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.errors import EngineCannot
from rapport.engine.execution.copied_parts import copied_parts
from rapport.engine.runner import BatchFunction

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_FUNCTIONS = (
    """
    CREATE OR REPLACE TEMPORARY FUNCTION rapport_local_time(zone STRING, moment TIMESTAMP)
    RETURNS TIMESTAMP_NTZ RETURN CAST(from_utc_timestamp(moment, zone) AS TIMESTAMP_NTZ)
    """,
    """
    CREATE OR REPLACE TEMPORARY FUNCTION rapport_epoch_us(moment TIMESTAMP)
    RETURNS BIGINT RETURN unix_micros(moment)
    """,
    """
    CREATE OR REPLACE TEMPORARY FUNCTION rapport_json_text(document STRING, name STRING)
    RETURNS STRING RETURN get_json_object(document, concat("$['", name, "']"))
    """,
    """
    CREATE OR REPLACE TEMPORARY FUNCTION rapport_first_of_windows(ordered ARRAY<BIGINT>, times BIGINT, span BIGINT)
    RETURNS BIGINT RETURN coalesce(aggregate(
        filter(ordered, (one, place) -> place < times
            OR get(ordered, CAST(place - times AS INT)) - get(ordered, CAST(place - times AS INT)) % span
                != one - one % span),
        CAST(0 AS BIGINT), (total, one) -> total + one % span), 0)
    """,
    """
    CREATE OR REPLACE TEMPORARY FUNCTION rapport_points(micro BIGINT)
    RETURNS DECIMAL(18, 6)
    RETURN CAST(CAST(micro AS DECIMAL(20, 0)) * CAST(0.000001 AS DECIMAL(7, 6)) AS DECIMAL(18, 6))
    """,
)


class SparkRunner:
    """Executes expressions on a Spark session.

    Parameters: session, a running one, which stays the caller's to stop; None starts a local one of its own.
    Raises: EngineCannot where PySpark is not installed.
    """

    name = "spark"

    def __init__(self, session: SparkSession | None = None) -> None:
        self._owns_session = session is None
        self.session = session or local_session()
        self.session.conf.set("spark.sql.session.timeZone", "UTC")
        for function in _FUNCTIONS:
            self.session.sql(function)
        self.backend = ibis.pyspark.connect(self.session)
        self._made = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def to_arrow(self, expression: ir.Table) -> pa.Table:
        answer = self._told(self._frame(expression), "answer", expression)
        try:
            return self.backend.to_pyarrow(answer)
        finally:
            self.drop(answer)

    def cache(self, expression: ir.Table) -> ir.Table:
        return self._named(_kept(self._frame(expression)), "cached")

    def from_arrow(self, rows: pa.Table) -> ir.Table:
        return self._named(self.session.createDataFrame(rows), "arrow")

    def view(self, expression: ir.Table) -> ir.Table:
        """Computed at once: Spark would work it out anew wherever it is read."""
        return self._told(_kept(self._frame(expression)), "view", expression)

    def drop(self, view: ir.Table) -> None:
        self.session.catalog.dropTempView(view.get_name())

    def map_batches(self, expression: ir.Table, apply: BatchFunction, schema: pa.Schema) -> ir.Table:
        from pyspark.sql.pandas.types import from_arrow_schema

        def mapped(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            return (apply(batch) for batch in batches)

        frame = self._frame(expression)
        return self._named(_kept(frame.mapInArrow(mapped, from_arrow_schema(schema))), "mapped")

    def from_parquet(self, files: Sequence[str]) -> ir.Table:
        """Parquet files of one version, with their columns united by name."""
        return self._named(self.session.read.option("mergeSchema", "true").parquet(*files), "files")

    def can(self, ability: str) -> bool:
        return ability in {"percentile_disc", "spill"}

    def close(self) -> None:
        self.session.catalog.clearCache()
        if self._owns_session:
            self.session.stop()

    def _frame(self, expression: ir.Table) -> DataFrame:
        """The expression as a Spark frame, tables in memory that it holds made known first."""
        self.backend._run_pre_execute_hooks(expression)
        query = self.backend.compiler.to_sqlglot(expression)
        for part in copied_parts(query):
            computed = self._named(_kept(self.session.sql(part.sql(dialect="spark"))), "shared")
            part.replaced_by(computed.get_name())
        return self.session.sql(query.sql(dialect="spark"))

    def _named(self, frame: object, kind: str) -> ir.Table:
        self._made += 1
        name = f"rapport_{kind}_{self._made}"
        frame.createOrReplaceTempView(name)  # type: ignore[attr-defined]
        return self.backend.table(name)

    def _told(self, frame: object, kind: str, expression: ir.Table) -> ir.Table:
        """As `_named`, in the types of the expression: a view of Spark's forgets that its instants are in UTC."""
        name = self._named(frame, kind).get_name()
        return ops.DatabaseTable(name=name, schema=expression.schema(), source=self.backend).to_expr()


def _kept(frame: DataFrame) -> DataFrame:
    """The rows computed now, without the plan that made them.

    A persisted frame drags its whole plan into every later one: after a few steps Spark's optimizer takes minutes
    and gigabytes over what runs in a second.
    """
    return frame.localCheckpoint(eager=True)


def local_session(*, master: str = "local[2]", memory: str = "2g") -> SparkSession:
    """A small Spark session that listens on this machine only.

    Parameters: master, `local[n]` in this process, or the address of a cluster on this machine; memory,
        of this process and of each executor.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise EngineCannot(
            "Spark is not installed.", next_step="pip install 'rapport-crm[spark]' and Java 17."
        ) from error
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # else executors take the first python3 of the path
    settings = {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": memory,
        "spark.executor.memory": memory,
        "spark.sql.warehouse.dir": str(Path(tempfile.gettempdir()) / "rapport-spark"),
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "true",
    }
    builder = SparkSession.builder.appName("rapport").master(master)
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()
