"""Reading the book of deals from a snapshot, as known at an instant: no hindsight."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.exchange import in_base_currency
from rapport.engine.errors import DataError
from rapport.engine.forecasting.pipeline.book import Book, Flags, Floats, Texts, Visits, Whole, in_days
from rapport.engine.runner import Runner

NEEDED_BY = "the pipeline forecast"
MOST_STATES = 16
OTHER = "other stages"
_COLUMNS = ("created_at", "recorded_at", "closed_at", "status", "stage", "pipeline", "amount", "currency", "owner_id")
_FURTHER = ("forecast_category", "expected_close_date")
_STOOD_IN = ("owner_id", "pipeline", "currency")
_DAY_US = 86_400_000_000


class StandIns(StrEnum):
    """Where a value was first recorded after the view's instant, as an import leaves it, whether that first value
    stands in: never; for whose and which pipeline a deal is, and for amounts of deals closed by then (what a backtest
    may know); or for amounts of open deals too (what a comparison with an earlier day wants)."""

    NONE = "none"
    CLOSED = "closed"
    ALL = "all"


def read_book(view: AsOf, *, runner: Runner, stand_ins: StandIns = StandIns.NONE) -> Book:
    """The company's deals and their stage visits as known at the view's instant; two queries.

    Deals closed later are open. Without stage history (neither `deal_stage_visits` nor recorded changes of
    `deal.stage`) all deals of a pipeline share one state.
    Raises: MissingTable without deals; DataError where none has begun by then.
    """
    deals = runner.to_arrow(_deals(view, stand_ins))
    if not len(deals):
        raise DataError("There is no deal to forecast from.", where=NEEDED_BY, next_step="Import deals.")
    visits = _stays(view, runner)
    return _book(deals, visits, in_days(view.at))


def _deals(view: AsOf, stand_ins: StandIns) -> ir.Table:
    """One row per deal: id, began, closed_at, status (open where the close came later), amount and what it says."""
    rows = view.table("deals", needed_by=NEEDED_BY, columns=[*_COLUMNS, *_FURTHER])
    if not view.has("attribute_history"):
        rows = _without_later_closes(rows, view)
    elif stand_ins is not StandIns.NONE:
        rows = _with_first_values(rows, view, stand_ins)
    began = ibis.coalesce(rows.created_at, rows.recorded_at)
    dated = rows.mutate(
        began=ibis.least(began, ibis.coalesce(rows.closed_at, began)),
        rated_at=ibis.coalesce(rows.closed_at, ibis.literal(view.at, type="timestamp('UTC', 6)")),
    )
    dated = dated.filter(dated.began.notnull())
    return in_base_currency(dated, view, dated_by="rated_at", needed_by=NEEDED_BY).order_by("began", "id")


def _without_later_closes(rows: ir.Table, view: AsOf) -> ir.Table:
    """Without history a row says how the deal ended: a close that came later had not happened yet, and the amount
    may be the one of that close, so that it was not known either."""
    given = view.snapshot.table("deals", needed_by=NEEDED_BY)
    if "closed_at" not in given.columns:
        return rows
    later = given.filter(given.closed_at > ibis.literal(view.at, type="timestamp('UTC', 6)")).select(_later=given.id)
    joined = rows.left_join(later, [("id", "_later")])
    closes_later = joined["_later"].notnull()
    then = {"status": "open", "amount": ibis.null(joined.amount.type())}
    told = {name: ibis.ifelse(closes_later, value, joined[name]) for name, value in then.items()}
    return joined.mutate(**told).drop("_later")


def _with_first_values(rows: ir.Table, view: AsOf, stand_ins: StandIns) -> ir.Table:
    """Values not recorded by then are the first ones recorded later."""
    entries = view.snapshot.table("attribute_history", needed_by=NEEDED_BY)
    names = [*_STOOD_IN, "amount"]
    told = entries.filter((entries.entity == "deal") & entries.attribute.isin(names) & entries.value.notnull())
    order = [told.valid_from, told.recorded_at, told.id]
    rank = ibis.row_number().over(group_by=[told.entity_id, told.attribute], order_by=order)
    first = told.mutate(_rank=rank).filter(lambda t: t["_rank"] == 0)
    wide = first.group_by(_deal=first.entity_id).aggregate(
        **{f"first_{name}": first.value.max(where=first.attribute == name) for name in names}
    )
    joined = rows.left_join(wide, [("id", "_deal")])
    known = {name: ibis.coalesce(joined[name], joined[f"first_{name}"]) for name in _STOOD_IN}
    later = joined.first_amount.cast(rows.amount.type())
    if stand_ins is StandIns.CLOSED:
        later = ibis.ifelse(joined.closed_at.notnull(), later, ibis.null(rows.amount.type()))
    known["amount"] = ibis.coalesce(joined.amount, later)
    return joined.mutate(**known).drop("_deal", *(f"first_{name}" for name in names))


def _stays(view: AsOf, runner: Runner) -> pa.Table | None:
    """deal_id, stage, entered_at by deal and time; None where no history is kept."""
    if view.has("deal_stage_visits"):
        rows = view.table("deal_stage_visits", needed_by=NEEDED_BY, columns=["deal_id", "stage", "entered_at"])
    elif view.has("attribute_history"):
        rows = _stages_recorded(view)
    else:
        return None
    told = rows.filter(rows.stage.notnull() & rows.entered_at.notnull())
    found = runner.to_arrow(told.select("deal_id", "stage", "entered_at").order_by("deal_id", "entered_at", "stage"))
    return found if len(found) else None


def _stages_recorded(view: AsOf) -> ir.Table:
    """The values of `deal.stage` known by now: deal_id, stage, entered_at; of two for one instant the newest."""
    entries = view.snapshot.table("attribute_history", needed_by=NEEDED_BY)
    now = ibis.literal(view.at, type="timestamp('UTC', 6)")
    known = entries.filter(
        (entries.entity == "deal")
        & (entries.attribute == "stage")
        & (entries.valid_from <= now)
        & (ibis.coalesce(entries.recorded_at, entries.valid_from) <= now)
    )
    order = [known.recorded_at.desc(), known.id.desc()]
    rank = ibis.row_number().over(group_by=[known.entity_id, known.valid_from], order_by=order)
    newest = known.mutate(_rank=rank).filter(lambda t: t["_rank"] == 0)
    return newest.select(deal_id=newest.entity_id, stage=newest.value, entered_at=newest.valid_from)


def _book(deals: pa.Table, stays: pa.Table | None, at: float) -> Book:
    ids, pipeline, stage = _texts(deals["id"]), _texts(deals["pipeline"]), _texts(deals["stage"])
    status = _texts(deals["status"])
    created, closed = _days(deals["began"]), _days(deals["closed_at"])
    done = np.isin(status.astype(str), ("won", "lost"))
    undated = done & np.isnan(closed)
    closed = np.where(done, closed, np.nan)
    kept = ~undated
    found = _Places(ids, created, closed, pipeline, stage, kept=kept, at=at)
    states, visits, state, entry = found.visits(stays)
    closes = closed[kept & ~np.isnan(closed)]
    amount = deals["amount"].cast(pa.float64()).to_numpy(zero_copy_only=False).astype(float)
    return Book(
        at=at,
        ids=ids[kept],
        created=created[kept],
        closed=closed[kept],
        won=(status == "won")[kept],
        amount=amount[kept],
        state=state,
        entry=entry,
        owner=_texts(deals["owner_id"])[kept],
        pipeline=pipeline[kept],
        stage=found.stage,
        category=_texts(deals["forecast_category"])[kept],
        due=_dates(deals["expected_close_date"])[kept],
        states=states,
        visits=visits,
        observed_from=float(np.floor(closes.min())) if len(closes) else at,
        has_stages=stays is not None,
        amounts_missing=int(pc.sum(deals["amount_missing"].cast(pa.int64())).as_py() or 0),
        amounts_unconverted=int(pc.sum(deals["amount_unconverted"].cast(pa.int64())).as_py() or 0),
        closes_undated=int(undated.sum()),
    )


class _Places:
    """Gives stages their places, and deals their visits."""

    def __init__(
        self, ids: Texts, created: Floats, closed: Floats, pipeline: Texts, stage: Texts, *, kept: Flags, at: float
    ) -> None:
        self.ids, self.created, self.closed = ids[kept], created[kept], closed[kept]
        self.pipeline, self.at = pipeline[kept], at
        self.stage = stage[kept]  # of deals with visits: that of the last one

    def visits(self, stays: pa.Table | None) -> tuple[tuple[str, ...], Visits, Whole, Whole]:
        """States, visits of every deal from its beginning to its close or now, the last and the first state."""
        end = np.where(np.isnan(self.closed), self.at, self.closed)
        if stays is None:
            return self._one_each(end)
        deal, names, entered = self._matched(stays, end)
        states, place = _states(_named(self.pipeline[deal], names))
        first, last = np.ones(len(deal), bool), np.ones(len(deal), bool)
        first[1:] = last[:-1] = deal[1:] != deal[:-1]
        entered = np.where(first, self.created[deal], entered)
        left = np.where(last, end[deal], np.append(entered[1:], 0.0))
        state, entry = np.zeros(len(self.ids), np.int64), np.zeros(len(self.ids), np.int64)
        state[deal[last]], entry[deal[first]] = place[last], place[first]
        self.stage[deal[last]] = names[last]
        visits = Visits(deal=deal, state=place, entered=entered, left=np.maximum(left, entered))
        return states, visits, state, entry

    def _one_each(self, end: Floats) -> tuple[tuple[str, ...], Visits, Whole, Whole]:
        states, place = _states(_named(self.pipeline, np.full(len(self.ids), "", object)))
        deal = np.arange(len(self.ids))
        return states, Visits(deal=deal, state=place, entered=self.created, left=end), place, place

    def _matched(self, stays: pa.Table, end: Floats) -> tuple[Whole, Texts, Floats]:
        """Stays with their deal's place, by deal and time; a deal without any has one, in the stage it is in."""
        order = np.argsort(self.ids.astype(str), kind="stable")
        known = self.ids.astype(str)[order]
        asked = _texts(stays["deal_id"]).astype(str)
        spot = np.minimum(np.searchsorted(known, asked), len(known) - 1)
        there = known[spot] == asked
        deal, entered = order[spot[there]], _days(stays["entered_at"])[there]
        stage = _texts(stays["stage"])[there]
        early = entered <= end[deal]
        deal, entered, stage = deal[early], entered[early], stage[early]
        without = np.setdiff1d(np.arange(len(self.ids)), deal)
        deal = np.concatenate([deal, without])
        entered = np.concatenate([entered, self.created[without]])
        stage = np.concatenate([stage, self.stage[without]])
        by_time = np.lexsort((entered, deal))
        return deal[by_time], stage[by_time], entered[by_time]


def _named(pipeline: Texts, stage: Texts) -> Texts:
    several = len({name for name in pipeline if name}) > 1
    named = [f"{p or ''}: {s or ''}" if several else s or "" for p, s in zip(pipeline, stage, strict=True)]
    return np.array(named, dtype=object)


def _states(names: Texts) -> tuple[tuple[str, ...], Whole]:
    """The commonest names, the rest taken together; and each entry's place."""
    counted = Counter(names.tolist())
    common = sorted(counted, key=lambda name: (-counted[name], name))
    if len(common) > MOST_STATES:
        common = [*common[: MOST_STATES - 1], OTHER]
    places = {name: i for i, name in enumerate(common)}
    rest = len(common) - 1
    return tuple(common), np.array([places.get(name, rest) for name in names], dtype=np.int64)


def _texts(column: Any) -> Texts:
    return np.array(column.to_pylist(), dtype=object)


def _days(column: Any) -> Floats:
    moments = column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).cast(pa.float64())
    return np.asarray(moments.to_numpy(zero_copy_only=False), dtype=float) / _DAY_US


def _dates(column: Any) -> Floats:
    days = column.cast(pa.date32()).cast(pa.int32()).cast(pa.float64())
    return np.asarray(days.to_numpy(zero_copy_only=False), dtype=float)


def teams_of(view: AsOf, owners: Sequence[str], *, runner: Runner) -> dict[str, str]:
    """The team of each owner, where it is known."""
    if not view.has("users") or not owners:
        return {}
    users = view.table("users", needed_by=NEEDED_BY, columns=["team_id"])
    rows = runner.to_arrow(users.filter(users.id.isin(list(owners)))).to_pylist()
    return {row["id"]: row["team_id"] for row in rows if row["team_id"]}
