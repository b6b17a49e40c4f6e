"""Rows that are taken back are in no later snapshot, and in no file after upkeep."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from deltalake import DeltaTable

from rapport.workspace.crm.lake import compact, open_snapshot, publish, rebuild, vacuum, withdraw
from rapport.workspace.crm.lake.models import LakeWithdrawal
from rapport.workspace.crm.lake.upkeep import take_out_withdrawn
from rapport.workspace.crm.records.models import Contact, Interaction

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def ten_interactions() -> None:
    """i0 ... i9, of five contacts; the first eight are published."""
    for n in range(8):
        Interaction.objects.create(id=f"i{n}", type="call", contact_id=f"c{n % 5}", occurred_at=AT)
    publish()
    for n in (8, 9):
        Interaction.objects.create(id=f"i{n}", type="call", contact_id=f"c{n % 5}", occurred_at=AT)


def ids() -> list[str]:
    with open_snapshot(tables=["interactions"]) as (snapshot, runner):
        if not snapshot.has("interactions"):
            return []
        rows = runner.to_arrow(snapshot.tables["interactions"].order_by("id"))
        found: list[str] = rows["id"].to_pylist()
        return found


def test_a_withdrawn_row_is_in_no_snapshot_whether_it_was_published_or_not() -> None:
    assert withdraw("interactions", ["i1", "i9", "unknown"]) == 2
    assert ids() == ["i0", "i2", "i3", "i4", "i5", "i6", "i7", "i8"]
    assert list(LakeWithdrawal.objects.values_list("row_id", flat=True)) == ["i1"]
    publish()
    assert ids() == ["i0", "i2", "i3", "i4", "i5", "i6", "i7", "i8"]


def test_upkeep_takes_it_out_of_the_files(lake_path: Path) -> None:
    withdraw("interactions", ["i1", "i6", "i9"])
    before = ids()
    assert take_out_withdrawn() == 2
    assert take_out_withdrawn() == 0
    assert sorted(DeltaTable(str(lake_path / "interactions")).to_pyarrow_table()["id"].to_pylist()) == before[:-1]
    assert ids() == before
    vacuum(keep_hours=0)
    assert ids() == before


def test_a_snapshot_that_is_open_keeps_what_it_had() -> None:
    with open_snapshot(tables=["interactions"]) as (snapshot, runner):
        withdraw("interactions", ["i1"])
        take_out_withdrawn()
        assert runner.to_arrow(snapshot.tables["interactions"]).num_rows == 10


def test_the_same_fact_may_come_again_and_go_again() -> None:
    """The first life of i1 is in a file when its second is published: neither hides the other."""
    before = ids()
    for _ in range(2):
        withdraw("interactions", ["i1"])
        assert "i1" not in ids()
        Interaction.objects.create(id="i1", type="call", contact_id="c1", occurred_at=AT)
        assert ids() == before
        publish()
        assert ids() == before
    withdraw("interactions", ["i1"])
    take_out_withdrawn()
    assert "i1" not in ids()


def test_all_rows_may_go() -> None:
    withdraw("interactions", [f"i{n}" for n in range(10)])
    assert ids() == []
    take_out_withdrawn()
    assert ids() == []
    Interaction.objects.create(id="new", type="call", contact_id="c1", occurred_at=AT)
    publish()
    assert ids() == ["new"]


def test_compaction_and_rebuild_do_not_bring_it_back() -> None:
    withdraw("interactions", ["i1"])
    compact(everything=True)
    assert "i1" not in ids()
    rebuild()
    assert "i1" not in ids()


def test_other_tables_are_not_touched() -> None:
    Contact.objects.create(id="i1")
    publish()
    withdraw("interactions", ["i1"])
    with open_snapshot(tables=["contacts"]) as (snapshot, runner):
        assert runner.to_arrow(snapshot.tables["contacts"])["id"].to_pylist() == ["i1"]
