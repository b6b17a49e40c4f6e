"""What grocer's households buy next: the first offers against the most popular things, two months ahead."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.crm.tables import TABLES
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.next_purchase.check import held_out

pytestmark = pytest.mark.slow

RULE = "{name: n, subject: contact, kind: next_purchase, of: category, horizon_days: 60}"
BEGIN = datetime(2016, 12, 1, tzinfo=UTC)


def _table(name: str, rows: pl.DataFrame) -> pa.Table:
    schema, found = TABLES[name].arrow_schema, rows.to_arrow()
    columns = [
        found[f.name].cast(f.type) if f.name in found.schema.names else pa.nulls(found.num_rows, f.type) for f in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


@pytest.fixture
def households(real_data: Path, runner: DuckdbRunner) -> Snapshot:
    """2,377 households, 47,243 baskets, the 75,000 lines of the sample."""
    folder = real_data / "completejourney"
    sold = pl.read_parquet(folder / "transactions_sample.parquet").with_row_index()
    at = pl.col("transaction_timestamp").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    sold = sold.with_columns(at=at, price=pl.col("sales_value").cast(pl.Decimal(18, 4)))
    products = pl.read_parquet(folder / "products.parquet")
    text = pl.String
    tables = {
        "contacts": sold.select(id=pl.col("household_id").cast(text), recorded_at=pl.lit(BEGIN)).unique(),
        "orders": sold.group_by("basket_id").agg(pl.col("household_id").first(), pl.col("at").min()).select(
            id=pl.col("basket_id").cast(text), contact_id=pl.col("household_id").cast(text), ordered_at="at",
            recorded_at="at", status=pl.lit("paid"),
        ),
        "order_lines": sold.select(
            id=pl.col("index").cast(text), order_id=pl.col("basket_id").cast(text),
            product_id=pl.col("product_id").cast(text), quantity=pl.lit(1.0), unit_price="price", recorded_at="at",
        ),
        "products": products.select(
            id=pl.col("product_id").cast(text), category="product_category", recorded_at=pl.lit(BEGIN)
        ),
    }  # fmt: skip
    return Snapshot({name: runner.from_arrow(_table(name, rows)) for name, rows in tables.items()})


@pytest.mark.parametrize("month", [9, 11])
def test_the_first_offer_is_right_more_often_than_popularity(
    households: Snapshot, runner: DuckdbRunner, month: int
) -> None:
    cut_off = datetime(2017, month, 1, tzinfo=UTC)
    first, three = held_out(parse_definition(RULE), households, cut_off=cut_off, runner=runner)
    assert first.ours.n > 1_500
    assert first.ours.low is not None
    assert first.popular.high is not None
    assert first.ours.low > first.popular.rate  # the interval of ours lies above
    assert three.ours.rate > three.popular.rate
