"""What subjects do, as numbers, as known at an instant: one row per subject who did anything in the year before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.conditions.frame import SUBJECT_TABLES
from rapport.engine.crm.events import by_account, interactions
from rapport.engine.crm.tables import TABLES
from rapport.engine.metrics.reading import elapsed, moment, plain
from rapport.engine.runner import Runner
from rapport.engine.scores.purchases import purchases

WINDOW_DAYS = 365
NEEDED_BY = "behaviour"
CHANNEL, ORDERED, FAMILY = "channel:", "ordered:", "family:"
_MOST_PARTS = 6  # channels of orders and families of products that get a share of their own
_BUYING = ("recency", "frequency", "monetary", "basket")
_DECIMAL_DAYS = "days"


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """Attributes:
    rows: subject_id, and a float64 column per name; null where it cannot be told (a share of nothing).
    names: recency (days since the last purchase), frequency, monetary (base currency), basket (mean purchase), in a
        year; tenure (days known); contacts (from them, in a year); service (cases, in a year); `channel:email`, share
        of contacts; `ordered:web`, share of orders; `family:Shoes`, share of order lines.
    """

    rows: ir.Table
    names: tuple[str, ...]


def behaviour(view: AsOf, *, subject: str, runner: Runner, names: Sequence[str] | None = None) -> Behaviour:
    """What contacts or accounts did in the year up to the view's instant.

    Parameters: names, what to measure; None takes all that the data tell, with the largest channels and families.
    What no source tells any more is null. Raises: MissingTable without contacts (accounts).
    """
    wanted = tuple(names) if names is not None else _all_names(view, subject, runner)
    parts = [part for make in _PARTS if (part := make(view, subject, wanted)) is not None]
    people = view.table(SUBJECT_TABLES[subject], needed_by=NEEDED_BY, columns=["created_at"])
    rows = people.select("created_at", id="id")
    for part in parts:
        key = f"_of{len(rows.columns)}"
        rows = plain(rows.left_join(part.rename({key: "subject_id"}), [("id", key)]).drop(key))
    active = [rows[c].fill_null(0) > 0 for c in ("_orders", "_contacts", "_cases") if c in rows.columns]
    if not active:
        return Behaviour(rows=rows.filter(ibis.literal(value=False)).select(subject_id="id"), names=())
    rows = plain(rows.filter(ibis.or_(*active)))
    known = {name: _column(rows, name, view).cast("float64") for name in wanted}
    return Behaviour(rows=rows.select(subject_id="id", **known), names=wanted)


def _column(rows: ir.Table, name: str, view: AsOf) -> ir.Value:
    nothing = ibis.null("float64")
    if name == "tenure":
        first = (
            ibis.least(rows.created_at, ibis.coalesce(rows._first, rows.created_at))
            if "_first" in rows.columns
            else rows.created_at
        )
        return elapsed(first, moment(view.at), unit=_DECIMAL_DAYS)
    if name == "recency":
        return elapsed(rows._last, moment(view.at), unit=_DECIMAL_DAYS) if "_last" in rows.columns else nothing
    counted = {"frequency": "_orders", "contacts": "_contacts", "service": "_cases", "monetary": "_amount"}
    if name in counted:
        return rows[counted[name]].cast("float64").fill_null(0.0) if counted[name] in rows.columns else nothing
    if name == "basket":
        if "_orders" not in rows.columns:
            return nothing
        return rows._amount.cast("float64") / rows._orders.nullif(0).cast("float64")
    if name not in rows.columns:
        return nothing
    whole = {CHANNEL: "_contacts", ORDERED: "_orders", FAMILY: "_lines"}[name[: name.index(":") + 1]]
    return rows[name].cast("float64") / rows[whole].nullif(0).cast("float64")


def _since(view: AsOf) -> ir.TimestampScalar:
    return moment(view.at - timedelta(days=WINDOW_DAYS))


def _bought(view: AsOf, subject: str, names: Sequence[str]) -> ir.Table | None:
    """Purchases: _orders and _amount of the year, _first and _last of all, and orders by channel."""
    if not view.has("orders") or not {*_BUYING, "tenure"} & set(names):
        return None
    zone = view.snapshot.time_zone
    rows = purchases(view, subject=subject, source="orders", monetary="amount", time_zone=zone, needed_by=NEEDED_BY)
    recent = rows.purchased_at > _since(view)
    return rows.group_by("subject_id").aggregate(
        _orders=recent.sum(),
        _amount=rows.amount.sum(where=recent).cast("float64"),
        _first=rows.purchased_at.min(),
        _last=rows.purchased_at.max(),
    )


def _ordered(view: AsOf, subject: str, names: Sequence[str]) -> ir.Table | None:
    """Orders of the year by channel."""
    channels = [name for name in names if name.startswith(ORDERED)]
    if not channels or not view.has("orders"):
        return None
    rows = _orders(view, subject)
    return _counts(rows, rows.channel, channels)


def _lines(view: AsOf, subject: str, names: Sequence[str]) -> ir.Table | None:
    """Lines of the orders of the year: _lines, and those of each product family."""
    families = [name for name in names if name.startswith(FAMILY)]
    if not families or not all(map(view.has, ("orders", "order_lines", "products"))):
        return None
    rows = _lines_with_family(view, subject)
    return _counts(rows, rows.family, families, whole="_lines")


def _touched(view: AsOf, subject: str, names: Sequence[str]) -> ir.Table | None:
    """What came from them in the year: _contacts, and those of each channel."""
    if not view.has("interactions"):
        return None
    rows = _contacts(view, subject)
    return _counts(rows, rows.channel, [name for name in names if name.startswith(CHANNEL)], whole="_contacts")


def _served(view: AsOf, subject: str, names: Sequence[str]) -> ir.Table | None:
    """Cases opened in the year, spam left out: _cases."""
    if not view.has("cases"):
        return None
    rows = view.table("cases", needed_by=NEEDED_BY, columns=["contact_id", "account_id", "opened_at", "is_spam"])
    rows = rows.filter((rows.opened_at > _since(view)) & ~rows.is_spam.fill_null(False))
    rows = _with_subject(rows, view, subject)
    return rows.group_by("subject_id").aggregate(_cases=rows.count())


_PARTS: tuple[Callable[[AsOf, str, Sequence[str]], ir.Table | None], ...] = (
    *(_bought, _ordered, _lines, _touched, _served),
)


def _counts(rows: ir.Table, what: ir.Value, names: Sequence[str], *, whole: str = "") -> ir.Table:
    counted = {name: (what == name.partition(":")[2]).fill_null(False).sum() for name in names}
    return rows.group_by("subject_id").aggregate(**({whole: rows.count()} if whole else {}), **counted)


def _orders(view: AsOf, subject: str) -> ir.Table:
    columns = ["contact_id", "account_id", "ordered_at", "status", "channel"]
    rows = view.table("orders", needed_by=NEEDED_BY, columns=columns)
    rows = rows.filter((rows.ordered_at > _since(view)) & (rows.status != "cancelled").fill_null(True))
    return _with_subject(rows, view, subject)


def _lines_with_family(view: AsOf, subject: str) -> ir.Table:
    orders = plain(_orders(view, subject)).select("subject_id", _order="id")
    lines = view.table("order_lines", needed_by=NEEDED_BY, columns=["order_id", "product_id"])
    products = view.table("products", needed_by=NEEDED_BY, columns=["family"]).select("family", _product="id")
    joined = plain(lines.inner_join(orders, [("order_id", "_order")]))
    return plain(joined.left_join(products, [("product_id", "_product")]))


def _contacts(view: AsOf, subject: str) -> ir.Table:
    rows = interactions(view, columns=("channel",), subject=subject, needed_by=NEEDED_BY)
    return rows.filter((rows.occurred_at > _since(view)) & (rows.direction != "outbound").fill_null(True))


def _with_subject(rows: ir.Table, view: AsOf, subject: str) -> ir.Table:
    if subject == "account":
        rows = by_account(rows, view, own_first=True, needed_by=NEEDED_BY)
    else:
        rows = rows.mutate(subject_id=rows.contact_id)
    return rows.filter(rows.subject_id.notnull())


def _all_names(view: AsOf, subject: str, runner: Runner) -> tuple[str, ...]:
    names = ["tenure"]
    if view.has("orders"):
        rows = _orders(view, subject)
        names = [*_BUYING, *names, *_largest(rows, rows.channel, ORDERED, runner)]
        if view.has("order_lines") and view.has("products"):
            rows = _lines_with_family(view, subject)
            names += _largest(rows, rows.family, FAMILY, runner)
    if view.has("interactions"):
        names += ["contacts", *(f"{CHANNEL}{one}" for one in TABLES["interactions"].columns["channel"].choices)]
    return tuple([*names, "service"] if view.has("cases") else names)


def _largest(rows: ir.Table, what: ir.Value, prefix: str, runner: Runner) -> list[str]:
    """The most frequent values; by name where equal."""
    counted = rows.filter(what.notnull()).group_by(what=what).aggregate(n=lambda t: t.count())
    found = runner.to_arrow(counted.order_by(ibis.desc("n"), "what").limit(_MOST_PARTS))
    return [f"{prefix}{one}" for one in found["what"].to_pylist()]
