"""What files tell of when their rows were recorded, and what is spared by it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from crm_rows import at, snapshot
from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.execution.newest import recorded_until

INSTANT = pa.timestamp("us", tz="UTC")


def file(folder: Path, name: str, instants: list[datetime | None], **how: object) -> str:
    path = folder / f"{name}.parquet"
    pq.write_table(pa.table({"id": [name] * len(instants), "recorded_at": pa.array(instants, INSTANT)}), path, **how)
    return str(path)


class TestFiles:
    def test_the_newest_of_all_row_groups_and_files_counts(self, tmp_path: Path) -> None:
        one = file(tmp_path, "one", [at(2024, 3, 1), None, at(2024, 1, 1)], row_group_size=1 + 1)
        two = file(tmp_path, "two", [at(2024, 2, 1)])
        assert recorded_until([two]) == datetime(2024, 2, 1, tzinfo=UTC)
        assert recorded_until([one, two]) == datetime(2024, 3, 1, tzinfo=UTC)

    def test_nothing_is_said_where_one_file_does_not_tell(self, tmp_path: Path) -> None:
        known = file(tmp_path, "known", [at(2024, 2, 1)])
        assert recorded_until([known, file(tmp_path, "silent", [at(2024, 1, 1)], write_statistics=False)]) is None
        assert recorded_until([known, file(tmp_path, "undated", [None])]) is None
        pq.write_table(pa.table({"id": ["a"]}), tmp_path / "without.parquet")
        assert recorded_until([str(tmp_path / "without.parquet")]) is None
        assert recorded_until([]) is None

    def test_a_file_written_anew_is_read_anew(self, tmp_path: Path) -> None:
        assert recorded_until([file(tmp_path, "one", [at(2024, 1, 1)])]) == at(2024, 1, 1)
        assert recorded_until([file(tmp_path, "one", [at(2024, 5, 1), at(2024, 4, 1)])]) == at(2024, 5, 1)


class TestReading:
    def company(self, runner: DuckdbRunner) -> Snapshot:
        rows = [{"id": f"o{n}", "ordered_at": at(2024, 1, 1), "recorded_at": at(2024, n, 1)} for n in (1, 2, 3)]
        known = snapshot(runner, orders=rows)
        return Snapshot(known.tables, recorded_until={"orders": at(2024, 3, 1)})

    def test_from_then_on_nobody_looks_when_a_row_was_recorded(self, runner: DuckdbRunner) -> None:
        company = self.company(runner)
        for instant, standing, looked in ((at(2024, 3, 1), 3, False), (at(2024, 2, 15), 2, True)):
            told = as_known(company, instant).table("orders", needed_by="this test", columns=["ordered_at"])
            assert runner.to_arrow(told).num_rows == standing
            assert ("recorded_at" in ibis.to_sql(told, dialect="duckdb")) is looked

    def test_other_rows_in_its_place_are_looked_at_again(self, runner: DuckdbRunner) -> None:
        late = snapshot(runner, orders=[{"id": "o", "ordered_at": at(2024, 1, 1), "recorded_at": at(2024, 9, 1)}])
        company = self.company(runner).with_tables({"orders": late.tables["orders"]})
        told = as_known(company, at(2024, 4, 1)).table("orders", needed_by="this test", columns=["id"])
        assert runner.to_arrow(told).num_rows == 0
