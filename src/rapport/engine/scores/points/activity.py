"""What subjects did, as the features of a plan: one pass over the events of each source.

A row finds its micro-points by (code, age) in a table made in Python, so that thirty criteria cost
little more than one. Occurrences that `at_most` bounds are gathered in a list per subject and capped
there: grouping by window as well would cost as much again as all the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.age import age_in_days, day_number
from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.local_day import local_day_of
from rapport.engine.errors import InternalError
from rapport.engine.runner import LiveRunner, Runner
from rapport.engine.scores.bands import micro
from rapport.engine.scores.points.event_codes import Coded
from rapport.engine.scores.points.lookup import ages_apart, lookup_table
from rapport.engine.scores.points.plan import Feature, How
from rapport.engine.scores.points.spec import AtMost

_MANY_AGES = 4_000
_DAYS_TO_MONDAY = 3  # 1970-01-01 was a Thursday


def activity(coded: Coded, features: Sequence[Feature], view: AsOf, *, time_zone: str, runner: Runner) -> ir.Table:
    """One row per subject with an event that counts: subject_id and a column per feature, for `feature_value`."""
    age = age_in_days(coded.rows.occurred_at, as_of=view.at, time_zone=time_zone)
    rows = coded.rows.select("subject_id", "code", age=age)
    ages = _ages(features, rows, runner)
    table = lookup_table(coded.matches, features, ages=ages)
    rows = rows.mutate(_look=rows.code * ages + ibis.least(rows.age, ages - 1))
    found = rows.join(ibis.memtable(table), [("_look", "_key")])
    today = day_number(local_day_of(view.at, time_zone))
    told = found.group_by("subject_id").aggregate(**{f.name: _together(f, found, today) for f in features})
    capped = [f.name for f in features if f.how is How.CAPPED]
    return told.mutate(**{name: told[name].sort() for name in capped}) if capped else told


def feature_value(feature: Feature, column: ir.Value) -> ir.IntegerValue:
    """A feature as a whole number, 0 for subjects without events that count.

    SUM and CAPPED in micro-points; LATEST and CAPPED without their sign. Apart from `activity`, to be
    called on a join with it: within one select the engine would sort a list again for each of its members.
    """
    if feature.how is How.CAPPED:
        return _first_of_windows(column, _cap(feature).times, _span(feature))
    return ibis.coalesce(column, 0)


def window_of(day: int, per_days: int) -> int:
    """The fixed window a day (since 1970-01-01) falls in: ISO weeks for 7 days, else whole spans since 1970."""
    return (day + _DAYS_TO_MONDAY) // 7 if per_days == 7 else day // per_days


def _ages(features: Sequence[Feature], rows: ir.Table, runner: Runner) -> int:
    ages = ages_apart(features)
    if ages > _MANY_AGES and not isinstance(runner, LiveRunner):
        oldest = runner.to_arrow(rows.aggregate(oldest=rows.age.max()))["oldest"][0].as_py()
        ages = min(ages, 1 + max(0, oldest or 0))
    return ages


def _together(feature: Feature, rows: ir.Table, today: int) -> ir.Value:
    column = rows[feature.name]
    if feature.how is How.CAPPED:
        return (_window(feature, rows, today) * _span(feature) + column).collect()
    return column.max() if feature.how in (How.LATEST, How.SEEN) else column.sum().cast("int64")


def _window(feature: Feature, rows: ir.Table, today: int) -> ir.IntegerValue:
    """How many windows ago, 0 for that of today."""
    days = _cap(feature).per_days
    shift = _DAYS_TO_MONDAY if days == 7 else 0
    window: ir.IntegerValue = window_of(today, days) - (today + shift - rows.age) // days
    return window


def _span(feature: Feature) -> int:
    """More than an occurrence can give, so that window x span + micro-points is one sortable number."""
    return abs(micro(feature.terms[0].points)) + 1


@ibis.udf.scalar.builtin(name="rapport_first_of_windows", signature=(("array<int64>", "int64", "int64"), "int64"))
def _first_of_windows(ordered: list[int], times: int, span: int) -> int:  # type: ignore[empty-body]
    """The sum of the first `times` of each window; DuckDB macro and Spark function are made by each runner.

    ordered: window x span + micro-points, ascending. The earliest days count first, and the older an
    occurrence, the fewer points are left of it: so the smallest of a window count, and one counts unless
    the one `times` places before it is of the same window. 0 for no list.
    """


def _cap(feature: Feature) -> AtMost:
    if feature.at_most is None:
        raise InternalError("A capped feature without at_most.", received=feature.name)
    return feature.at_most
