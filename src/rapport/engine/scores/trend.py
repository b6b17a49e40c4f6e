"""Trend: a score now against the same version as of 7 and 30 x 24 hours earlier."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

import ibis
import ibis.expr.types as ir

from rapport.engine.scores.population import micro_points

TREND_DAYS = (7, 30)
_STEP_PERCENT = 5


class Trend(StrEnum):
    """RISING or FALLING: the value differs by at least 5 % of the range; of an open-ended one, of the value before."""

    RISING = "rising"
    FALLING = "falling"
    STEADY = "steady"


def earlier(as_of: datetime, days: int) -> datetime:
    """The instant to compare with: exactly `days` x 24 hours before."""
    return as_of - timedelta(hours=24 * days)


def trend_of(
    value: Decimal | None, before: Decimal | None, *, score_range: Sequence[Decimal], open_ended: bool = False
) -> Trend | None:
    """The trend of one subject; None where either value is.

    Parameters: open_ended, the values have no upper end, so that a change is judged by the value before.
    """
    if value is None or before is None:
        return None
    change, width = value - before, abs(before) if open_ended else score_range[1] - score_range[0]
    if not change or abs(change) * 100 < width * _STEP_PERCENT:
        return Trend.STEADY
    return Trend.RISING if change > 0 else Trend.FALLING


def with_trend(
    scores: ir.Table, before: ir.Table, *, days: int, score_range: Sequence[Decimal], open_ended: bool = False
) -> ir.Table:
    """`scores` (subject_id, value) with `change_<days>d` and `trend_<days>d`.

    Parameters: before, one row per subject: subject_id and value of the same version as of `earlier(...)`.
    Null where the subject had no value then or has none now.
    """
    then = before.select(_subject_id=before.subject_id, _before=before.value)
    joined = scores.left_join(then, [("subject_id", "_subject_id")])
    change = micro_points(joined.value) - micro_points(joined._before)
    fixed = ibis.literal(int((Decimal(score_range[1]) - Decimal(score_range[0])).scaleb(6)), type="int64")
    width = micro_points(joined._before).abs() if open_ended else fixed
    big = change.abs() * 100 >= width * _STEP_PERCENT
    trend = ibis.cases(
        (change.isnull(), ibis.null().cast("string")),
        (big & (change > 0), Trend.RISING.value),
        (big & (change < 0), Trend.FALLING.value),
        else_=Trend.STEADY.value,
    )
    difference = joined.value.cast("decimal(18, 6)") - joined._before.cast("decimal(18, 6)")
    columns = {f"change_{days}d": difference.cast("decimal(18, 6)"), f"trend_{days}d": trend}
    return joined.mutate(**columns).drop("_subject_id", "_before")
