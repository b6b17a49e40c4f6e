"""The command that writes metrics and rows for other tools."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rapport.cli.app import run
from rapport.cli.exit_codes import BAD_INPUT, OK
from rapport.engine.metrics.period import Grain, Period
from rapport.engine.metrics.registry import METRICS
from rapport.workspace.crm.lake import publish
from rapport.workspace.crm.records.changes import write
from rapport.workspace.metrics.exports import semantic

pytestmark = pytest.mark.django_db
FEW = ("revenue", "average_basket_value", "win_rate", "mrr")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))
    monkeypatch.setattr("rapport.cli.export_semantic.start_workspace", lambda: None)
    monkeypatch.setattr(semantic, "METRICS", {name: METRICS[name] for name in FEW})
    settings.BASE_CURRENCY = "EUR"
    at = datetime.now(UTC) - timedelta(days=40)
    person = {"id": "c1", "first_name": "Kimberley", "email": "kim@example.com", "created_at": at, "recorded_at": at}
    write("contacts", [person], source="shop", by="shop", at=at)
    order = {"id": "o1", "contact_id": "c1", "ordered_at": at, "recorded_at": at, "created_at": at}
    order |= {"amount": Decimal("99.95"), "currency": "EUR", "channel": "web", "status": "paid"}
    assert not write("orders", [order], source="shop", by="shop", at=at).refused
    publish()


@pytest.fixture
def exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    folder = tmp_path / "out"
    assert run(["export", "semantic", str(folder)]) == OK
    assert "not_exported.json" in capsys.readouterr().out
    return folder


def test_what_sources_fill_is_written_and_the_rest_named(exported: Path) -> None:
    assert {file.name for file in (exported / "metric_rows").iterdir()} == {
        "sales.parquet",
        "calendar.parquet",
        "_manifest.json",
    }
    lost = json.loads((exported / "not_exported.json").read_text())["metricflow"]
    reasons = {one["metric"]: one["reason"] for one in lost if one["what"] == "metric"}
    assert set(reasons) == {"win_rate", "mrr"}
    assert reasons["win_rate"] == "No source brings deals."


def test_rows_are_typed_dated_and_without_personal_data(exported: Path) -> None:
    rows = pq.read_table(exported / "metric_rows/sales.parquet")
    types = {field.name: field.type for field in rows.schema}
    assert types["occurred_at"] == pa.timestamp("us", "UTC")
    assert types["event_day"] == pa.date32()
    assert types["amount"] == pa.decimal128(38, 4)
    assert rows["amount"].to_pylist() == [Decimal("99.95")]
    assert rows["row_id"].to_pylist() == ["o1"]
    written = "".join(file.read_text("utf-8") for file in exported.rglob("*") if file.suffix in (".json", ".yml"))
    assert "Kimberley" not in written + str(rows.to_pylist())
    assert "kim@example.com" not in written + str(rows.to_pylist())


def test_the_manifest_has_the_checksum_of_every_file(exported: Path) -> None:
    manifest = json.loads((exported / "metric_rows/_manifest.json").read_text())
    files = {file["name"]: file for file in manifest["files"]}
    there = {str(file.relative_to(exported)) for file in exported.rglob("*") if file.is_file()}
    assert set(files) == there - {"metric_rows/_manifest.json"}
    assert all(
        file["sha256"] == hashlib.sha256((exported / name).read_bytes()).hexdigest() for name, file in files.items()
    )
    assert files["metric_rows/sales.parquet"]["rows"] == 1
    assert manifest["exported"] == {"metricflow": 2, "ossie": 2}


def test_an_export_replaces_its_own_files_and_no_others(exported: Path) -> None:
    (exported / "metricflow/models/own.yml").write_text("version: 2\n")
    assert run(["export", "semantic", str(exported), "--format", "ossie", "--ossie-version", "0.2"]) == OK
    assert [str(file.relative_to(exported)) for file in (exported / "metricflow").rglob("*.yml")] == [
        "metricflow/models/own.yml"
    ]
    document = json.loads((exported / "OSI/rapport_metrics.json").read_text())
    assert document["version"] == "0.2.0.dev0"
    assert {metric["name"] for metric in document["metrics"]} == {"revenue", "average_basket_value"}


def test_a_file_is_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert run(["export", "semantic", str(tmp_path / "file")]) == BAD_INPUT
    assert "not a folder" in capsys.readouterr().err


def test_periods_are_whole_and_reach_over_today() -> None:
    weeks = semantic.whole_periods(date(2026, 3, 18), months=1, grain=Grain.WEEK)
    assert weeks[0] == Period(date(2026, 2, 23), date(2026, 3, 2))  # the week of 1 March
    assert weeks[-1] == Period(date(2026, 3, 16), date(2026, 3, 23))
    months = semantic.whole_periods(date(2026, 3, 18), months=2, grain=Grain.MONTH)
    assert [month.start for month in months] == [date(2026, 2, 1), date(2026, 3, 1)]
