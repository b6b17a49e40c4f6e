"""The lake takes each batch once and in order, and tells its incarnations apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError

from rapport.engine.crm.tables import TABLES
from rapport.engine.execution.buckets import bucket_of, with_bucket
from rapport.engine.execution.lake import Lake
from rapport.engine.execution.lake_errors import BatchOutOfOrder, LakeInUse, LakeWriteFailed
from rapport.engine.execution.lake_lock import alone, reading
from rapport.engine.execution.streaming import stream

CONTACTS = TABLES["contacts"]
INTERACTIONS = TABLES["interactions"]


def contacts(*ids: str) -> pa.Table:
    """Contacts of these ids; every other column is null."""
    schema = CONTACTS.arrow_schema
    columns = [pa.array(ids, f.type) if f.name == "id" else pa.nulls(len(ids), f.type) for f in schema]
    return pa.Table.from_arrays(columns, schema=schema)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake", incarnation="first")


def ids(lake: Lake) -> list[str]:
    delta = lake.delta("contacts")
    assert delta is not None
    found: list[str] = sorted(delta.to_pyarrow_table()["id"].to_pylist())
    return found


class TestAppend:
    def test_a_batch_given_again_is_not_added_again(self, lake: Lake) -> None:
        assert lake.append(CONTACTS, lambda: [contacts("a", "b")], batch=1)
        assert not lake.append(CONTACTS, lambda: [contacts("a", "b")], batch=1)
        assert lake.append(CONTACTS, lambda: [contacts("c")], batch=2)
        assert not lake.append(CONTACTS, lambda: [contacts("a", "b")], batch=1)
        assert ids(lake) == ["a", "b", "c"]
        assert lake.version("contacts").batch == 2

    def test_a_batch_whose_predecessor_is_missing_is_refused(self, lake: Lake) -> None:
        lake.append(CONTACTS, lambda: [contacts("a")], batch=1)
        with pytest.raises(BatchOutOfOrder) as refused:
            lake.append(CONTACTS, lambda: [contacts("c")], batch=3)
        assert (refused.value.batch, refused.value.found) == (3, 1)
        assert ids(lake) == ["a"]

    def test_a_batch_that_another_adds_meanwhile_is_not_added_too(self, lake: Lake) -> None:
        lake.append(CONTACTS, lambda: [contacts("a")], batch=1)

        def overtaken() -> Iterator[pa.Table]:
            Lake(lake.folder, incarnation="first").append(CONTACTS, lambda: [contacts("b")], batch=2)
            yield contacts("b")

        assert not lake.append(CONTACTS, overtaken, batch=2)
        assert ids(lake) == ["a", "b"]

    def test_an_empty_batch_still_counts(self, lake: Lake) -> None:
        lake.append(CONTACTS, list, batch=1)
        assert lake.version("contacts").batch == 1
        assert lake.version("contacts").files == ()

    def test_the_number_outlives_a_checkpoint_of_the_log(self, lake: Lake) -> None:
        for batch in range(1, 25):
            lake.append(CONTACTS, lambda n=batch: [contacts(str(n))], batch=batch)  # type: ignore[misc]
        assert list((lake.folder / "contacts" / "_delta_log").glob("*.checkpoint.parquet"))
        assert lake.version("contacts").batch == 24
        assert len(ids(lake)) == 24

    def test_rows_that_cannot_be_read_to_the_end_leave_nothing_behind(self, lake: Lake) -> None:
        def broken() -> Iterator[pa.Table]:
            yield contacts("a")
            raise ConnectionError("the database is gone")

        with pytest.raises(ConnectionError):
            lake.append(CONTACTS, broken, batch=1)
        assert lake.version("contacts").batch == 0
        assert ids(lake) == []

    def test_a_folder_that_cannot_be_written_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "lake").write_text("a file where the folder should be")
        with pytest.raises(LakeWriteFailed, match="nothing is lost"):
            Lake(tmp_path / "lake", incarnation="x").append(CONTACTS, lambda: [contacts("a")], batch=1)


class TestIncarnations:
    def test_files_of_another_incarnation_do_not_count_and_are_replaced(self, lake: Lake) -> None:
        lake.append(CONTACTS, lambda: [contacts("a")], batch=1)
        second = Lake(lake.folder, incarnation="second")
        assert second.version("contacts").files == ()
        second.append(CONTACTS, lambda: [contacts("b")], batch=1)
        assert ids(second) == ["b"]
        assert len(second.version("contacts").files) == 1


class TestBuckets:
    def test_a_bucket_is_the_same_in_every_version(self) -> None:
        """By hand: `printf %s KEY | sha256sum`, the 16th digit; for "c1" it is d0f631ca1ddba8db..., so b = 11."""
        assert [bucket_of(key) for key in ("c1", "", "ö")] == [11, 4, 11]
        assert bucket_of("c1", 64) % 16 == bucket_of("c1", 16)

    def test_the_first_key_that_is_not_null_decides(self) -> None:
        rows = pa.table(
            {
                "contact_id": ["c1", None, None, None],
                "anonymous_id": ["v", "v", None, None],
                "account_id": pa.array(["a", "a", "a", None]),
            }
        )
        found = with_bucket(rows)["bucket"].to_pylist()
        assert found == [bucket_of("c1"), bucket_of("v"), bucket_of("a"), 0]

    def test_no_rows_have_no_buckets(self) -> None:
        rows = pa.table({n: pa.array([], pa.string()) for n in ("contact_id", "anonymous_id", "account_id")})
        assert with_bucket(rows)["bucket"].to_pylist() == []


class TestStream:
    def test_a_writer_that_fails_early_does_not_leave_the_reader_waiting(self) -> None:
        def fail(_reader: pa.RecordBatchReader) -> None:
            raise OSError(28, "No space left on device")

        endless = (contacts("a") for _ in range(1_000))
        with pytest.raises(OSError, match="No space"):
            stream(endless, CONTACTS.arrow_schema, fail)


class TestLock:
    def test_readers_share_and_who_deletes_waits(self, tmp_path: Path) -> None:
        with reading(tmp_path), reading(tmp_path), pytest.raises(LakeInUse), alone(tmp_path, wait=0.1):
            pytest.fail("alone beside readers")
        with alone(tmp_path, wait=0.1):
            pass


def test_delta_refuses_a_stale_writer_with_the_same_application_number(tmp_path: Path) -> None:
    """What the protocol rests on. A fresh look would be accepted: the number must be looked at before appending."""
    rows = pa.table({"id": ["a"]})
    write_deltalake(str(tmp_path / "t"), rows)
    early, late = DeltaTable(str(tmp_path / "t")), DeltaTable(str(tmp_path / "t"))
    stamp = CommitProperties(app_transactions=[Transaction("app", 1)])
    write_deltalake(early, rows, mode="append", commit_properties=stamp)
    with pytest.raises(CommitFailedError):
        write_deltalake(late, rows, mode="append", commit_properties=stamp)
    write_deltalake(DeltaTable(str(tmp_path / "t")), rows, mode="append", commit_properties=stamp)
    assert DeltaTable(str(tmp_path / "t")).count() == 3
