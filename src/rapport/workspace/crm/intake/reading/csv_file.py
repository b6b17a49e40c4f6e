"""CSV in any encoding, with any of the usual delimiters and quoted line breaks."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from rapport.workspace.crm.intake.reading.rows import Line, Opened, UnreadableFileError, checked, unique_header
from rapport.workspace.crm.intake.reading.text import SAMPLE, guessed_delimiter, guessed_encoding, opened_text

FIELD_LIMIT = 10_000_000
"""Characters after which a quote is taken for never closed, and the file for unreadable."""


def open_csv(path: Path, *, encoding: str = "", delimiter: str = "") -> Opened:
    """Guesses what is not given."""
    encoding = encoding or guessed_encoding(path)
    try:
        with opened_text(path, encoding) as file:
            sample = file.read(SAMPLE)
    except (LookupError, UnicodeError) as error:
        raise UnreadableFileError(
            "cannot be read as text", where=path.name, received=encoding, next_step="Choose another encoding."
        ) from error
    delimiter = delimiter or guessed_delimiter(sample)
    header = next(_rows(path, encoding, delimiter), None)
    if header is None:
        raise UnreadableFileError("the file is empty", where=path.name, next_step="Choose a file with a header row.")
    names = unique_header(header)

    def lines() -> Iterator[Line]:
        rows = _rows(path, encoding, delimiter)
        next(rows)
        for number, row in enumerate(rows, start=2):
            yield _line(number, row, len(names), encoding)

    notes = {"encoding": encoding, "delimiter": {"\t": "tab"}.get(delimiter, delimiter)}
    return Opened(header=names, lines=lines, form="csv", notes=notes)


def _rows(path: Path, encoding: str, delimiter: str) -> Iterator[list[str]]:
    """Rows that hold anything, without the `sep=;` line that some programs put first."""
    csv.field_size_limit(FIELD_LIMIT)
    with opened_text(path, encoding) as file:
        reader = csv.reader(file, delimiter=delimiter)
        try:
            for row in reader:
                if not any(row) or (reader.line_num == 1 and row[0].lower().startswith("sep=") and len(row) <= 2):
                    continue
                yield row
        except (csv.Error, UnicodeError, EOFError, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise UnreadableFileError(
                f"cannot be read past line {reader.line_num:,}: {error}", where=path.name,
                next_step="Look for a quote that is never closed, or choose another encoding or delimiter.",
            ) from error  # fmt: skip


def _line(number: int, row: list[str], width: int, encoding: str) -> Line:
    line = checked(number, row, width)
    if line.problem:
        return line
    for cell in row:
        if not cell.isascii() and any("\udc80" <= character <= "\udcff" for character in cell):
            return Line(number, row, f"a cell holds bytes that are not {encoding}: choose another encoding")
    return line
