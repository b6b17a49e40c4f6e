"""When each contact is best reached: its own most active hour of the week, as far as it is known, else its segment's.

    share of hour h = (its interactions in h + k x share of the segment in h) / (its interactions + k)

and a segment's share likewise from that of all contacts. The hour with the largest share is the best; ties go
to the earlier one. Source: a Dirichlet prior worth k interactions.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions.frame import subject_frame
from rapport.engine.crm.events import ANY, events
from rapport.engine.crm.local_day import local_time
from rapport.engine.runner import Runner
from rapport.engine.scores.bands import MICRO
from rapport.engine.scores.next_purchase.spec import BestTime, NextPurchaseDefinition

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HOURS = 24 * len(DAYS)
EVERYONE = ""


def hour_label(hour: int) -> str:
    """`Tue 10:00`; hour 0 begins on Monday at midnight."""
    return f"{DAYS[hour // 24]} {hour % 24:02}:00"


def learn_hours(definition: NextPurchaseDefinition, view: AsOf, *, runner: Runner) -> dict[str, list[int]] | None:
    """Shares of the hours of the week in millionths by segment, `EVERYONE` for all; None where nothing is known."""
    asked = definition.best_time
    if asked is None or not view.has("interactions"):
        return None
    rows = _with_segment(_active(definition, asked, view), asked, view, definition)
    found = runner.to_arrow(rows.group_by("segment", "hour").aggregate(n=rows.count())).to_pylist()
    counts: dict[str, np.ndarray[Any, np.dtype[np.float64]]] = {}
    for row in found:
        for segment in {row["segment"], EVERYONE}:
            counts.setdefault(segment, np.zeros(HOURS))[row["hour"]] += row["n"]
    if EVERYONE not in counts:
        return None
    everyone = counts[EVERYONE] / counts[EVERYONE].sum()
    k = float(asked.shrinkage)
    shares = {segment: (n + k * everyone) / (n.sum() + k) for segment, n in counts.items()}
    return {segment: np.rint(share * MICRO).astype(int).tolist() for segment, share in sorted(shares.items())}


def with_best_time(
    rows: ir.Table,
    definition: NextPurchaseDefinition,
    view: AsOf,
    hours: dict[str, list[int]] | None,
    *,
    runner: Runner,
    subjects: ir.Table | None,
) -> ir.Table:
    """`rows` (subject_id) with `best_time`, in the local time of the company; null where nothing is known."""
    asked = definition.best_time
    if asked is None or not hours:
        return rows.mutate(best_time=ibis.null("string"))
    prior = runner.from_arrow(_prior(hours, asked.shrinkage))
    contacts = rows.select("subject_id").mutate(hour=ibis.literal(None, type="int64"))
    known = _with_segment(contacts, asked, view, definition).select("subject_id", "segment")
    known = known.mutate(segment=ibis.ifelse(known.segment.isin(list(hours)), known.segment, EVERYONE))
    known = runner.cache(known)
    active = _active(definition, asked, view)
    if subjects is not None:
        active = active.semi_join(subjects, active.subject_id == subjects.subject_id)
    own = active.group_by(_who="subject_id", _hour="hour").aggregate(n=lambda t: t.count())
    own = own.join(known, [("_who", "subject_id")]).mutate()
    own = own.join(prior, [("segment", "_segment"), ("_hour", "hour")]).mutate()
    own = own.select(subject_id="_who", hour="_hour", weight=own.n.cast("int64") * MICRO + own.weight)
    top = known.join(prior.filter(prior.is_top), [("segment", "_segment")]).mutate()
    both = own.union(top.select("subject_id", "hour", "weight"))
    place = ibis.row_number().over(group_by=both.subject_id, order_by=[both.weight.desc(), both.hour])
    best = both.mutate(place=place)
    best = best.filter(best.place == 0).select("subject_id", "hour")
    label = runner.from_arrow(pa.table({"_hour": pa.array(range(HOURS), pa.int64()), "best_time": _LABELS}))
    best = best.join(label, [("hour", "_hour")]).select(_who="subject_id", best_time="best_time")
    return rows.left_join(best, [("subject_id", "_who")]).mutate().drop("_who")


_LABELS = pa.array([hour_label(hour) for hour in range(HOURS)], pa.string())


def _active(definition: NextPurchaseDefinition, asked: BestTime, view: AsOf) -> ir.Table:
    """One row per interaction that was not ours: subject_id, hour (of the local week, Monday first)."""
    rows = events(view, ANY, needed_by=f"the score {definition.name}")
    since = ibis.literal(view.at - timedelta(days=asked.within_days), type="timestamp('UTC', 6)")
    rows = rows.filter(rows.occurred_at > since)
    wall = local_time(rows.occurred_at, definition.time_zone or view.snapshot.time_zone)
    hour = wall.day_of_week.index().cast("int64") * 24 + wall.hour().cast("int64")
    return rows.select("subject_id", hour=hour)


def _with_segment(rows: ir.Table, asked: BestTime, view: AsOf, definition: NextPurchaseDefinition) -> ir.Table:
    """`rows` (subject_id, hour) with `segment`, EVERYONE where it is not known."""
    if asked.segment is None:
        return rows.mutate(segment=ibis.literal(EVERYONE))
    frame = subject_frame(view, "contact", [asked.segment], needed_by=f"the score {definition.name}")
    found = frame.rows.select(_who="subject_id", segment=frame.columns[asked.segment])
    joined = rows.left_join(found, [("subject_id", "_who")]).mutate()
    return joined.mutate(segment=joined.segment.fill_null(EVERYONE)).drop("_who")


def _prior(hours: dict[str, list[int]], shrinkage: int) -> pa.Table:
    """_segment, hour, weight (k x share, in millionths of an interaction), is_top (the segment's best hour)."""
    rows = [
        {"_segment": segment, "hour": hour, "weight": shrinkage * share, "is_top": hour == int(np.argmax(shares))}
        for segment, shares in hours.items()
        for hour, share in enumerate(shares)
    ]
    schema = pa.schema([("_segment", pa.string()), ("hour", _INT), ("weight", _INT), ("is_top", pa.bool_())])
    return pa.Table.from_pylist(rows, schema=schema)


_INT = pa.int64()
