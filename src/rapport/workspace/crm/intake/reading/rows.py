"""What every reader gives: a header and rows of cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from rapport.engine.errors import DataError

CELL_LIMIT = 1_000_000
"""Characters in a cell; a row with a longer one is refused, the others are taken."""

WIDTH_LIMIT = 2_000
"""Columns in a file."""


class UnreadableFileError(DataError):
    """The file as a whole cannot be read."""


class Line(NamedTuple):
    """One row of a file.

    number: as people count it, the first row after the header is 2.
    cells: one per column of the header: text, or what the format holds (number, instant, ...); None is empty.
    problem: why the row cannot be taken; cells are then as they came.
    """

    number: int
    cells: Sequence[Any]
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A file that can be read, again and again.

    Attributes:
        header: names of the columns, unique, none empty.
        lines: starts reading from the first row after the header.
        form: csv, xlsx, json or parquet.
        notes: what was found out (encoding, delimiter, sheet), by name.
    """

    header: tuple[str, ...]
    lines: Callable[[], Iterator[Line]]
    form: str
    notes: dict[str, str]


def unique_header(cells: Sequence[Any]) -> tuple[str, ...]:
    """Column names: stripped, `Column 3` where empty, ` (2)` behind a repeated one."""
    if len(cells) > WIDTH_LIMIT:
        raise UnreadableFileError(
            f"the header has {len(cells):,} columns", allowed=f"at most {WIDTH_LIMIT:,}",
            next_step="Check that the delimiter is right.",
        )  # fmt: skip
    names: list[str] = []
    for position, cell in enumerate(cells, start=1):
        name = " ".join(str(cell if cell is not None else "").replace("\x00", "").split())[:200]
        name = name or f"Column {position}"
        count = sum(1 for other in names if other == name or other.startswith(f"{name} ("))
        names.append(f"{name} ({count + 1})" if count else name)
    return tuple(names)


def checked(number: int, cells: Sequence[Any], width: int) -> Line:
    """The line, with a problem where a row of text does not fit the header."""
    if len(cells) != width:
        return Line(number, cells, f"the row has {len(cells)} cells, the header {width}: a footer or a stray delimiter")
    for cell in cells:
        if isinstance(cell, str) and len(cell) > CELL_LIMIT:
            return Line(number, cells, f"a cell has {len(cell):,} characters, at most {CELL_LIMIT:,} are taken")
    return Line(number, cells)
