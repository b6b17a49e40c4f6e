"""The shipped files of the sample retailer, as published; see retailer/README.md."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import polars as pl
import pyarrow as pa

from rapport.engine.crm.simulation.arrow import money
from rapport.engine.crm.tables import TABLES

FILES = ("households", "campaigns", "members", "redemptions", "baskets", "lines", "products")
ZONE = "America/New_York"
FOLDER = Path(__file__).parent / "retailer"
NOON = 12

Source = Mapping[str, pl.DataFrame]


def retailer_source() -> Source:
    """The tables of the source by name; `baskets` with `day`, its local day."""
    tables = {name: pl.read_parquet(FOLDER / f"{name}.parquet") for name in FILES}
    local = pl.col("sold_at").dt.convert_time_zone(ZONE).dt.date()
    return {**tables, "baskets": tables["baskets"].with_columns(day=local)}


def last_sale(source: Source) -> datetime:
    found = source["baskets"]["sold_at"].max()
    assert isinstance(found, datetime)
    return found


def start_of_day(day: pl.Expr) -> pl.Expr:
    """The first instant of a local day."""
    return day.cast(pl.Datetime("us")).dt.replace_time_zone(ZONE).dt.convert_time_zone("UTC")


def label(prefix: str, number: str) -> pl.Expr:
    """`household-1234`."""
    return pl.format(prefix + "-{}", pl.col(number))


def declared(name: str, rows: pl.DataFrame, *, at: str) -> pa.Table:
    """Rows as the table `name`, created (and so known) at the instant in column `at`; money is in 1/10,000."""
    rows = rows.with_columns(external_id=pl.col("id"), created_at=pl.col(at))
    fields = [f for f in TABLES[name].arrow_schema if f.name in rows.columns]
    arrow = rows.select([f.name for f in fields]).to_arrow()
    return pa.table({f.name: _typed(arrow[f.name].combine_chunks(), f.type) for f in fields})


def _typed(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    if pa.types.is_decimal(wanted) and pa.types.is_integer(column.type):
        return money(
            column.fill_null(0).cast(pa.int64()).to_numpy(), null=column.is_null().to_numpy(zero_copy_only=False)
        )
    return column.cast(wanted)
