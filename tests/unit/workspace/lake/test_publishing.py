"""Rows reach the lake once, in numbered batches, in the types that the tables declare."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from pytest_django import DjangoAssertNumQueries

from crm_rows import at
from rapport.engine.crm.tables import TABLES
from rapport.engine.execution.buckets import bucket_of
from rapport.workspace.crm.lake import open_snapshot, publish
from rapport.workspace.crm.lake.models import LakeBatch, LakeState
from rapport.workspace.crm.lake.publishing import lake_of, publishing
from rapport.workspace.crm.records.models import Account, Contact, Interaction
from rapport.workspace.crm.sales.models import Deal
from rapport.workspace.queue.leases import LeaseLost
from rapport.workspace.queue.models import Lease
from rapport.workspace.scores.models import ScoreValue

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC)


def rows_of(table: str) -> list[dict[str, object]]:
    with open_snapshot(tables=[table]) as (snapshot, runner):
        if not snapshot.has(table):
            return []
        rows: pa.Table = runner.to_arrow(snapshot.tables[table].order_by("id"))
        return rows.to_pylist()


def batch_in_lake(table: str) -> int:
    return lake_of(LakeState.objects.get(id=1)).version(table).batch


class TestPublish:
    def test_brings_every_row_to_the_lake_once(self, lake_path: Path) -> None:
        Contact.objects.bulk_create(Contact(id=f"c{n:04}", email=f"{n}@example.com") for n in range(2_500))
        assert publish(tables=["contacts"]).rows == {"contacts": 2_500}
        assert publish(tables=["contacts"]).rows == {}
        lake = DeltaTable(str(lake_path / "contacts")).to_pyarrow_table()
        assert sorted(lake["id"].to_pylist()) == [f"c{n:04}" for n in range(2_500)]
        assert set(Contact.objects.values_list("batch", flat=True)) == {1}

    def test_numbers_batches_without_gaps(self) -> None:
        for n in range(3):
            Contact.objects.create(id=f"c{n}")
            publish(tables=["contacts"])
            publish(tables=["contacts"])
        assert list(Contact.objects.order_by("id").values_list("batch", flat=True)) == [1, 2, 3]
        assert batch_in_lake("contacts") == 3

    def test_claims_rows_that_were_committed_late_with_an_early_id(self) -> None:
        Contact.objects.create(id="b")
        publish(tables=["contacts"])
        Contact.objects.create(id="a")
        publish(tables=["contacts"])
        assert [row["id"] for row in rows_of("contacts")] == ["a", "b"]
        assert batch_in_lake("contacts") == 2

    def test_keeps_every_value_in_its_declared_type(self, lake_path: Path) -> None:
        Account.objects.create(
            id="a1",
            name='Ünïcode "quoted",\nnew line',
            industry="",
            employees=9_007_199_254_740_993,
            annual_revenue=Decimal("12345678901234.5678"),
            created_at=AT,
            recorded_at=AT.replace(microsecond=0),
            recorded_at_assumed=True,
            properties={"size": "große", "n": 1.5},
        )
        Contact.objects.create(id="c1", account_id="a1", birth_date=date(1980, 2, 29))
        Deal.objects.create(id="d1", probability=0.1, amount=Decimal("-0.0001"))
        ScoreValue.objects.create(id="s1", score="fit", subject_id="c1", as_of=AT, value=Decimal("-1.000001"))
        before = {t: rows_of(t) for t in ("accounts", "contacts", "deals", "score_values")}
        publish()
        after = {t: rows_of(t) for t in before}
        assert before == after
        account = after["accounts"][0]
        assert account["name"] == 'Ünïcode "quoted",\nnew line'
        assert account["industry"] == ""
        assert account["domain"] is None
        assert account["employees"] == 9_007_199_254_740_993
        assert account["annual_revenue"] == Decimal("12345678901234.5678")
        assert account["created_at"] == AT
        assert account["recorded_at"] == AT.replace(microsecond=0)
        assert account["recorded_at_assumed"] is True
        assert account["properties"] in ('{"size": "gro\\u00dfe", "n": 1.5}', '{"n": 1.5, "size": "große"}')
        assert after["contacts"][0]["birth_date"] == date(1980, 2, 29)
        assert after["contacts"][0]["account_id"] == "a1"
        assert after["deals"][0]["amount"] == Decimal("-0.0001")
        assert after["deals"][0]["probability"] == 0.1
        assert after["score_values"][0]["value"] == Decimal("-1.000001")
        schema = pa.schema(DeltaTable(str(lake_path / "accounts")).schema().to_arrow())
        assert {f.name: f.type for f in schema} == {f.name: f.type for f in TABLES["accounts"].arrow_schema}

    def test_puts_an_interaction_in_the_bucket_of_its_own_contact_else_visitor_else_account(
        self, lake_path: Path
    ) -> None:
        Interaction.objects.create(id="i1", type="page_view", occurred_at=AT, contact_id="c1", anonymous_id="v")
        Interaction.objects.create(id="i2", type="page_view", occurred_at=AT, anonymous_id="v", account_id="a")
        Interaction.objects.create(id="i3", type="page_view", occurred_at=AT, account_id="a")
        Interaction.objects.create(id="i4", type="page_view", occurred_at=AT)
        publish(tables=["interactions"])
        stored = DeltaTable(str(lake_path / "interactions")).to_pyarrow_table()
        assert dict(zip(stored["id"].to_pylist(), stored["bucket"].to_pylist(), strict=True)) == {
            "i1": bucket_of("c1"),
            "i2": bucket_of("v"),
            "i3": bucket_of("a"),
            "i4": 0,
        }

    def test_leaves_a_claim_alone_when_an_object_read_before_it_is_saved_after(self) -> None:
        contact = Contact.objects.create(id="c1")
        publish(tables=["contacts"])
        contact.first_name = "Ada"
        contact.save()
        assert publish(tables=["contacts"]).rows == {}
        assert Contact.objects.get(id="c1").batch == 1
        assert Contact.objects.get(id="c1").first_name == "Ada"


class TestATakenOverPublisher:
    """One that was only paused wakes up after another has taken its lease."""

    def test_cannot_claim(self) -> None:
        Contact.objects.create(id="c1")
        with publishing() as late:
            Lease.objects.update(expires_at=AT)
            publish()
            Contact.objects.create(id="c2")
            with pytest.raises(LeaseLost):
                late.publish("contacts")
        assert Contact.objects.get(id="c2").batch is None

    def test_does_not_append_again_what_the_other_appended(self) -> None:
        Contact.objects.create(id="c1")

        def overtaken(step: str) -> None:
            if step == "sealed":
                Lease.objects.update(expires_at=AT)
                assert publish().rows == {"contacts": 1}

        publish(checkpoint=overtaken)
        assert [row["id"] for row in rows_of("contacts")] == ["c1"]
        assert batch_in_lake("contacts") == 1


class TestOpenSnapshot:
    def test_leaves_out_tables_without_rows(self) -> None:
        Contact.objects.create(id="c1")
        with open_snapshot() as (snapshot, _):
            assert set(snapshot.tables) == {"contacts"}

    def test_takes_files_and_later_rows_together(self) -> None:
        Contact.objects.create(id="c1")
        publish()
        Contact.objects.create(id="c2")
        with open_snapshot() as (snapshot, _):
            assert snapshot.version == "contacts@1+1"
        assert [row["id"] for row in rows_of("contacts")] == ["c1", "c2"]

    def test_knows_by_when_its_rows_were_recorded_in_files_and_later(self) -> None:
        Contact.objects.create(id="c1", recorded_at=at(2024, 3, 1))
        publish()
        with open_snapshot() as (snapshot, _):
            assert snapshot.recorded_until == {"contacts": at(2024, 3, 1)}
        Contact.objects.create(id="c2", recorded_at=at(2024, 5, 1))
        with open_snapshot() as (snapshot, _):
            assert snapshot.recorded_until == {"contacts": at(2024, 5, 1)}

    def test_reads_rows_that_are_claimed_but_not_in_the_lake_yet(self) -> None:
        Contact.objects.create(id="c1")
        publish()
        Contact.objects.create(id="c2", batch=2)
        LakeBatch.objects.filter(table="contacts").update(batch=2, sealed=True)
        assert [row["id"] for row in rows_of("contacts")] == ["c1", "c2"]
        assert publish().rows == {"contacts": 1}
        assert [row["id"] for row in rows_of("contacts")] == ["c1", "c2"]
        assert batch_in_lake("contacts") == 2

    def test_asks_the_database_little_when_everything_is_published(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        Contact.objects.create(id="c1")
        publish()
        with django_assert_num_queries(5), open_snapshot():
            pass

    def test_a_generator_of_table_names_is_as_good_as_a_list(self) -> None:
        Contact.objects.create(id="c1")
        with open_snapshot(tables=(name for name in ("contacts", "deals"))) as (snapshot, _):
            assert set(snapshot.tables) == {"contacts"}

    def test_carries_how_the_company_reckons(self, settings: object) -> None:
        settings.REPORTING_TIME_ZONE = "Europe/Stockholm"  # type: ignore[attr-defined]
        settings.BASE_CURRENCY = "SEK"  # type: ignore[attr-defined]
        with open_snapshot() as (snapshot, _):
            assert (snapshot.time_zone, snapshot.currency) == ("Europe/Stockholm", "SEK")
