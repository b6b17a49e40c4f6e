"""A dashboard's figures as tables: CSV and a workbook. Text that a spreadsheet would run is marked as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any, cast

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from rapport.engine.metrics.spec import Unit
from rapport.workspace.lib.csv_export import csv_lines
from rapport.workspace.pages.dashboards.tiles import Board, Shown

Line = Sequence[object]
_HEADER = ("Metric", "Id", "Unit", "Part", "Of", "Value", "Compared", "Change", "Rows", "Lower", "Upper", "Remarks")
_IN_UNIT = (6, 7, 10, 11)  # columns in the metric's unit
_FORMATS = {Unit.FRACTION: "0.0%", Unit.RATE: "0.0%", Unit.AMOUNT: "#,##0.00", Unit.COUNT: "#,##0"}


def csv_of(board: Board) -> Iterator[str]:
    """One line per value: of each metric the whole, then the months or parts that its tile shows."""
    return csv_lines(_HEADER, (line for shown in _all(board) for line in _lines(shown)))


def workbook_of(board: Board, *, title: str, lead: str) -> bytes:
    """One sheet with the same lines. Unknown is left empty, with its reason."""
    book = Workbook()
    sheet = cast(Worksheet, book.active)
    sheet.title = "Figures"
    _write(sheet, 1, [title], bold=True)
    _write(sheet, 2, [lead])
    _write(sheet, 4, _HEADER, bold=True)
    lines = [(shown, line) for shown in _all(board) for line in _lines(shown)]
    for row, (shown, line) in enumerate(lines, start=5):
        _write(sheet, row, line, number_format=_FORMATS.get(shown.spec.unit, "#,##0.##"))
    sheet.freeze_panes = "A5"
    for column, width in enumerate((34, 26, 10, 14, 26, 14, 14, 10, 10, 12, 12, 40), start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    kept = BytesIO()
    book.save(kept)
    return kept.getvalue()


def _all(board: Board) -> list[Shown]:
    """Tiles, charts and the unknown, each metric and split once."""
    found: dict[tuple[str, str, str], Shown] = {}
    for shown in (*board.tiles, *board.charts, *board.unknown):
        display = "" if shown.figure.display == "value" else "parts"
        found.setdefault((shown.spec.id, shown.figure.by, display), shown)
    return list(found.values())


def _lines(shown: Shown) -> Iterator[Line]:
    figure, spec = shown.figure, shown.spec
    head = (shown.label, spec.id, spec.unit.value)
    remarks = "; ".join((*map(str, shown.flags), *([figure.reason] if figure.reason else [])))
    yield (
        *head,
        "",
        "",
        figure.value,
        figure.compared,
        figure.change,
        figure.n if figure.n or figure.value is not None else None,  # how many there are is unknown too
        figure.lower,
        figure.upper,
        remarks,
    )
    if figure.display == "value":
        return
    kind = figure.by or "month"
    values = figure.parts if figure.by else figure.series
    for shown_point, point in zip(shown.points, values, strict=True):
        label = shown_point.label if figure.by else point.label
        yield (*head, kind, label, point.value, None, None, None, None, None, "")


def _write(sheet: Worksheet, row: int, line: Line, *, bold: bool = False, number_format: str = "") -> None:
    """Text is written as text whatever it begins with, so that nothing in it is a formula."""
    for column, value in enumerate(line, start=1):
        if value is None or value == "":
            continue
        cell = cast(Cell, sheet.cell(row=row, column=column))
        cell.value = cast(Any, value)
        if isinstance(value, str):
            cell.data_type = "s"
            cell.quotePrefix = value.startswith(("=", "+", "-", "@"))
        elif number_format and column in _IN_UNIT:
            cell.number_format = number_format
        if bold:
            cell.font = Font(bold=True)
