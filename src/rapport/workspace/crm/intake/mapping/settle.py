"""What only the values can tell of a mapping: order of day and month, decimal marks, per cent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from rapport.engine.crm.tables import TABLES, Type
from rapport.engine.errors import DefinitionError
from rapport.workspace.crm.intake.mapping.mapping import MappedColumn, Mapping
from rapport.workspace.crm.intake.reading.rows import Opened
from rapport.workspace.crm.intake.values.dates import ORDERS, orders_possible
from rapport.workspace.crm.intake.values.numbers import decimal_mark, read_decimal
from rapport.workspace.crm.records.values import UnfitError

SAMPLE_ROWS = 1_000
SAMPLE_CHARACTERS = 8_000_000
_DATED = ("close_date", "modified_at")


class AmbiguousDatesError(DefinitionError):
    """Columns whose dates may be day/month or month/day. headers: which."""

    def __init__(self, headers: Sequence[str], example: str) -> None:
        self.headers = tuple(headers)
        super().__init__(
            f"every date in {', '.join(repr(header) for header in headers)} may be day/month or month/day",
            received=example, allowed=[f"{key} ({said})" for key, said in ORDERS.items()],
            next_step="Choose the order of day and month for the column, and import again.",
        )  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """The first rows of a file. values: per header, the first few distinct ones as text."""

    rows: Sequence[Sequence[Any]]
    header: tuple[str, ...]

    def column(self, header: str) -> list[str]:
        position = self.header.index(header)
        return [str(row[position]) for row in self.rows if row[position] not in (None, "")]

    def examples(self, header: str, count: int = 3) -> list[str]:
        return [text[:80] for text in dict.fromkeys(self.column(header))][:count]


def sample_of(opened: Opened) -> Sample:
    """The first 1,000 rows that can be read; of long rows fewer."""
    rows: list[Sequence[Any]] = []
    size = 0
    for line in islice(opened.lines(), SAMPLE_ROWS):
        size += sum([len(cell) for cell in line.cells if isinstance(cell, str)])
        if size > SAMPLE_CHARACTERS and rows:
            break
        if not line.problem:
            rows.append(line.cells)
    return Sample(rows, opened.header)


def settle(mapping: Mapping, opened: Opened, sample: Sample | None = None) -> Mapping:
    """The mapping with marks and orders filled in from the values, where nobody chose them.

    Reads the first 1,000 rows; for dates whose order those leave open, as much of the file as decides it.
    Raises: AmbiguousDatesError where the whole file leaves it open.
    """
    sample = sample or sample_of(opened)
    settled = replace(mapping, columns=tuple(_marked(mapping.table, column, sample) for column in mapping.columns))
    open_columns = [
        c
        for c in settled.columns
        if _is_dated(mapping.table, c) and not c.dates and _order(sample.column(c.header)) is None
    ]
    return _with_orders(settled, opened, open_columns) if open_columns else settled


def _marked(table: str, column: MappedColumn, sample: Sample) -> MappedColumn:
    if not column.target or column.by or column.header not in sample.header:
        return column
    if _is_dated(table, column) and not column.dates:
        return replace(column, dates=_order(sample.column(column.header)) or "")
    declared = TABLES[table].columns.get(column.target)
    if declared is None or declared.type not in (Type.MONEY, Type.NUMBER, Type.INTEGER, Type.SCORE):
        return column
    mark = decimal_mark(sample.column(column.header)) if column.decimal == "." else column.decimal
    percent = column.percent or (declared.unit == "0..1" and _above_one(sample.column(column.header), mark))
    return replace(column, decimal=mark, percent=percent)


def _above_one(texts: Sequence[str], mark: str) -> bool:
    for text in texts:
        try:
            if "%" not in text and read_decimal(text, mark=mark) > 1:
                return True
        except UnfitError:
            continue
    return False


def _is_dated(table: str, column: MappedColumn) -> bool:
    declared = TABLES[table].columns.get(column.target)
    return column.target in _DATED or (declared is not None and declared.type in (Type.INSTANT, Type.DATE))


def _order(texts: Sequence[str]) -> str | None:
    """dmy or mdy where the texts tell, "" where none is of that style, None where they leave it open."""
    possible = orders_possible(texts)
    return None if len(possible) == 2 else next(iter(possible), "")


def _with_orders(mapping: Mapping, opened: Opened, undecided: Sequence[MappedColumn]) -> Mapping:
    orders = {column.header: _order(list(_telling(opened, column.header))) for column in undecided}
    left = [header for header, order in orders.items() if order is None]
    if left:
        raise AmbiguousDatesError(left, next(iter(_telling(opened, left[0]))))
    return replace(
        mapping,
        columns=tuple(replace(c, dates=orders[c.header] or "") if c.header in orders else c for c in mapping.columns),
    )


def _telling(opened: Opened, header: str) -> Iterator[str]:
    """The column's values up to the first that decides."""
    position = opened.header.index(header)
    decide: Callable[[str], bool] = lambda text: len(orders_possible([text])) == 1  # noqa: E731
    last = ""
    for line in opened.lines():
        if line.problem or line.cells[position] in (None, ""):
            continue
        text = str(line.cells[position])
        if decide(text):
            yield text
            return
        last = text
    yield last
