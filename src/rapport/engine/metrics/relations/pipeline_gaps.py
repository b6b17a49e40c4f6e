"""What is still to be won for a goal, and the open deals that could win it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.local_day import local_day_of
from rapport.engine.errors import EngineCannot
from rapport.engine.metrics.aggregates import MONEY_SUM
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Dating, Relation, column
from rapport.engine.metrics.relations.deals import closed_deals, open_deals
from rapport.engine.metrics.windows import Window

GOAL_METRIC = "bookings"  # setting `coverage_goal_metric`
_PARTS = {"owner": "owner_id", "pipeline": "pipeline"}  # by which a goal may be for a part, and its column
_STAMP = pa.timestamp("us", tz="UTC")
_COLUMNS = (
    *("id", "at", "period", "record", "owner_id", "pipeline", "open_amount", "gap_amount", "target", "is_goal"),
    *("amount_missing", "amount_unconverted"),
)
_LAST_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class _Goal:
    """A target for bookings between two instants, of everything or of the part that `part` names."""

    id: str
    target: float
    starts_at: datetime
    due_at: datetime
    part: Mapping[str, str]

    def holds_at(self, stand: datetime) -> bool:
        return self.starts_at <= stand < self.due_at


def _gaps(reading: Reading) -> ir.Table:
    """One row per goal, per open deal that should close in its time, and per deal won in it, by period.

    Columns: open_amount (of open deals), gap_amount (the target, less what was won), target, is_goal,
    owner_id and pipeline. The goal is the one in force when the period ends; of several the shortest.
    """
    wanted = tuple(name for name, column_ in _PARTS.items() if reading.wants(column_))
    known = _goals(reading)
    chosen = [(w, goal) for w in reading.windows for goal in _in_force(known, w, wanted)]
    goals = _as_table(chosen, reading.time_zone)
    amounts = frozenset({"amount", "in_pipeline", "expected_close_date", "owner_id", "pipeline"})
    asked = replace(reading, wanted=amounts)
    return ibis.union(_of_goals(goals), _of_open(open_deals(asked), goals), _of_won(closed_deals(asked), goals))


def _goals(reading: Reading) -> list[_Goal]:
    if reading.runner is None:
        raise EngineCannot("Pipeline coverage needs a runner to read the goals.", where=reading.needed_by)
    metric = str(reading.setting("coverage_goal_metric", GOAL_METRIC))
    rows = reading.lookup("goals", ["metric", "filters", "target", "starts_at", "due_at"])
    told = reading.runner.to_arrow(rows.filter((rows.metric == metric) & rows.target.notnull())).to_pylist()
    read = (_goal(row) for row in told if row["starts_at"] is not None and row["due_at"] is not None)
    return [goal for goal in read if goal is not None]


def _goal(row: Mapping[str, object]) -> _Goal | None:
    """None where the goal is for a part that coverage cannot be split by."""
    filters = json.loads(str(row["filters"])) if row["filters"] else {}
    part = {name: _single(value) for name, value in filters.items()} if isinstance(filters, dict) else {"": None}
    if not set(part) <= set(_PARTS) or None in part.values():
        return None
    starts_at, due_at = row["starts_at"], row["due_at"]
    assert isinstance(starts_at, datetime)
    assert isinstance(due_at, datetime)
    return _Goal(
        id=str(row["id"]),
        target=float(str(row["target"])),
        starts_at=starts_at,
        due_at=due_at,
        part={name: value for name, value in part.items() if value is not None},
    )


def _single(value: object) -> str | None:
    """`u1` and `["u1"]` name one value; several are no part of their own."""
    values = value if isinstance(value, list) else [value]
    return str(values[0]) if len(values) == 1 and values[0] is not None else None


def _in_force(goals: Iterable[_Goal], window: Window, wanted: Sequence[str]) -> list[_Goal]:
    """One goal for each part asked for: the shortest in force. Where none is for everything, those of the owners."""
    held = [goal for goal in goals if goal.holds_at(window.stand)]
    fitting = [goal for goal in held if set(goal.part) == set(wanted)]
    if not wanted and not fitting:
        fitting = [goal for goal in held if set(goal.part) == {"owner"}]
    shortest: dict[tuple[str, ...], _Goal] = {}
    for goal in sorted(fitting, key=lambda g: (g.due_at - g.starts_at, g.id)):
        shortest.setdefault(tuple(goal.part[name] for name in sorted(goal.part)), goal)
    return list(shortest.values())


def _as_table(chosen: Sequence[tuple[Window, _Goal]], zone: str) -> ir.Table:
    def days(at: datetime) -> date:
        return local_day_of(at, zone)

    columns = {
        "period": pa.array([window.number for window, _ in chosen], pa.int64()),
        "until": pa.array([window.stand for window, _ in chosen], _STAMP),
        "goal_id": pa.array([goal.id for _, goal in chosen], pa.string()),
        "goal_target": pa.array([goal.target for _, goal in chosen], pa.float64()),
        "starts_at": pa.array([goal.starts_at for _, goal in chosen], _STAMP),
        "due_at": pa.array([goal.due_at for _, goal in chosen], _STAMP),
        "first_day": pa.array([days(goal.starts_at) for _, goal in chosen], pa.date32()),
        "last_day": pa.array([days(goal.due_at - _LAST_MOMENT) for _, goal in chosen], pa.date32()),
    }
    for name, column_ in _PARTS.items():
        columns[f"goal_{column_}"] = pa.array([goal.part.get(name) for _, goal in chosen], pa.string())
    return ibis.memtable(pa.table(columns))


def _of_goals(goals: ir.Table) -> ir.Table:
    target = goals.goal_target.cast(MONEY_SUM)
    rows = goals.mutate(
        id=goals.goal_id,
        at=goals.starts_at,
        record=ibis.literal("goals"),
        owner_id=goals.goal_owner_id,
        pipeline=goals.goal_pipeline,
        open_amount=_nothing(),
        gap_amount=target,
        target=target,
        is_goal=ibis.literal(value=True),
        amount_missing=ibis.literal(value=False),
        amount_unconverted=ibis.literal(value=False),
    )
    return rows.select(*_COLUMNS)


def _of_open(deals: ir.Table, goals: ir.Table) -> ir.Table:
    """Open deals that should close between the goal's first and last day."""
    kept = plain(deals.filter(deals.in_pipeline)).drop("stands_at", "to_at")
    met = kept.join(goals.rename(_period="period"), [("period", "_period")])
    due = (met.expected_close_date >= met.first_day) & (met.expected_close_date <= met.last_day)
    return _of_deals(met.filter(due & _meant(met)).mutate(at=lambda t: t.from_at), "amount", None)


def _of_won(closed: ir.Table, goals: ir.Table) -> ir.Table:
    """Deals won since the goal began, before the end of the period, or now."""
    met = plain(closed.filter(closed.won)).cross_join(goals)
    return _of_deals(met.filter((met["at"] >= met.starts_at) & (met["at"] < met.until) & _meant(met)), None, "amount")


def _meant(rows: ir.Table) -> ir.BooleanValue:
    """Whether the goal is for everything, or for the part to which the deal belongs."""
    same = [rows[f"goal_{name}"].isnull() | (rows[name] == rows[f"goal_{name}"]) for name in _PARTS.values()]
    return ibis.and_(*(fits.fill_null(False) for fits in same))


def _of_deals(rows: ir.Table, open_: str | None, won: str | None) -> ir.Table:
    told = rows.mutate(
        record=ibis.literal("deals"),
        open_amount=rows[open_].cast(MONEY_SUM) if open_ else _nothing(),
        gap_amount=-rows[won].cast(MONEY_SUM) if won else _nothing(),
        target=_nothing(),
        is_goal=ibis.literal(value=False),
    )
    return told.select(*_COLUMNS)


def _nothing() -> ir.Scalar:
    return ibis.null().cast(MONEY_SUM)


PIPELINE_GAPS = Relation(
    name="pipeline_gaps",
    grain="goals and deals",
    table="deals",
    needs=("goals.target", "deals.status", "deals.amount", "deals.closed_at", "deals.expected_close_date"),
    rows=_gaps,
    dating=Dating.PER_PERIOD,
    dimensions={name: column(column_, own_rows=True) for name, column_ in _PARTS.items()},
    labels=("record", "target", "open_amount"),
)
