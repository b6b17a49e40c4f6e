"""Stays of deals in stages, those that go on among them: how old they are, and when half of them are over."""

from __future__ import annotations

import math
from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from rapport.engine.metrics.reading import Reading, elapsed, moment, plain
from rapport.engine.metrics.relation import Dating, Relation
from rapport.engine.metrics.relations.stage_visits import VISIT_DIMENSIONS, every_visit

_LOG_HALF = math.log(0.5) + 1e-12  # a hair above, for sums of logarithms
_LOG_NOTHING = -1e9


def _stays(reading: Reading) -> ir.Table:
    """One row per visit to a stage: entered_at, over_at (left, or the deal closed; null while it lasts).

    What begins when the deal is closed, as a stage named "won", is no stay.
    """
    visits = every_visit(reading)
    deals = reading.lookup("deals", ["status", "closed_at"])
    closed = deals.filter(deals.status.isin(["won", "lost"])).select(_deal="id", _closed="closed_at")
    joined = plain(visits.left_join(closed, [("deal_id", "_deal")]).drop("_deal"))
    after = joined.left_at.isnull() & (joined._closed <= joined.entered_at).fill_null(False)
    kept = joined.filter(~after & joined.entered_at.notnull())
    return kept.mutate(over_at=ibis.coalesce(kept.left_at, kept._closed)).drop("_closed")


def _standing(reading: Reading) -> ir.Table:
    rows = _stays(reading)
    return rows.mutate(from_at=rows.entered_at, to_at=rows.over_at)


def _aged(rows: ir.Table, dimensions: Sequence[str]) -> ir.Table:
    """The age of each stay at the end of the period."""
    del dimensions
    return rows.mutate(age_days=elapsed(rows.from_at, rows.stands_at, unit="days"))


def _entered(reading: Reading) -> ir.Table:
    """One row per stay by its beginning: at, days so far, matured (it is over)."""
    rows = _stays(reading)
    until = ibis.coalesce(rows.over_at, moment(reading.view.at))
    rows = rows.mutate(
        at=rows.entered_at, matured=rows.over_at.notnull(), days=elapsed(rows.entered_at, until, unit="days")
    )
    return rows.filter(rows.days >= 0)


def _survival(rows: ir.Table, dimensions: Sequence[str]) -> ir.Table:
    """`rows` with `past_half`: it is over, and by its length the Kaplan-Meier curve had fallen to 1/2 or below.

    S(t) is the product over lengths u <= t of 1 - ended at u / stays that lasted u or longer, within
    a period and group. Stays that go on count as long as they have lasted.
    """
    keys = ["period", *dimensions]
    counted = rows.mutate(
        _lasting=rows.count().over(ibis.window(group_by=keys, order_by=rows.days.desc(), range=(None, 0))),
        _ended=rows.matured.cast("int64").sum().over(ibis.window(group_by=[*keys, "days"])),
        _one=ibis.row_number().over(ibis.window(group_by=[*keys, "days"], order_by=rows.id)),
    )
    left = 1 - counted._ended.cast("float64") / counted._lasting.cast("float64")
    fall = ibis.ifelse(left > 0, ibis.greatest(left, 1e-300).ln(), _LOG_NOTHING)
    stepped = counted.mutate(_fall=ibis.ifelse(counted._one == 0, fall, 0.0))
    log_s = stepped._fall.sum().over(ibis.window(group_by=keys, order_by=stepped.days, range=(None, 0)))
    past = stepped.mutate(past_half=stepped.matured & (log_s <= _LOG_HALF))
    return past.drop("_lasting", "_ended", "_one", "_fall")


_LABELS = ("deal_id", "stage", "entered_at", "over_at")

CURRENT_STAYS = Relation(
    name="current_stage_stays",
    grain="stays in a stage",
    table="deal_stage_visits",
    needs=("deals",),
    needs_any=("deal_stage_visits", "attribute_history"),
    rows=_standing,
    dating=Dating.STANDING,
    dimensions=VISIT_DIMENSIONS,
    labels=_LABELS,
    fold=_aged,
)
BEGUN_STAYS = Relation(
    name="begun_stage_stays",
    grain="stays in a stage",
    table="deal_stage_visits",
    needs=("deals",),
    needs_any=("deal_stage_visits", "attribute_history"),
    rows=_entered,
    dimensions=VISIT_DIMENSIONS,
    labels=_LABELS,
    fold=_survival,
)
