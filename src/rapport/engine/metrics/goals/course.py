"""How a goal's value came to where it is, at the ends of months, found without asking anew."""

from __future__ import annotations

from datetime import date

from rapport.engine.metrics.goals.goal import Reading
from rapport.engine.metrics.goals.history import History, weight


def course(history: History) -> list[tuple[date, float]]:
    """(day, value so far before it) since the goal began, oldest first, up to the newest month not known.

    Totals and averages are taken back month by month from the value now; levels and windows are as they were.
    """
    if history.now is None or history.now.value is None:
        return []
    start = history.goal.span.start
    if history.reading in (Reading.LEVEL, Reading.TRAILING):
        told = [(m.period.end, m.value) for m in history.months]
        return [(day, float(value)) for day, value in told if value is not None and day >= start]
    value, whole = float(history.now.value), weight(history.now)
    total = history.reading is Reading.TOTAL
    points = [(history.cut, value)]
    for month in reversed(history.months):
        if month.value is None or month.period.start <= start:
            break
        rest = whole - weight(month)
        if not total and rest <= 0:
            break
        taken = float(month.value)
        value = value - taken if total else (value * whole - taken * weight(month)) / rest
        whole = rest
        points.append((month.period.start, value))
    return [*([(start, 0.0)] if total else []), *reversed(points)]
