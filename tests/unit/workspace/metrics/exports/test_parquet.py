"""Parquet for BI tools: the workspace's values in their types, whole at any moment, only what changed is written."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.conf import settings as chosen
from django.db import connection

from rapport.engine.errors import DataError, DefinitionError
from rapport.workspace.crm.records.changes import write
from rapport.workspace.crm.records.models import Contact, IdentityLink, Interaction, SegmentMembership
from rapport.workspace.crm.sales.models import Order
from rapport.workspace.metrics.exports import parquet, views
from rapport.workspace.metrics.exports.folder import ExportFolder
from rapport.workspace.metrics.exports.models import MetricDay
from rapport.workspace.metrics.exports.parquet import Exports, chosen_tables, export
from rapport.workspace.metrics.exports.tables import EXPORTED
from rapport.workspace.metrics.segments.models import Segment
from rapport.workspace.scores.models import CurrentScore, ScoreValue
from small_company import SmallCompany

NOW = datetime(2026, 3, 2, 9, 30, 15, 123456, tzinfo=UTC)
AMOUNT = Decimal("12345678901234.5678")
pytestmark = pytest.mark.django_db
on_postgres = "postgresql" in chosen.DATABASES["default"]["ENGINE"]


@pytest.fixture
def filled(company: SmallCompany) -> SmallCompany:
    """Orders on both sides of the end of January, scores, a segment, a day of metrics."""
    last = datetime(2026, 1, 31, 23, 59, 59, 999999, tzinfo=UTC)
    for name, at in (("o1", last), ("o2", last + timedelta(microseconds=1)), ("o3", NOW)):
        _order(name, at, contact=company.contact_of["alice"])
    CurrentScore.objects.create(
        score="fit", version=2, subject="contact", subject_id="contact-2", value=Decimal("61.250001"), band="A",
        percentile=93.5, as_of=NOW, computed_at=NOW, run_id="r1",
    )  # fmt: skip
    ScoreValue.objects.create(
        score="fit", version=2, subject="contact", subject_id="contact-2", as_of=NOW, value=None, reason_null="no data"
    )
    for gone, stays in (("account-0", "account-1"), ("account-1", "account-2")):
        IdentityLink.objects.create(entity="account", from_id=gone, to_id=stays, kind="merge", recorded_at=NOW)
    Segment.objects.create(name="vip", title="Best customers", subject="contact")
    for who, left in (("contact-1", None), ("contact-2", NOW)):
        SegmentMembership.objects.create(
            segment="vip", subject="contact", subject_id=who, entered_at=NOW - timedelta(days=9), left_at=left
        )
    MetricDay.objects.create(
        day=date(2026, 3, 1), metric="revenue", value=99.5, amount=Decimal("99.5"), definition_version=1, as_of=NOW
    )
    return company


def _order(name: str, at: datetime, contact: Contact | None = None) -> None:
    Order.objects.create(id=name, contact=contact, ordered_at=at, amount=AMOUNT, currency="EUR", status="paid")


def _again(folder: Path, *, minutes: int = 5, **how: Any) -> Exports:
    return export(folder, now=NOW + timedelta(minutes=minutes), only_changed=True, **how)


def _manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "current" / "_manifest.json").read_text())
    return found


def _files(folder: Path) -> dict[str, int]:
    """The inode of each file: a file taken over has the one it had."""
    current = (folder / "current").resolve()
    return {str(file.relative_to(current)): file.stat().st_ino for file in current.rglob("*.parquet")}


def _checked(folder: Path) -> None:
    """The manifest tells every file there is, and nothing else; counts and checksums are right."""
    entries = _manifest(folder)["tables"]
    told = {file["path"]: file for entry in entries.values() for file in entry["files"]}
    assert set(told) == set(_files(folder))
    for path, file in told.items():
        content = (folder / "current" / path).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        assert (len(content), pq.ParquetFile(folder / "current" / path).metadata.num_rows) == (
            file["bytes"],
            file["rows"],
        )
    assert all(entry["rows"] == sum(file["rows"] for file in entry["files"]) for entry in entries.values())


def _rows(folder: Path, table: str) -> list[dict[str, Any]]:
    files = sorted((folder / "current" / table).rglob("*.parquet"))
    return [row for file in files for row in pq.ParquetFile(file).read().to_pylist()]


class TestContent:
    def test_values_and_types_are_those_of_the_workspace(self, filled: SmallCompany, tmp_path: Path) -> None:
        export(tmp_path, now=NOW)
        (score,) = [row for row in _rows(tmp_path, "scores_current") if row["subject_id"] == "contact-2"]
        kept = CurrentScore.objects.get(subject_id="contact-2", score="fit")
        assert all(score[name] == getattr(kept, name) for name in score)
        (told,) = [row for row in _rows(tmp_path, "score_history") if row["score"] == "fit"]
        assert (told["value"], told["reason_null"], told["as_of"]) == (None, "no data", NOW)
        stays = [(r["title"], r["subject_id"], r["is_current"], r["left_at"]) for r in _rows(tmp_path, "segments")]
        assert sorted(stays) == [
            ("Best customers", "contact-1", True, None),
            ("Best customers", "contact-2", False, NOW),
        ]
        (day,) = _rows(tmp_path, "metrics_daily")
        assert (day["day"], day["value"], day["amount"]) == (date(2026, 3, 1), 99.5, Decimal("99.5000"))
        schema = pq.read_schema(tmp_path / "current" / "orders" / "month=2026-01" / "orders.parquet")
        assert schema.field("amount").type == pa.decimal128(18, 4)
        assert schema.field("ordered_at").type == pa.timestamp("us", tz="UTC")
        assert schema.field("amount").metadata[b"description"].startswith(b"Net of tax and shipping")

    def test_a_month_is_a_file_of_its_own_to_the_microsecond(self, filled: SmallCompany, tmp_path: Path) -> None:
        export(tmp_path, now=NOW, tables=["orders"])
        asked = f"SELECT month, list(id ORDER BY id), sum(amount) FROM read_parquet('{tmp_path}/current/orders/**/*.parquet', hive_partitioning = true) WHERE id LIKE 'o_' GROUP BY 1 ORDER BY 1"  # noqa: E501
        assert duckdb.sql(asked).fetchall() == [
            ("2026-01", ["o1"], AMOUNT),
            ("2026-02", ["o2"], AMOUNT),
            ("2026-03", ["o3"], AMOUNT),
        ]
        assert (
            pq.ParquetFile(tmp_path / "current/orders/month=2026-02/orders.parquet")
            .metadata.row_group(0)
            .column(0)
            .compression
            == "ZSTD"
        )

    def test_personal_data_are_null_until_they_are_asked_for(self, filled: SmallCompany, tmp_path: Path) -> None:
        export(tmp_path / "hidden", now=NOW)
        export(tmp_path / "shown", now=NOW, with_personal_data=True)
        for name, table in EXPORTED.items():
            for row in _rows(tmp_path / "hidden", name):
                assert all(row[column] is None for column in table.personal)
        emails = {row["id"]: row["email"] for row in _rows(tmp_path / "shown", "contacts")}
        assert emails == dict(Contact.objects.values_list("id", "email"))
        assert b"example.com" not in b"".join(f.read_bytes() for f in (tmp_path / "hidden").rglob("contacts.parquet"))

    def test_the_manifest_tells_files_counts_columns_and_how_far_data_reach(
        self, filled: SmallCompany, tmp_path: Path
    ) -> None:
        export(tmp_path, now=NOW)
        _checked(tmp_path)
        told = _manifest(tmp_path)
        assert datetime.fromisoformat(told["as_of"]) == NOW
        assert set(told["tables"]) == set(chosen_tables([]))
        orders = told["tables"]["orders"]
        assert datetime.fromisoformat(orders["data_through"]) == NOW
        assert [column["type"] for column in orders["columns"] if column["name"] == "amount"] == ["decimal(18,4)"]
        assert all(column["description"] for entry in told["tables"].values() for column in entry["columns"])

    def test_who_was_merged_leads_to_the_survivor(self, filled: SmallCompany, tmp_path: Path) -> None:
        export(tmp_path, now=NOW, tables=["contacts"])
        chain = (("contact-0", "contact-1", "merge"), ("contact-1", "contact-2", "merge"))
        for minutes, (gone, stays, kind) in enumerate((*chain, ("contact-1", "contact-2", "unmerge"), chain[1])):
            at = NOW + timedelta(minutes=minutes)
            IdentityLink.objects.create(entity="contact", from_id=gone, to_id=stays, kind=kind, recorded_at=at)
            _again(tmp_path, minutes=minutes + 1)
            survivors = {row["id"]: row["survivor_id"] for row in _rows(tmp_path, "contacts")}
            second = "contact-2" if minutes in (1, 3) else "contact-1"
            assert survivors == {"contact-0": second, "contact-1": second, "contact-2": "contact-2"}

    @pytest.mark.skipif(not on_postgres, reason="needs PostgreSQL")
    def test_files_and_views_say_the_same(self, filled: SmallCompany, tmp_path: Path) -> None:
        for personal in (False, True):
            views.install(with_personal_data=personal)
            export(tmp_path / str(personal), now=NOW, with_personal_data=personal)
            for name, table in EXPORTED.items():
                names = ", ".join(f'"{c.name}"::text' if c.type == "json" else f'"{c.name}"' for c in table.all_columns)
                with connection.cursor() as cursor:
                    cursor.execute(f"SELECT {names} FROM export_v1.{table.view}")
                    seen = sorted(cursor.fetchall(), key=str)
                written = [
                    tuple(row[c.name] for c in table.all_columns) for row in _rows(tmp_path / str(personal), name)
                ]
                assert sorted(written, key=str) == seen


class TestOnlyWhatChanged:
    def test_nothing_is_written_where_nothing_changed(self, filled: SmallCompany, tmp_path: Path) -> None:
        first = export(tmp_path, now=NOW)
        before = _files(tmp_path)
        again = _again(tmp_path)
        assert (again.written, again.kept) == (0, first.written)
        assert _files(tmp_path) == before
        _checked(tmp_path)

    def test_only_the_month_of_a_new_fact_is_written(self, filled: SmallCompany, tmp_path: Path) -> None:
        for number, at in enumerate((NOW, NOW - timedelta(days=40))):
            Interaction.objects.create(id=f"i{number}", type="call", occurred_at=at)
        export(tmp_path, now=NOW)
        before = _files(tmp_path)
        Interaction.objects.create(id="i9", type="call", occurred_at=NOW - timedelta(days=40))
        assert _again(tmp_path).written == 1
        changed = {path for path, inode in _files(tmp_path).items() if before.get(path) != inode}
        assert changed == {"interactions/month=2026-01/interactions.parquet"}
        assert [row["id"] for row in _rows(tmp_path, "interactions") if row["id"].startswith("i")][:2] == ["i1", "i9"]
        _checked(tmp_path)

    def test_a_change_to_a_record_is_seen_and_a_deleted_one_goes(self, filled: SmallCompany, tmp_path: Path) -> None:
        export(tmp_path, now=NOW)
        before = _files(tmp_path)
        made = {"external_id": "x1", "ordered_at": NOW - timedelta(days=29), "amount": Decimal(5), "status": "paid"}
        write("orders", [made], source="shop", by="shop", at=NOW)
        _again(tmp_path)
        after = _files(tmp_path)
        assert {p for p in after if after[p] != before.get(p)} == {"orders/month=2026-02/orders.parquet"}
        write("orders", [{**made, "status": "refunded"}], source="shop", by="shop", at=NOW + timedelta(minutes=1))
        _again(tmp_path, minutes=6)
        assert [r["status"] for r in _rows(tmp_path, "orders") if r["external_id"] == "x1"] == ["refunded"]
        Order.objects.filter(id="o1").update(deleted_at=NOW)
        _again(tmp_path, minutes=7)
        assert "orders/month=2026-01/orders.parquet" not in _files(tmp_path)
        _checked(tmp_path)

    def test_tables_that_are_not_asked_for_stay(self, filled: SmallCompany, tmp_path: Path) -> None:
        export(tmp_path, now=NOW, with_personal_data=True)
        before = _files(tmp_path)
        done = _again(tmp_path, tables=["orders"])
        assert _files(tmp_path).keys() == before.keys()
        assert "contacts" in done.still_personal
        _checked(tmp_path)

    def test_files_are_made_anew_where_personal_data_go(self, filled: SmallCompany, tmp_path: Path) -> None:
        export(tmp_path, now=NOW, with_personal_data=True)
        done = _again(tmp_path)
        assert {row["email"] for row in _rows(tmp_path, "contacts")} == {None}
        assert not done.still_personal


class TestBrokenOff:
    @pytest.mark.skipif(on_postgres, reason="a connection is not shared with a process that is killed")
    @pytest.mark.parametrize("after", [0, 3, 9])
    def test_killed_in_the_middle_of_a_file_it_goes_on_and_nobody_sees_half(
        self, filled: SmallCompany, tmp_path: Path, after: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        export(tmp_path, now=NOW)
        before = _files(tmp_path)
        _order("o4", NOW + timedelta(days=1))
        if (child := os.fork()) == 0:  # pragma: no cover
            _die_in_file(after)
            export(tmp_path, now=NOW + timedelta(minutes=1))
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
        assert _files(tmp_path) == before
        _checked(tmp_path)
        written: list[Path] = []
        real = parquet._written
        monkeypatch.setattr(parquet, "_written", lambda target, *rest: written.append(target) or real(target, *rest))
        done = export(tmp_path, now=NOW + timedelta(minutes=2))
        untracked = 2  # users and teams are always made anew
        assert len(written) <= done.written - after + untracked
        assert len(written) >= done.written - after
        assert "o4" in {row["id"] for row in _rows(tmp_path, "orders")}
        _checked(tmp_path)
        assert not (tmp_path / ".making").exists()

    def test_what_changed_meanwhile_is_made_anew(self, filled: SmallCompany, tmp_path: Path) -> None:
        made = {"external_id": "x1", "ordered_at": NOW - timedelta(days=29), "amount": Decimal(5), "status": "paid"}
        write("orders", [made], source="shop", by="shop", at=NOW)
        with _breaking_off_at("products"):
            export(tmp_path, now=NOW)
        assert not (tmp_path / "current").exists()
        Order.objects.filter(id="o1").delete()
        write("orders", [{**made, "status": "refunded"}], source="shop", by="shop", at=NOW + timedelta(minutes=1))
        export(tmp_path, now=NOW + timedelta(minutes=2))
        status = {row["external_id"] or row["id"]: row["status"] for row in _rows(tmp_path, "orders")}
        assert "o1" not in status
        assert status["x1"] == "refunded"
        _checked(tmp_path)

    def test_a_reader_who_resolved_the_link_keeps_what_it_reads(self, filled: SmallCompany, tmp_path: Path) -> None:
        export(tmp_path, now=NOW)
        resolved = (tmp_path / "current").resolve()
        _order("o5", NOW)
        export(tmp_path, now=NOW + timedelta(minutes=1))
        assert "o5" not in {
            r["id"] for f in resolved.glob("orders/**/*.parquet") for r in pq.ParquetFile(f).read().to_pylist()
        }
        export(tmp_path, now=NOW + timedelta(minutes=2))
        assert not resolved.exists()
        assert len(list((tmp_path / "versions").iterdir())) == 2


class TestRefusals:
    def test_a_folder_with_something_else_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "thesis.docx").write_text("")
        with pytest.raises(DefinitionError, match="holds something else"):
            export(tmp_path, now=NOW)
        assert [file.name for file in tmp_path.iterdir()] == ["thesis.docx"]

    def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(DefinitionError, match="That is a file"):
            export(tmp_path / "file", now=NOW)
        with pytest.raises(DefinitionError, match="Nothing can be written there: Not a directory"):
            export(tmp_path / "file" / "below", now=NOW)

    def test_only_one_writes_at_a_time(self, tmp_path: Path) -> None:
        with ExportFolder(tmp_path).writing(), pytest.raises(DataError, match="Another export"):
            export(tmp_path, now=NOW)

    def test_an_unknown_table_is_guessed(self, tmp_path: Path) -> None:
        with pytest.raises(DefinitionError, match="Did you mean 'orders'"):
            export(tmp_path, now=NOW, tables=["order"])
        assert list(tmp_path.iterdir()) == []


def _die_in_file(after: int) -> None:
    """End this process, as SIGKILL would, when it has written half of the file after so many."""
    real, count = parquet._written, 0

    def written(target: Path, schema: pa.Schema, chunks: Iterator[pa.Table]) -> int:
        nonlocal count
        if count == after:
            target.with_suffix(".part").write_bytes(b"PAR1 half")
            os._exit(9)
        count += 1
        return real(target, schema, chunks)

    parquet._written = written  # type: ignore[assignment]


class _breaking_off_at:  # noqa: N801 -- reads as a statement
    """Breaks an export off when it comes to a table."""

    def __init__(self, table: str) -> None:
        self._table, self._real = table, parquet._written

    def __enter__(self) -> None:
        def written(target: Path, schema: pa.Schema, chunks: Iterator[pa.Table]) -> int:
            if target.stem == self._table:
                raise KeyboardInterrupt
            return self._real(target, schema, chunks)

        parquet._written = written  # type: ignore[assignment]

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        parquet._written = self._real
        return kind is KeyboardInterrupt
