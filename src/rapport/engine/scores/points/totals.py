"""From features and conditions to the score: criterion, group, subtotal, total, range; in micro-points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import reduce
from operator import add

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.conditions.column_tests import number_test
from rapport.engine.crm.conditions.frame import Frame
from rapport.engine.crm.conditions.grammar import EventMatch, No
from rapport.engine.crm.conditions.subject_conditions import Conditioned
from rapport.engine.crm.local_day import local_day, local_day_of
from rapport.engine.scores.bands import micro
from rapport.engine.scores.points.plan import Plan
from rapport.engine.scores.points.spec import CountPoints, Criterion, Limit, PointsDefinition, ValuePoints

FIT, ENGAGEMENT = "fit", "engagement"


@dataclass(frozen=True)
class Step:
    """One sum that may be limited: `name` holds it after its limit, `limited` what the limit changed.

    Attributes:
        of: the names summed, or empty for a criterion (its expression is in `criteria`).
    """

    name: str
    limit: Limit | None
    of: tuple[str, ...] = ()

    @property
    def limited(self) -> str:
        return f"{self.name}_limited"


def steps(definition: PointsDefinition, plan: Plan) -> tuple[list[Step], list[Step]]:
    """Criteria in the order written, and the sums over them: groups, fit, engagement, total, value."""
    criteria = [
        Step(f"s{position}", criterion.limit)
        for position, (_, criterion) in enumerate(definition.criteria)
        if not plan.is_pooled(criterion)
    ]
    groups = [
        Step(f"g{position}", group.limit, _parts(definition, plan, name))
        for position, (name, group) in enumerate(definition.groups.items())
    ]
    types = [group.type for group in definition.groups.values()]
    subtotals = [
        Step(kind, limit, tuple(g.name for g, of in zip(groups, types, strict=True) if of == kind))
        for kind, limit in ((FIT, definition.limits.fit), (ENGAGEMENT, definition.limits.engagement))
    ]
    total = Step("total", definition.limits.total, (FIT, ENGAGEMENT))
    bounds = Limit(min=definition.range.min, max=definition.range.max)
    return criteria, [*groups, *subtotals, total, Step("micro", bounds, ("total",))]


def _parts(definition: PointsDefinition, plan: Plan, group: str) -> tuple[str, ...]:
    own = [
        f"s{position}"
        for position, (of, criterion) in enumerate(definition.criteria)
        if of == group and not plan.is_pooled(criterion)
    ]
    return (*plan.pools(group), *own)


def with_totals(rows: ir.Table, told: Conditioned, frame: Frame, plan: Plan, view_day: ViewDay) -> ir.Table:
    """`rows` with every step's micro-points (int64, never null) and, in detail, what each limit changed."""
    definition = plan.definition
    criteria, sums = steps(definition, plan)
    written = [c for _, c in definition.criteria if not plan.is_pooled(c)]
    raw: dict[str, ir.Value] = {
        step.name: _criterion(c, position, rows, told, frame, plan, view_day)
        for step, c, position in zip(criteria, written, _positions(definition, plan), strict=True)
    }
    if plan.detail:
        raw |= {
            fired_column(position): told.fires(c.when, rows, lambda part: _no(part, rows, plan, view_day))
            for position, (_, c) in enumerate(definition.criteria)
            if c.when is not None
        }
    rows = rows.mutate(**raw) if raw else rows
    rows = _limited(rows, criteria, plan)
    for level in _levels(sums):
        rows = rows.mutate(**{step.name: _sum(rows, step.of) for step in level})
        rows = _limited(rows, level, plan)
    return rows


def _positions(definition: PointsDefinition, plan: Plan) -> list[int]:
    return [i for i, (_, c) in enumerate(definition.criteria) if not plan.is_pooled(c)]


def _levels(sums: Sequence[Step]) -> list[list[Step]]:
    groups = [s for s in sums if s.name.startswith("g") and s.name[1:].isdigit()]
    subtotals = [s for s in sums if s.name in (FIT, ENGAGEMENT)]
    return [groups, subtotals, *([s] for s in sums if s.name in ("total", "micro"))]


def _sum(rows: ir.Table, names: Sequence[str]) -> ir.IntegerValue:
    return reduce(add, [rows[name] for name in names]) if names else ibis.literal(0, type="int64")


def _limited(rows: ir.Table, level: Sequence[Step], plan: Plan) -> ir.Table:
    """Sums within their limits; in detail also the signed difference."""
    bound = {step: _within(rows[step.name], step.limit) for step in level if step.limit is not None}
    changes = {step.limited: value - rows[step.name] for step, value in bound.items()} if plan.detail else {}
    return rows.mutate(**{step.name: value for step, value in bound.items()}, **changes) if bound else rows


def _within(column: ir.IntegerValue, limit: Limit) -> ir.IntegerValue:
    if limit.min is not None:
        column = ibis.greatest(column, _whole(limit.min))
    return ibis.least(column, _whole(limit.max)) if limit.max is not None else column


def _whole(points: Decimal) -> ir.IntegerScalar:
    return ibis.literal(micro(points), type="int64")


@dataclass(frozen=True)
class ViewDay:
    """How a `no:` condition tells a subject's age."""

    as_of: datetime
    time_zone: str

    def young(self, created_at: ir.TimestampValue, days: int) -> ir.BooleanValue:
        """Whether a subject is younger than `days` local days, or its age is not known."""
        latest = local_day_of(self.as_of, self.time_zone) - timedelta(days=days)
        return ibis.coalesce(local_day(created_at, self.time_zone) > ibis.literal(latest), ibis.literal(True))


def _criterion(
    criterion: Criterion,
    position: int,
    rows: ir.Table,
    told: Conditioned,
    frame: Frame,
    plan: Plan,
    view_day: ViewDay,
) -> ir.IntegerValue:
    points = criterion.points
    if isinstance(points, ValuePoints):
        value = _mapped(points, position, rows, frame)
    elif isinstance(points, CountPoints):
        value = _ranged(points, rows[plan.own(criterion)])
    elif criterion.per is not None and criterion.at_most is None:
        value = rows[plan.own(criterion)]
    elif criterion.event is not None:
        value = rows[plan.own(criterion)] * (1 if points >= 0 else -1)
    else:
        value = _whole(points)
    if criterion.when is None:
        return value
    fires = told.fires(criterion.when, rows, lambda part: _no(part, rows, plan, view_day))
    return ibis.ifelse(fires, value, ibis.literal(0, type="int64"))


def map_column(position: int) -> str:
    """The column in which a text field's map leaves its micro-points."""
    return f"m{position}"


def fired_column(position: int) -> str:
    """In detail: whether a criterion's `when` is true."""
    return f"w{position}"


def _mapped(points: ValuePoints, position: int, rows: ir.Table, frame: Frame) -> ir.IntegerValue:
    """Micro-points by value; 0 where the value is unknown."""
    if map_column(position) in rows.columns:
        return ibis.coalesce(rows[map_column(position)], 0)
    column = rows[frame.columns[points.value]]
    branches = []
    for written, given in points.map.items():
        same = (
            column == ibis.literal(written == "true")
            if column.type().is_boolean()
            else number_test("is", Decimal(written), column)
        )
        branches.append((same, _whole(given)))
    known = ibis.cases(*branches, else_=_whole(points.otherwise))
    return ibis.ifelse(column.isnull(), ibis.literal(0, type="int64"), known)


def _ranged(points: CountPoints, count: ir.IntegerValue) -> ir.IntegerValue:
    branches = []
    for low, high, given in points.ranges:
        inside = count >= low if high is None else (count >= low) & (count <= high)
        branches.append((inside, _whole(given)))
    return ibis.cases(*branches, else_=ibis.literal(0, type="int64"))


def _no(part: No, rows: ir.Table, plan: Plan, view_day: ViewDay) -> ir.BooleanValue:
    nothing = rows[plan.seen(part)] == 0
    match: EventMatch = part.no
    if match.within_days is None:
        return nothing
    young = view_day.young(rows.created_at, match.within_days)
    return ibis.ifelse(young, ibis.null("boolean"), nothing)
