"""Steps: from which instant to which recurring amounts are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.local_day import local_day_of, start_of_local_day
from rapport.engine.metrics.period import Grain, Period
from rapport.engine.metrics.windows import Window

START, END = "start", "end"


@dataclass(frozen=True, kw_only=True)
class Step:
    """Attributes:
    period: number of the window it belongs to.
    start, end: instants whose levels are compared.
    opens: whether it is the first of its window.
    rate_at: the day whose exchange rates hold for the whole window, so that a currency is never taken for churn.
    """

    period: int
    start: datetime
    end: datetime
    opens: bool
    rate_at: datetime


def month_steps(windows: Sequence[Window], time_zone: str) -> list[Step]:
    """Each window month by month, in the company's zone; a window within a month is one step."""
    steps = []
    for window in windows:
        bounds = _month_bounds(window, time_zone)
        for start, end in pairwise(bounds):
            opens = start == window.start
            steps.append(Step(period=window.number, start=start, end=end, opens=opens, rate_at=window.start))
    return steps


def whole_steps(windows: Sequence[Window]) -> list[Step]:
    """Each window in one step, from its start to where it stands."""
    return [
        Step(period=w.number, start=w.start, end=w.stand, opens=True, rate_at=w.start)
        for w in windows
        if w.start < w.stand
    ]


def _month_bounds(window: Window, time_zone: str) -> list[datetime]:
    if window.start >= window.stand:
        return []
    days = Period(
        local_day_of(window.start, time_zone), local_day_of(window.stand, time_zone) + timedelta(days=1)
    ).split(Grain.MONTH)
    firsts = [start_of_local_day(month.start, time_zone) for month in days[1:]]
    return [window.start, *(first for first in firsts if first < window.stand), window.stand]


def points_of(steps: Sequence[Step]) -> dict[datetime, int]:
    """The instants that the steps compare, numbered."""
    return {at: number for number, at in enumerate(sorted({at for s in steps for at in (s.start, s.end)}))}


def step_table(steps: Sequence[Step]) -> ir.Table:
    """Two rows per step: _point, side (start or end), step, period, opens, step_start, rate_at."""
    points, stamp = points_of(steps), pa.timestamp("us", tz="UTC")
    sides = [(number, step, side) for number, step in enumerate(steps) for side in (START, END)]
    columns = {
        "_point": pa.array([points[s.start if side == START else s.end] for _, s, side in sides], pa.int64()),
        "side": pa.array([side for *_, side in sides], pa.string()),
        "step": pa.array([number for number, *_ in sides], pa.int64()),
        "period": pa.array([s.period for _, s, _ in sides], pa.int64()),
        "opens": pa.array([s.opens for _, s, _ in sides], pa.bool_()),
        "step_start": pa.array([s.start for _, s, _ in sides], stamp),
        "rate_at": pa.array([s.rate_at for _, s, _ in sides], stamp),
    }
    return ibis.memtable(pa.table(columns))
