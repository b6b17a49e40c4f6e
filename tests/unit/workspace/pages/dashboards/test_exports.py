"""Dashboards taken along: CSV, workbook, PDF and PNG; nothing in them runs, and unknown is not 0."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from rapport.workspace.metrics.boards.editing import add_tile, make
from rapport.workspace.metrics.dashboards import Asked
from rapport.workspace.metrics.figures import Figure, Figures, Point
from rapport.workspace.pages.dashboards import pictures, tables
from rapport.workspace.pages.dashboards.tiles import Board, board
from small_company import SmallCompany

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
EVIL = '=HYPERLINK("http://x","y")'


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))
    settings.BASE_CURRENCY = "EUR"


@pytest.fixture
def shown(db: None) -> Board:
    """Revenue with a comparison, orders by a channel with an evil name, and an unknown win rate."""
    series = tuple(Point(label=f"2026-0{n}-01", value=float(n)) for n in (1, 2, 3))
    parts = (Point(label=EVIL, value=7.0), Point(label=None, value=-2.5))
    tiles = (
        Figure(metric="revenue", display="value", title="+Revenue", value=-12.5, compared=10.0, change=-2.25, n=3),
        Figure(metric="revenue", display="line", value=-12.5, n=3, series=series),
        Figure(metric="orders", display="bars", by="channel", value=9.0, n=9, parts=parts),
        Figure(metric="win_rate", display="value", reason="No deals closed.", series=series),
    )
    figures = Figures(first=date(2026, 3, 1), end=date(2026, 4, 1), computed_at=NOW, data_through=NOW, tiles=tiles)
    return board(figures, Asked())


class TestCsv:
    def test_holds_values_as_numbers_and_text_that_does_not_run(self, shown: Board) -> None:
        lines = list(csv.DictReader(StringIO("".join(tables.csv_of(shown)).removeprefix("\ufeff"))))
        first, rate = lines[0], next(line for line in lines if line["Id"] == "win_rate")
        assert (first["Metric"], first["Value"], first["Compared"]) == ("'+Revenue", "-12.5", "10.0")
        assert (rate["Value"], rate["Remarks"]) == ("", "No deals closed.")
        parts = [(line["Of"], line["Value"]) for line in lines if line["Part"] == "channel"]
        assert parts == [(f"'{EVIL}", "7.0"), ("none", "-2.5")]
        months = [(line["Of"], line["Value"]) for line in lines if line["Part"] == "month"]
        assert months == [("2026-01-01", "1.0"), ("2026-02-01", "2.0"), ("2026-03-01", "3.0")]


class TestWorkbook:
    def test_holds_no_formula_and_leaves_unknown_empty(self, shown: Board) -> None:
        book = load_workbook(BytesIO(tables.workbook_of(shown, title="=1+1", lead="March")))
        sheet = book.worksheets[0]
        cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
        assert not [cell for cell in cells if cell.data_type == "f"]
        assert sheet["A1"].value == "=1+1"
        rows = list(sheet.iter_rows(min_row=5, values_only=True))
        assert rows[0][:2] == ("+Revenue", "revenue")
        assert rows[0][5] == -12.5
        assert any(EVIL in row for row in rows)
        assert next(row for row in rows if row[1] == "win_rate")[5] is None


class TestPictures:
    def test_a_chart_is_a_png(self, shown: Board) -> None:
        assert [pictures.png(s)[:8] for s in shown.charts] == [b"\x89PNG\r\n\x1a\n"] * 2

    def test_a_number_has_no_picture(self, shown: Board) -> None:
        with pytest.raises(ValueError, match="nothing to draw"):
            pictures.png(shown.tiles[0])

    def test_the_whole_is_a_pdf(self, shown: Board) -> None:
        found = pictures.pdf(shown, title="<Sales> & more", lead="March")
        assert found.startswith(b"%PDF-")
        assert len(found) > 5_000


class TestPages:
    def test_each_kind_comes_as_a_file(self, company: SmallCompany) -> None:
        client = company.client("alice")
        mine = make(title="Mine", owner=company.people["alice"])
        add_tile(mine, user=company.people["alice"], metric="orders")
        add_tile(mine, user=company.people["alice"], metric="orders", display="line")
        for kind, begins in (("csv", "\ufeffMetric".encode()), ("xlsx", b"PK"), ("pdf", b"%PDF")):
            answer = client.get(f"/dashboards/{mine.slug}/export.{kind}?period=12m")
            assert b"".join(answer).startswith(begins)  # type: ignore[arg-type]
            assert f'.{kind}"' in answer["Content-Disposition"]
        assert client.get(f"/dashboards/{mine.slug}/charts/orders.png?period=12m").content[1:4] == b"PNG"
        assert client.get(f"/dashboards/{mine.slug}/charts/revenue.png").status_code == 404
        assert client.get(f"/dashboards/{mine.slug}/export.exe").status_code == 404
        assert company.client("bob").get(f"/dashboards/{mine.slug}/export.csv").status_code == 404
