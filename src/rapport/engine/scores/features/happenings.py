"""What happened with contacts, accounts and deals, in one shape for every table: whose, what, when, how much."""

from __future__ import annotations

from collections.abc import Callable

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.events import by_account, interactions

NEEDED_BY = "a predictive score"
_MONEY = "decimal(38, 4)"
_CHANGES = ("stage", "amount", "expected_close_date", "owner_id", "lifecycle_stage")


def happenings(view: AsOf, table: str, of: str) -> ir.Table | None:
    """One row per happening with a subject of the kind `of`, as of the view; None where no source tells of it.

    Columns: subject_id, w0, w1, w2 (text: what it was, in up to three ways), happened_at, amount (decimal(38,4)).
    """
    rows = _READERS[table](view, of)
    return None if rows is None else rows.filter(rows.subject_id.notnull() & rows.happened_at.notnull())


def _shaped(
    rows: ir.Table,
    *,
    at: ir.TimestampValue,
    what: ir.StringValue,
    more: ir.StringValue | None = None,
    third: ir.StringValue | None = None,
    amount: ir.DecimalValue | None = None,
) -> ir.Table:
    nothing = ibis.null("string")
    return rows.select(
        "subject_id",
        w0=what,
        w1=nothing if more is None else more,
        w2=nothing if third is None else third,
        happened_at=at,
        amount=ibis.null(_MONEY) if amount is None else amount.cast(_MONEY),
    )


def _events(view: AsOf, of: str) -> ir.Table | None:
    """w0 the type, w1 `type[detail]`, w2 the direction."""
    if not view.has("interactions"):
        return None
    columns = ("type", "direction", "url_path", "outcome", "properties.form")
    rows = interactions(view, columns=columns, subject=of, needed_by=NEEDED_BY)
    detail = ibis.cases(
        (rows.type == "page_view", rows.url_path),
        (rows.type == "form_submit", rows["properties.form"]),
        ((rows.type == "call") | (rows.type == "meeting"), rows.outcome),
        else_=ibis.null("string"),
    )
    return _shaped(rows, at=rows.occurred_at, what=rows.type, more=detail, third=rows.direction)


def _deals(view: AsOf, of: str) -> ir.Table | None:
    """w0 open, won or lost; dated by its making while open, else by its close."""
    rows = _rows(view, "deals", of, "status", "closed_at", "created_at", "amount", "currency")
    if rows is None:
        return None
    status = status_then(rows, view)
    at = ibis.ifelse(status == "open", rows.created_at, rows.closed_at)
    return _shaped(rows, at=at, what=status, amount=_own_currency(rows, rows.amount, view))


def status_then(rows: ir.Table, view: AsOf) -> ir.StringValue:
    """open, won or lost as of the view, from status and closed_at. Without a history of changes the status is of
    today, so that a deal counts as open until its close.
    """
    status = rows.status.fill_null("open")
    return status if view.has("attribute_history") else ibis.ifelse(rows.closed_at.isnull(), "open", status)


def _orders(view: AsOf, of: str) -> ir.Table | None:
    rows = _rows(view, "orders", of, "status", "ordered_at", "amount", "currency")
    if rows is None:
        return None
    rows = rows.filter((rows.status != "cancelled").fill_null(True))
    return _shaped(rows, at=rows.ordered_at, what=ibis.literal("placed"), amount=_own_currency(rows, rows.amount, view))


def _cases(view: AsOf, of: str) -> ir.Table | None:
    """w0 opened; w1 unsolved where it is still open; w2 the kind of request."""
    rows = _rows(view, "cases", of, "type", "opened_at", "solved_at", "closed_at")
    if rows is None:
        return None
    pending = ibis.ifelse(rows.solved_at.isnull() & rows.closed_at.isnull(), "unsolved", ibis.null("string"))
    return _shaped(rows, at=rows.opened_at, what=ibis.literal("opened"), more=pending, third=rows.type)


def _campaigns(view: AsOf, of: str) -> ir.Table | None:
    """w0 sent or responded."""
    rows = _rows(view, "campaign_members", of, "sent_at", "responded_at")
    if rows is None:
        return None
    sent = _shaped(rows, at=rows.sent_at, what=ibis.literal("sent"))
    return sent.union(_shaped(rows, at=rows.responded_at, what=ibis.literal("responded")))


def _contracts(view: AsOf, of: str) -> ir.Table | None:
    """w0 running or ended; amount by month."""
    rows = _rows(view, "contracts", of, "started_at", "ended_at", "monthly_amount", "currency")
    if rows is None:
        return None
    ended = rows.ended_at.notnull()
    at = ibis.ifelse(ended, rows.ended_at, rows.started_at)
    amount = _own_currency(rows, rows.monthly_amount, view)
    return _shaped(rows, at=at, what=ibis.ifelse(ended, "ended", "running"), amount=amount)


def _visits(view: AsOf, of: str) -> ir.Table | None:
    """Stages that a deal entered: w0 entered, w1 the stage."""
    if of != "deal" or not view.has("deal_stage_visits"):
        return None
    rows = view.table("deal_stage_visits", needed_by=NEEDED_BY, columns=["deal_id", "stage", "entered_at"])
    rows = rows.mutate(subject_id=rows.deal_id)
    return _shaped(rows, at=rows.entered_at, what=ibis.literal("entered"), more=rows.stage)


def _changes(view: AsOf, of: str) -> ir.Table | None:
    """Values that replaced another: w0 which field, w1 `slipped` where an expected close moved to a later day."""
    if not view.has("attribute_history"):
        return None
    columns = ["entity", "entity_id", "attribute", "value", "valid_from"]
    rows = view.table("attribute_history", needed_by=NEEDED_BY, columns=columns)
    rows = rows.filter((rows.entity == of) & rows.attribute.isin(list(_CHANGES)))
    within = ibis.window(group_by=[rows.entity_id, rows.attribute], order_by=[rows.valid_from, rows.id])
    rows = rows.mutate(subject_id=rows.entity_id, before=rows.value.lag().over(within))
    rows = rows.filter(rows.before.notnull() & (rows.before != rows.value).fill_null(True))
    slipped = (rows.attribute == "expected_close_date") & (rows.value > rows.before)
    return _shaped(
        rows, at=rows.valid_from, what=rows.attribute, more=ibis.ifelse(slipped, "slipped", ibis.null("string"))
    )


def _rows(view: AsOf, table: str, of: str, *columns: str) -> ir.Table | None:
    """Rows of a table with the subject they belong to; None where they belong to none of that kind."""
    if of == "deal" or not view.has(table):
        return None
    keys = ["contact_id"] if table == "campaign_members" else ["contact_id", "account_id"]
    rows = view.table(table, needed_by=NEEDED_BY, columns=list(dict.fromkeys((*keys, *columns))))
    if of == "contact":
        return rows.mutate(subject_id=rows.contact_id)
    return by_account(rows, view, own_first="account_id" in keys, needed_by=NEEDED_BY)


def _own_currency(rows: ir.Table, amount: ir.DecimalValue, view: AsOf) -> ir.DecimalValue:
    """Amounts of other currencies are left out: adding them up would say nothing."""
    return ibis.ifelse((rows.currency == view.snapshot.currency).fill_null(True), amount, ibis.null())


_READERS: dict[str, Callable[[AsOf, str], ir.Table | None]] = {
    "events": _events,
    "deals": _deals,
    "orders": _orders,
    "cases": _cases,
    "campaigns": _campaigns,
    "contracts": _contracts,
    "visits": _visits,
    "changes": _changes,
}
