"""Writing CSV that a spreadsheet shows and does not run."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def escaped(cell: object) -> str:
    """The cell as text; one that a spreadsheet would take for a formula gets an apostrophe in front.

    Numbers stay numbers: -5 and +4.2 are no formulas.
    """
    text = "" if cell is None else str(cell)
    if text.startswith(_STARTS_A_FORMULA) and not _is_number(text):
        return f"'{text}"
    return text


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """CSV (RFC 4180) a line at a time, the header first, with the byte order mark that Excel needs for UTF-8."""
    buffer = StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow([escaped(cell) for cell in header])
    yield buffer.getvalue()
    for row in rows:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow([escaped(cell) for cell in row])
        yield buffer.getvalue()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
