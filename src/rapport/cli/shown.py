"""What a command shows: sentences, tables, progress bars."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_PIPED_WIDTH = 160
_LARGE = 1_000  # from here on decimals are noise
Progress = Callable[[int, "int | None", str], None]


def console(*, errors: bool = False) -> Console:
    from rich.console import Console

    stream = sys.stderr if errors else sys.stdout
    return Console(stderr=errors, highlight=False, soft_wrap=True, width=None if stream.isatty() else _PIPED_WIDTH)


def said(text: str) -> None:
    """A line, as it is."""
    console().print(text, markup=False)


def error_shown(text: str, *, weak: bool = False) -> None:
    """A line on standard error."""
    console(errors=True).print(text, markup=False, style="dim" if weak else "red")


def warned(text: str) -> None:
    console(errors=True).print(text, markup=False, style="yellow")


def table_shown(columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str = "") -> None:
    """Rows as a table; numbers to the right, nothing for None."""
    from rich.table import Table

    if title:
        said(title)
    table = Table(header_style="bold")
    for position, name in enumerate(columns):
        numeric = any(isinstance(row[position], int | float) for row in rows)
        table.add_column(name, justify="right" if numeric else "left", no_wrap=position == 0)
    for row in rows:
        table.add_row(*("" if value is None else _text(value) for value in row))
    console().print(table, soft_wrap=False)


def _text(value: object) -> str:
    from rich.markup import escape

    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= _LARGE else f"{value:.4g}"
    return escape(str(value))


@contextmanager
def progress_shown(title: str) -> Iterator[Progress]:
    """A bar that moves while the block runs; a line at its end where nobody watches a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console(errors=True), transient=True, disable=not sys.stderr.isatty()) as bars:
        task = bars.add_task(title, total=None)

        def report(done: int, total: int | None, message: str) -> None:
            bars.update(task, completed=done, total=total, description=f"{title}: {message}" if message else title)

        yield report
