"""How long before a sale its costs are spent: the median sales cycle of the last year."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from rapport.engine.errors import DataError
from rapport.engine.metrics.reading import Reading, moment
from rapport.engine.metrics.relations.deals import CLOSED_DEALS

_DAYS = 365


def median_cycle_days(reading: Reading) -> int:
    """Whole days from first touch to close, of the deals won in the 365 days up to the as-of instant: their median.

    Raises DataError where none was won, or where there is no runner to ask.
    """
    if reading.runner is None:
        raise DataError(
            "The median sales cycle is measured, and there is nothing to measure it with.",
            where=reading.needed_by,
            next_step="Pass a runner.",
        )
    closed = CLOSED_DEALS.rows(replace(reading, wanted=frozenset({"cycle_days", "in_order"})))
    since = moment(reading.view.at - timedelta(days=_DAYS))
    won = closed.filter(closed.won & closed.in_order & (closed["at"] >= since))
    answer = reading.runner.to_arrow(won.aggregate(days=won.cycle_days.quantile(0.5)))["days"][0].as_py()
    if answer is None:
        raise DataError(
            "No deal was won in the last 365 days that tells how long a sale takes.",
            where=reading.needed_by,
            next_step="Use cac, which dates costs and customers alike.",
        )
    return round(float(answer))
