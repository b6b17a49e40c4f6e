"""Purchase histories: what the models need to know of each customer, as of an instant."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.local_day import local_day, local_day_of
from rapport.engine.scores.lifetime.cohorts import with_cohort
from rapport.engine.scores.lifetime.spec import CustomerDefinition
from rapport.engine.scores.purchases import purchases

TEN_THOUSANDTHS = 10_000
HISTORY = ("subject_id", "cohort", "x", "t_x", "age", "spend_count", "spend", "so_far", "unconverted")


def histories(definition: CustomerDefinition, view: AsOf, *, subjects: ir.Table | None = None) -> ir.Table:
    """One row per customer with a purchase, in local days; purchases of one day are one purchase.

    Columns: subject_id; cohort (text, null without cohorts); x, purchase days after the first; t_x, days from
    first to last; age, days from first to today (T in the literature), or all three in opportunities (BG/BB);
    spend_count, purchase days whose amount is known; spend, their sum, and so_far, the sum of all (int64,
    ten-thousandths of the base currency); unconverted, purchases in a currency without a rate. With
    `spend: repeat` the first day is left out of spend_count and spend.

    Parameters: subjects, only these (subject_id).
    """
    slots, today = _slots_of(definition, view, subjects)
    return with_cohort(_totals(slots, today, definition), definition, view).select(*HISTORY)


def split_histories(definition: CustomerDefinition, view: AsOf, *, days: int) -> ir.Table:
    """Histories as they were `days` ago, with what came after: one row per customer of then.

    Columns: subject_id, x, t_x, age as they were; later, purchase days since. It is read as known now, so that a
    model is judged on the same purchases that it is fitted on.
    """
    slots, today = _slots_of(definition, view, None)
    then = slots.mutate(age=_slot_of(today, slots["first"], 1) - days).filter(lambda t: t.age >= 0)
    before = (then.slot > 0) & (then.slot <= then.age)
    return then.group_by("subject_id").aggregate(
        x=before.cast("int64").sum().cast("int64"),
        t_x=then.slot.max(where=before).fill_null(0).cast("int64"),
        age=then.age.max().cast("int64"),
        later=(then.slot > then.age).cast("int64").sum().cast("int64"),
    )


def _slots_of(definition: CustomerDefinition, view: AsOf, subjects: ir.Table | None) -> tuple[ir.Table, ir.DateScalar]:
    zone = definition.time_zone or view.snapshot.time_zone
    rows = purchases(
        view,
        subject=definition.subject,
        source=definition.purchases,
        monetary=definition.monetary,
        time_zone=zone,
        needed_by=f"the score {definition.name}",
    )
    if subjects is not None:
        asked = subjects.select(_asked=subjects.subject_id).distinct()
        rows = rows.semi_join(asked, rows.subject_id == asked["_asked"])
    today = ibis.literal(local_day_of(view.at, zone))
    return _slots(rows, zone, definition.opportunity_days or 1), today


def _slots(rows: ir.Table, time_zone: str, length: int) -> ir.Table:
    """One row per customer and slot with a purchase; a slot is a day, or an opportunity of `length` days.

    Columns: subject_id, first (day), slot (0 is that of the first purchase), amount (ten-thousandths), unconverted.
    """
    unit = ibis.literal(TEN_THOUSANDTHS, type="int64")
    amount = (rows.amount.cast("decimal(38, 4)") * unit).cast("int64")
    dated = rows.select(
        "subject_id", day=local_day(rows.purchased_at, time_zone), amount=amount, unconverted=rows.unconverted
    )
    dated = dated.mutate(first=dated.day.min().over(group_by=dated.subject_id))
    dated = dated.mutate(slot=_slot_of(dated.day, dated["first"], length))
    return dated.group_by("subject_id", "first", "slot").aggregate(
        amount=dated.amount.sum(), unconverted=dated.unconverted.cast("int64").sum()
    )


def _totals(slots: ir.Table, today: ir.DateScalar, definition: CustomerDefinition) -> ir.Table:
    length = definition.opportunity_days or 1
    # an opportunity counts once it is over; today, as a day, counts already
    age = (
        _slot_of(today, slots["first"], length) if length == 1 else _slot_of(today, slots["first"], length, ahead=1) - 1
    )
    slots = slots.mutate(age=ibis.greatest(age, 0))
    repeat = (slots.slot > 0) & (slots.slot <= slots.age)
    counted = slots.amount.notnull() & (slots.slot <= slots.age)
    if definition.spend == "repeat":
        counted = counted & repeat
    return slots.group_by("subject_id").aggregate(
        x=repeat.cast("int64").sum().cast("int64"),
        t_x=slots.slot.max(where=repeat).fill_null(0).cast("int64"),
        age=slots.age.max().cast("int64"),
        spend_count=counted.cast("int64").sum().cast("int64"),
        spend=slots.amount.sum(where=counted).fill_null(0).cast("int64"),
        so_far=slots.amount.sum().fill_null(0).cast("int64"),
        unconverted=slots.unconverted.sum().cast("int64"),
    )


def _slot_of(day: ir.DateValue, first: ir.DateValue, length: int, *, ahead: int = 0) -> ir.IntegerValue:
    days = day.delta(first, unit="day").cast("int64") + ahead
    return days if length == 1 else (days / length).floor().cast("int64")
