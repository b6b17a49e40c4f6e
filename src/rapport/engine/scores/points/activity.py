"""What subjects did, as the features of a plan: one pass over the events of each source.

A row finds its micro-points by (code, age) in a table made in Python, so that thirty criteria cost
little more than one. Rows that `at_most` counts are grouped by window first, all others by subject alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.age import age_in_days, day_number
from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.local_day import local_day_of
from rapport.engine.runner import Runner
from rapport.engine.scores.points.event_codes import Coded
from rapport.engine.scores.points.lookup import ages_apart, lookup_table
from rapport.engine.scores.points.plan import Feature, How

_MANY_AGES = 4_000
_DAYS_TO_MONDAY = 3  # 1970-01-01 was a Thursday


def activity(coded: Coded, features: Sequence[Feature], view: AsOf, *, time_zone: str, runner: Runner) -> ir.Table:
    """One row per subject with an event that counts: subject_id and an int64 column per feature.

    SUM and CAPPED in micro-points, LATEST and CAPPED without their sign.
    """
    age = age_in_days(coded.rows.occurred_at, as_of=view.at, time_zone=time_zone)
    rows = coded.rows.select("subject_id", "code", age=age)
    ages = _ages(features, rows, runner)
    lanes = sorted({f.at_most.per_days for f in features if f.at_most})
    table = lookup_table(coded.matches, features, ages=ages, lanes=lanes)
    rows = rows.mutate(_look=rows.code * ages + ibis.least(rows.age, ages - 1))
    found = rows.join(ibis.memtable(table), [("_look", "_key")])
    if lanes:
        today = day_number(local_day_of(view.at, time_zone))
        found = found.mutate(_window=_window(found, lanes, today))
        found = found.group_by("subject_id", "_window").aggregate(**{f.name: _in_window(f, found) for f in features})
    return found.group_by("subject_id").aggregate(**{f.name: _together(f, found) for f in features})


def window_of(day: int, per_days: int) -> int:
    """The fixed window a day (since 1970-01-01) falls in: ISO weeks for 7 days, else whole spans since 1970."""
    return (day + _DAYS_TO_MONDAY) // 7 if per_days == 7 else day // per_days


def _ages(features: Sequence[Feature], rows: ir.Table, runner: Runner) -> int:
    ages = ages_apart(features)
    if ages > _MANY_AGES:
        oldest = runner.to_arrow(rows.aggregate(oldest=rows.age.max()))["oldest"][0].as_py()
        ages = min(ages, 1 + max(0, oldest or 0))
    return ages


def _window(rows: ir.Table, lanes: Sequence[int], today: int) -> ir.IntegerValue:
    """A number of its own for each window of each length; null for rows that no `at_most` counts."""
    day = today - rows.age
    windows = []
    for position, days in enumerate(lanes):
        window = (day + _DAYS_TO_MONDAY) // 7 if days == 7 else day // days
        windows.append((rows._lane == days, window * len(lanes) + position))
    return ibis.cases(*windows, else_=ibis.null("int64"))


def _in_window(feature: Feature, rows: ir.Table) -> ir.IntegerValue:
    if feature.how is not How.CAPPED or feature.at_most is None:
        return _together(feature, rows)
    column, times = rows[feature.name], feature.at_most.times
    if feature.terms[0].decay is None:
        return ibis.least(column.count(), times) * column.max()
    # the earliest days count first: the older an occurrence, the fewer points are left of it
    return column.collect().sort()[:times].sums().cast("int64")


def _together(feature: Feature, rows: ir.Table) -> ir.IntegerValue:
    column = rows[feature.name]
    return column.max() if feature.how in (How.LATEST, How.SEEN) else column.sum().cast("int64")
