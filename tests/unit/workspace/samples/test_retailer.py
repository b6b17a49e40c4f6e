"""The sample retailer as CRM tables, against the shipped source."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import duckdb
import polars as pl
import pyarrow as pa
import pytest

from rapport.engine.crm.tables import TABLES
from rapport.workspace.crm.samples.catalogue import SampleTables, sample_tables, shift_to
from rapport.workspace.crm.samples.retailer_source import FOLDER

AT = datetime(2026, 3, 4, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def sample() -> SampleTables:
    return sample_tables("retailer", at=AT)


def asked(query: str, **tables: pa.Table) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone='UTC'")
        for name, rows in tables.items():
            connection.register(name, rows)
        return connection.execute(query).fetchall()


class TestRetailer:
    def test_every_row_of_the_source_is_there(self, sample: SampleTables) -> None:
        counts = {name: len(rows) for name, rows in sample.tables.items()}
        assert counts == {
            "campaigns": 27,
            "contacts": 400,
            "campaign_members": 1_672,
            "interactions": 34_333 + 1_672 + 504,
            "products": 37_489,
            "orders": 34_333,
            "order_lines": 328_045,
        }

    def test_columns_are_typed_as_declared(self, sample: SampleTables) -> None:
        for name, rows in sample.tables.items():
            assert all(field.type == TABLES[name].columns[field.name].arrow_type for field in rows.schema), name

    def test_amounts_come_to_the_sales_of_the_source(self, sample: SampleTables) -> None:
        cents = asked(f"SELECT sum(sales_cents) FROM '{FOLDER}/lines.parquet'")[0][0]
        assert asked("SELECT sum(amount) * 100 FROM orders", orders=sample.tables["orders"]) == [(cents,)]

    def test_an_order_is_what_its_lines_come_to(self, sample: SampleTables) -> None:
        query = """
            SELECT max(abs(o.amount - l.total)), count(*) FROM orders o JOIN (
                SELECT order_id, sum(quantity * coalesce(unit_price, 0) - discount) total FROM lines GROUP BY 1
            ) l ON l.order_id = o.id
            WHERE o.id NOT IN (SELECT order_id FROM lines WHERE unit_price IS NULL)"""
        [(difference, orders)] = asked(query, orders=sample.tables["orders"], lines=sample.tables["order_lines"])
        assert orders == 32_727
        assert difference < 0.02  # type: ignore[operator]

    def test_fuel_is_in_gallons(self, sample: SampleTables) -> None:
        assert pl.DataFrame(sample.tables["order_lines"]["quantity"].to_numpy()).max().item() < 150

    def test_a_response_is_the_first_coupon_and_lies_in_the_campaign(self, sample: SampleTables) -> None:
        query = """
            SELECT count(*), count(*) FILTER (m.responded_at BETWEEN c.started_at AND c.ended_at),
                   count(*) FILTER (m.responded_at = (SELECT min(occurred_at) FROM i WHERE i.type = 'coupon_redeemed'
                       AND i.campaign_id = m.campaign_id AND i.contact_id = m.contact_id))
            FROM m JOIN c ON c.id = m.campaign_id WHERE m.responded_at IS NOT NULL"""
        tables = {
            k: sample.tables[n] for k, n in (("m", "campaign_members"), ("c", "campaigns"), ("i", "interactions"))
        }
        assert asked(query, **tables) == [(188, 188, 188)]

    def test_households_have_no_invented_names(self, sample: SampleTables) -> None:
        assert set(sample.tables["contacts"]["first_name"].to_pylist()) == {"Household"}


class TestShift:
    def test_the_last_basket_lies_within_the_past_week(self, sample: SampleTables) -> None:
        last = max(sample.tables["orders"]["ordered_at"].to_pylist())
        assert AT - timedelta(days=7) < last <= AT
        assert sample.shift.days % 7 == 0

    @pytest.mark.parametrize(("hours", "days"), [(0, 0), (167, 0), (168, 7), (169, 7), (337, 14)])
    def test_whole_weeks_only(self, hours: int, days: int) -> None:
        last = datetime(2018, 1, 1, 4, 1, 20, tzinfo=UTC)
        assert shift_to(last, last + timedelta(hours=hours)) == timedelta(days=days)

    def test_campaigns_that_end_later_are_running(self, sample: SampleTables) -> None:
        rows = sample.tables["campaigns"].to_pylist()
        assert {row["status"] for row in rows if row["ended_at"] > AT} == {"active"}
        assert {row["status"] for row in rows if row["ended_at"] <= AT} == {"completed"}
        assert sum(row["ended_at"] > AT for row in rows) == 5
