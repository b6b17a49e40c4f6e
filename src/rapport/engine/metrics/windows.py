"""Windows: the periods of a question as instants, and which rows fall into which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.metrics.period import Period

_INSTANT = "timestamp('UTC', 6)"
_JUST_AFTER = timedelta(microseconds=1)
_FEW = 3  # overlapping groups of windows for which reading the rows again is faster than pairing


@dataclass(frozen=True)
class Window:
    """One period as instants, the end excluded.

    Attributes:
        number: which period of the question, from 0.
        stand: the instant before which things must have happened to count at the end of the
            period: its end, or just after `as_of` where the period is not over.
    """

    number: int
    start: datetime
    end: datetime
    stand: datetime


def windows_of(
    periods: Sequence[Period], *, time_zone: str, as_of: datetime, rolling_days: int | None = None
) -> tuple[Window, ...]:
    """One window per period, or the `rolling_days` days before the end of each."""
    found = []
    for number, period in enumerate(periods):
        days = Period.last_days(rolling_days, until=period.end) if rolling_days else period
        start, end = days.instants(time_zone)
        found.append(Window(number, start, end, min(end, as_of + _JUST_AFTER)))
    return tuple(found)


def in_windows(rows: ir.Table, windows: Sequence[Window]) -> ir.Table:
    """Rows with the number of the window in which `at` falls; a row comes once for each window."""
    layers = _without_overlap(windows)
    if len(layers) <= _FEW:
        return ibis.union(*parts) if len(parts := [_in_separate_windows(rows, one) for one in layers]) > 1 else parts[0]
    joined = rows.cross_join(_bounds(windows))
    return joined.filter((joined["at"] >= joined.window_start) & (joined["at"] < joined.window_end)).drop(
        "window_start", "window_end", "window_stand"
    )


def standing_in_windows(rows: ir.Table, windows: Sequence[Window]) -> ir.Table:
    """Rows that stand at the end of a window: `from_at` before it, `to_at` not before it. Adds `stands_at`."""
    joined = rows.cross_join(_bounds(windows))
    stands = (joined.from_at < joined.window_stand) & (joined.to_at.isnull() | (joined.to_at >= joined.window_stand))
    return joined.filter(stands).rename(stands_at="window_stand").drop("window_start", "window_end")


def every_window(rows: ir.Table, windows: Sequence[Window]) -> ir.Table:
    """Each row once for each window, with the window's `period`, `window_start` and `stands_at`."""
    return rows.cross_join(_bounds(windows)).rename(stands_at="window_stand").drop("window_end")


def _without_overlap(windows: Sequence[Window]) -> list[list[Window]]:
    """Windows in as few groups as need be, each in the order of time and free of overlaps."""
    layers: list[list[Window]] = []
    for window in sorted(windows, key=lambda w: (w.start, w.end)):
        free = next((layer for layer in layers if layer[-1].end <= window.start), None)
        if free is None:
            layers.append([window])
        else:
            free.append(window)
    return layers


def _in_separate_windows(rows: ir.Table, ordered: Sequence[Window]) -> ir.Table:
    """By comparisons with each bound: ten times faster than computing local days row by row."""
    kept = rows.filter(ibis.or_(*(_between(rows["at"], start, end) for start, end in _runs(ordered))))
    ends = [(kept["at"] < _instant(w.end), ibis.literal(w.number, type="int64")) for w in ordered[:-1]]
    last = ibis.literal(ordered[-1].number, type="int64")
    return kept.mutate(period=ibis.cases(*ends, else_=last) if ends else last)


def _runs(ordered: Sequence[Window]) -> list[tuple[datetime, datetime]]:
    """Windows that follow one another without a gap, taken together.

    The filter compares with their ends alone: DuckDB writes out whatever `at` is made of for each
    comparison of a filter, and 24 of them took seconds.
    """
    runs = [(ordered[0].start, ordered[0].end)]
    for window in ordered[1:]:
        if window.start == runs[-1][1]:
            runs[-1] = (runs[-1][0], window.end)
        else:
            runs.append((window.start, window.end))
    return runs


def _between(at: ir.TimestampColumn, start: datetime, end: datetime) -> ir.BooleanValue:
    return (at >= _instant(start)) & (at < _instant(end))


def _bounds(windows: Sequence[Window]) -> ir.Table:
    stamp = pa.timestamp("us", tz="UTC")
    return ibis.memtable(
        pa.table(
            {
                "period": pa.array([w.number for w in windows], pa.int64()),
                "window_start": pa.array([w.start for w in windows], stamp),
                "window_end": pa.array([w.end for w in windows], stamp),
                "window_stand": pa.array([w.stand for w in windows], stamp),
            }
        )
    )


def _instant(at: datetime) -> ir.TimestampScalar:
    return ibis.literal(at, type=_INSTANT)
