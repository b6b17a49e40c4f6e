"""Compaction sorts without losing or doubling; vacuum waits for readers; a rebuild begins a new incarnation."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from rapport.engine.crm.tables import TABLES
from rapport.engine.execution import compaction
from rapport.engine.execution.lake import Lake
from rapport.engine.execution.lake_errors import LakeInUse, LakeMismatch
from rapport.workspace.crm.lake import compact, open_snapshot, publish, rebuild, vacuum
from rapport.workspace.crm.lake.engines import new_runner
from rapport.workspace.crm.lake.models import LakeBatch, LakeState
from rapport.workspace.crm.lake.publishing import lake_of
from rapport.workspace.crm.lake.rows import Where, read_rows
from rapport.workspace.crm.records.models import Contact, Interaction

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, tzinfo=UTC)


def publish_in_batches(count: int, *, rows: int = 40) -> None:
    """`count` batches of interactions of 7 contacts, the newest first."""
    for batch in range(count):
        Interaction.objects.bulk_create(
            Interaction(
                id=f"i{batch:02}-{n:04}",
                type="page_view",
                contact_id=f"c{n % 7}",
                occurred_at=AT - timedelta(hours=batch * rows + n),
            )
            for n in range(rows)
        )
        publish(tables=["interactions"])


def ids(table: str) -> list[str]:
    with open_snapshot(tables=[table]) as (snapshot, runner):
        if not snapshot.has(table):
            return []
        found: list[str] = runner.to_arrow(snapshot.tables[table].select("id").order_by("id"))["id"].to_pylist()
        return found


def lake() -> Lake:
    return lake_of(LakeState.objects.get(id=1))


class TestCompact:
    def test_sorts_each_bucket_into_one_file_that_holds_the_same_rows(self) -> None:
        publish_in_batches(3)
        before = ids("interactions")
        assert len(before) == 120
        assert compact(everything=True).parts == {"interactions": 5}  # 7 contacts live in 5 buckets
        files = lake().version("interactions").files
        assert len(files) == 5
        for file in files:
            rows = pq.read_table(file, partitioning=None)
            order = list(zip(*(rows[name].to_pylist() for name in TABLES["interactions"].sort_by), strict=True))
            assert order == sorted(order)
            assert len(order) > 1
        assert ids("interactions") == before

    def test_keeps_every_column_in_its_type(self, lake_path: Path) -> None:
        publish_in_batches(2, rows=5)
        with open_snapshot() as (snapshot, runner):
            before = runner.to_arrow(snapshot.tables["interactions"].order_by("id"))
        compact(everything=True)
        with open_snapshot() as (snapshot, runner):
            assert runner.to_arrow(snapshot.tables["interactions"].order_by("id")).equals(before)

    def test_leaves_short_tails_until_there_are_many(self) -> None:
        publish_in_batches(compaction.MOST_TAIL_FILES - 1, rows=7)
        assert compact().parts == {}
        publish_in_batches(1, rows=0)
        Interaction.objects.create(id="x", type="page_view", contact_id="c0", occurred_at=AT)
        publish()
        assert compact().parts == {"interactions": 1}
        assert compact().parts == {}

    def test_begins_again_when_somebody_committed_meanwhile(self) -> None:
        publish_in_batches(2)
        steps: list[str] = []

        def append_once(step: str) -> None:
            steps.append(step)
            if steps == ["sorting", "sorted"]:
                Interaction.objects.create(id="late", type="call", contact_id="c0", occurred_at=AT, batch=3)
                LakeBatch.objects.filter(table="interactions").update(batch=3)
                rows = list(read_rows("interactions", Where("id = %s", ("late",)), buckets=16))
                lake().append(TABLES["interactions"], lambda: rows, batch=3)

        compact(everything=True, checkpoint=append_once)
        assert steps[:5] == ["sorting", "sorted", "sorting", "sorted", "exchanged"]
        assert len(ids("interactions")) == 81

    def test_can_go_on_after_publishing(self) -> None:
        publish_in_batches(2)
        compact(everything=True)
        Interaction.objects.create(id="new", type="call", contact_id="c0", occurred_at=AT)
        assert publish().rows == {"interactions": 1}
        assert len(ids("interactions")) == 81
        compact(everything=True)
        assert len(ids("interactions")) == 81


class TestVacuum:
    def test_deletes_what_compaction_replaced_and_what_a_crash_left(self, lake_path: Path) -> None:
        publish_in_batches(3)
        before = ids("interactions")
        compact(everything=True)
        stray = lake_path / "interactions" / "bucket=3" / "sorted-left-behind.parquet"
        stray.parent.mkdir(exist_ok=True)
        stray.write_bytes(b"half a file")
        assert vacuum(keep_hours=0) > 5
        assert not stray.exists()
        assert {str(p) for p in (lake_path / "interactions").rglob("*.parquet") if "_delta_log" not in p.parts} == set(
            lake().version("interactions").files
        )
        assert ids("interactions") == before

    def test_waits_for_readers(self) -> None:
        publish_in_batches(2)
        with open_snapshot(tables=["interactions"]) as (snapshot, runner):
            compact(everything=True)
            with pytest.raises(LakeInUse):
                vacuum(keep_hours=0, wait=0.1)
            assert runner.to_arrow(snapshot.tables["interactions"]).num_rows == 80
        assert vacuum(keep_hours=0, wait=0.1) > 0


class TestRebuild:
    def test_makes_a_lost_lake_again(self, lake_path: Path) -> None:
        publish_in_batches(2)
        shutil.rmtree(lake_path)
        assert len(ids("interactions")) == 80  # the database has them all
        Interaction.objects.create(id="new", type="call", contact_id="c0", occurred_at=AT)
        with pytest.raises(LakeMismatch, match="rapport lake rebuild"):
            publish()
        assert rebuild().rows == {"interactions": 80}
        assert publish().rows == {"interactions": 1}
        assert lake().version("interactions").batch == 3
        assert len(ids("interactions")) == 81

    def test_answers_a_database_that_was_restored_behind_its_lake(self) -> None:
        publish_in_batches(3)
        Interaction.objects.filter(batch=3).delete()
        LakeBatch.objects.filter(table="interactions").update(batch=2)
        with pytest.raises(LakeMismatch, match="restored from an earlier state"):
            ids("interactions")
        with pytest.raises(LakeMismatch):
            publish()
        assert rebuild().rows == {"interactions": 80}
        assert len(ids("interactions")) == 80

    def test_notices_a_database_that_was_copied_in_the_middle_of_a_claim(self) -> None:
        publish_in_batches(2)
        Interaction.objects.filter(id__startswith="i01-000").update(batch=None)
        LakeBatch.objects.filter(table="interactions").update(sealed=False)
        with pytest.raises(LakeMismatch):
            publish()
        rebuild()
        publish()
        assert len(ids("interactions")) == 80

    def test_counts_the_earlier_incarnation_until_the_new_one_is_whole(self) -> None:
        publish_in_batches(2)
        Contact.objects.create(id="c0")
        publish()
        before = LakeState.objects.get(id=1).incarnation

        class PowerCut(BaseException):
            pass

        def cut(_step: str) -> None:
            raise PowerCut

        with pytest.raises(PowerCut):
            rebuild(checkpoint=cut)
        assert LakeState.objects.get(id=1).incarnation == before
        assert len(ids("interactions")) == 80
        assert ids("contacts") == ["c0"]
        Contact.objects.create(id="c1")
        publish()
        assert ids("contacts") == ["c0", "c1"]
        rebuild()
        assert LakeState.objects.get(id=1).incarnation != before
        assert ids("contacts") == ["c0", "c1"]
        assert len(ids("interactions")) == 80

    def test_shows_no_row_twice_when_a_claimed_batch_had_not_reached_the_earlier_lake(self) -> None:
        publish_in_batches(2)
        Interaction.objects.create(id="x", type="call", contact_id="c0", occurred_at=AT, batch=3)
        LakeBatch.objects.filter(table="interactions").update(batch=3)
        seen: list[int] = []

        def look(_step: str) -> None:
            seen.append(len(ids("interactions")))

        rebuild(checkpoint=look)
        assert set(seen) == {81}

    def test_leaves_no_rows_of_an_earlier_incarnation_in_a_table_that_is_empty_now(self, lake_path: Path) -> None:
        publish_in_batches(1)
        Interaction.objects.all().delete()
        LakeBatch.objects.all().delete()
        rebuild()
        assert ids("interactions") == []
        with new_runner() as runner:
            assert compaction.compact(lake(), TABLES["interactions"], runner, everything=True) == 0
