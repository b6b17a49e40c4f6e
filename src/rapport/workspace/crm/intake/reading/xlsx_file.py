"""Excel workbooks, a sheet at a time; workbooks that unpack to far more than they are, are refused."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.xml import DEFUSEDXML, LXML

from rapport.workspace.crm.intake.reading.rows import Line, Opened, UnreadableFileError, checked, unique_header

UNPACKED_LIMIT = 4_000_000_000
SHARED_STRINGS_LIMIT = 300_000_000
RATIO_LIMIT = 300
RATIO_FROM = 50_000_000


def open_xlsx(path: Path, *, sheet: str = "") -> Opened:
    """The named sheet, else the first. Formulas give the value that was last computed."""
    _refuse_bombs(path)
    rows = _rows(path, sheet)
    header = next(rows, None)
    if header is None:
        raise UnreadableFileError("the sheet is empty", where=path.name, next_step="Choose a sheet with a header row.")
    names = unique_header(header)

    def lines() -> Iterator[Line]:
        rows = _rows(path, sheet)
        next(rows)
        for number, row in enumerate(rows, start=2):
            yield checked(number, row + [None] * (len(names) - len(row)), len(names))

    return Opened(header=names, lines=lines, form="xlsx", notes={"sheet": sheet or "first"})


def _refuse_bombs(path: Path) -> None:
    assert DEFUSEDXML or LXML, "XML is parsed with a parser that refuses entity bombs"
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile as error:
        raise UnreadableFileError(
            "is no Excel workbook", where=path.name, next_step="Save it as .xlsx or .csv."
        ) from error
    packed = sum(member.compress_size for member in members) or 1
    unpacked = sum(member.file_size for member in members)
    strings = sum(member.file_size for member in members if member.filename.endswith("sharedStrings.xml"))
    swollen = unpacked > RATIO_FROM and unpacked / packed > RATIO_LIMIT
    if unpacked > UNPACKED_LIMIT or strings > SHARED_STRINGS_LIMIT or swollen:
        raise UnreadableFileError(
            f"the workbook unpacks to {unpacked:,} bytes from {packed:,}", where=path.name,
            next_step="Save it as .csv, which is read without unpacking it as a whole.",
        )  # fmt: skip


def _rows(path: Path, sheet: str) -> Iterator[list[Any]]:
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        if sheet and sheet not in book.sheetnames:
            raise UnreadableFileError("no such sheet", where=path.name, received=sheet, allowed=book.sheetnames)
        chosen = book[sheet] if sheet else book[book.sheetnames[0]]
        chosen.reset_dimensions()
        for row in chosen.iter_rows(values_only=True):
            cells = list(row)
            while cells and cells[-1] is None:
                cells.pop()
            if cells:
                yield cells
    finally:
        book.close()
