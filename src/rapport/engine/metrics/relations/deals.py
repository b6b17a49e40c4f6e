"""Deals: closed, created, and open at the end of a period."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.local_day import local_day
from rapport.engine.crm.tables import TABLES
from rapport.engine.metrics.aggregates import MONEY_SUM
from rapport.engine.metrics.money import converted
from rapport.engine.metrics.reading import Reading, elapsed, moment, plain
from rapport.engine.metrics.relation import Dating, Dimension, Relation, column, through
from rapport.engine.metrics.relations.deal_calls import with_calls
from rapport.engine.metrics.relations.deal_sizes import with_size_band
from rapport.engine.metrics.relations.deal_terms import TERM_COLUMNS, with_first_year, with_shares
from rapport.engine.metrics.relations.first_touches import first_touches
from rapport.engine.metrics.relations.proposals import with_proposed
from rapport.engine.metrics.relations.stretches import stretches
from rapport.engine.metrics.relations.then import known_entries, with_values_then
from rapport.engine.metrics.relations.win_probabilities import with_win_probability
from rapport.engine.metrics.windows import standing_in_windows

COHORT_WINDOW_DAYS = 90  # setting `win_window_days`
NOT_REALLY_LOST = ("duplicate", "disqualified")  # setting `excluded_lost_reasons`

DEAL_DIMENSIONS: dict[str, Dimension] = {
    "owner": column("owner_id"),
    "team": through("owner_id", "users", "team_id"),
    "pipeline": column("pipeline"),
    "stage": column("stage"),
    "type": column("type"),
    "campaign": column("campaign_id"),
    "product": column("product_id"),
    "competitor": column("competitor"),
    "currency": column("currency"),
    "account": column("account_id"),
    "industry": through("account_id", "accounts", "industry"),
    "country": through("account_id", "accounts", "country"),
    "source": through("contact_id", "contacts", "lead_source"),
}
_LABELS = ("name", "status", "amount", "owner_id", "account_id", "closed_at")
_AMOUNTS = ("amount", "amount_missing", "amount_unconverted", "has_amount")
_CYCLE = ("cycle_days", "created_days", "assumed", "in_order")
_ANY_CYCLE = ("any_cycle_days", "any_assumed", "any_in_order")


def closed_deals(reading: Reading) -> ir.Table:
    """One row per deal that is won or lost, by its last close."""
    terms = reading.wants(*TERM_COLUMNS)
    money = terms or reading.wants(*_AMOUNTS, "size_band")
    needed = ["status", "closed_at", *(["amount", "currency"] if money else [])]
    needed += ["recurring_amount", "term_months"] if terms else []
    if reading.wants("new_won"):
        needed.append("type")
    if reading.wants(*_CYCLE, *_ANY_CYCLE):
        needed += ["created_at", "contact_id", "account_id"]
    excluded = _excluded_reasons(reading)
    deals = reading.table("deals", [*needed, *(["lost_reason"] if excluded else [])])
    closed = deals.filter(deals.status.isin(["won", "lost"]) & deals.closed_at.notnull())
    if excluded:
        left_out = (closed.status == "lost") & closed.lost_reason.lower().isin(excluded).fill_null(False)
        closed = closed.filter(~left_out)
    closed = closed.mutate(at=closed.closed_at, won=closed.status == "won", lost=closed.status == "lost")
    if "type" in closed.columns:
        closed = closed.mutate(new_won=(closed.won & (closed["type"] == "new")).fill_null(False))
    if money:
        closed = converted(with_shares(closed) if terms else closed, reading, dated_by="at")
        closed = closed.mutate(has_amount=closed.amount.notnull())
    return _with_wanted(with_first_year(closed) if terms else closed, reading)


def _with_wanted(closed: ir.Table, reading: Reading) -> ir.Table:
    """What is looked up for closed deals only where it is wanted."""
    if reading.wants("size_band"):
        closed = with_size_band(closed, reading)
    if reading.wants("calls"):
        closed = with_calls(plain(closed), reading)
    if reading.wants("proposed"):
        closed = with_proposed(plain(closed), reading)
    if reading.wants(*_ANY_CYCLE):
        closed = _with_any_cycle(plain(closed), reading)
    return _with_cycle(plain(closed), reading) if reading.wants(*_CYCLE) else closed


def _with_any_cycle(closed: ir.Table, reading: Reading) -> ir.Table:
    """The same for lost deals too: touches count from the account's last close before, won or lost."""
    timed = _timed(closed, first_touches(closed, reading)).drop("began_at", "touched_at")
    return timed.rename(any_cycle_days="cycle_days", any_assumed="assumed", any_in_order="in_order").drop(
        "created_days"
    )


def _with_cycle(closed: ir.Table, reading: Reading) -> ir.Table:
    """Days from the first touch, and from the deal's creation, to the close. A close before its start is left out."""
    return _timed(closed, first_touches(closed.filter(closed.won), reading))


def _timed(closed: ir.Table, touches: ir.Table | None) -> ir.Table:
    joined = (
        closed.left_join(touches, [("id", "deal_id")]).drop("deal_id")
        if touches is not None
        else closed.mutate(touched_at=ibis.null().cast("timestamp('UTC', 6)"))
    )
    timed = plain(joined)
    first = ibis.least(ibis.coalesce(timed.touched_at, timed.created_at), timed.created_at)
    timed = timed.mutate(began_at=ibis.coalesce(first, timed.touched_at))
    timed = timed.mutate(
        cycle_days=elapsed(timed.began_at, timed.closed_at, unit="days"),
        created_days=elapsed(timed.created_at, timed.closed_at, unit="days"),
        assumed=timed.touched_at.isnull(),
    )
    return timed.mutate(in_order=(timed.created_days >= 0).fill_null(True) & (timed.cycle_days >= 0).fill_null(False))


def _excluded_reasons(reading: Reading) -> list[str]:
    listed = reading.setting("excluded_lost_reasons", NOT_REALLY_LOST)
    return [str(reason).lower() for reason in listed] if isinstance(listed, list | tuple) else []


def _created(reading: Reading) -> ir.Table:
    """One row per deal, by its creation."""
    money = reading.wants(*_AMOUNTS)
    needed = [
        *(["amount", "currency"] if money else []),
        *(["forecast_category"] if reading.wants("in_pipeline") else []),
    ]
    deals = reading.table("deals", ["created_at", "status", "closed_at", *needed])
    days = reading.whole_number("win_window_days", COHORT_WINDOW_DAYS)
    created = deals.filter(deals.created_at.notnull())
    until = created.created_at + ibis.interval(days=days)
    created = created.mutate(
        at=created.created_at,
        won_in_window=((created.status == "won") & (created.closed_at <= until)).fill_null(False),
        matured=until <= moment(reading.view.at),
    )
    if reading.wants("in_pipeline"):
        created = created.mutate(in_pipeline=(created.forecast_category != "omitted").fill_null(True))
    return converted(created, reading, dated_by="at") if money else created


def open_deals(reading: Reading) -> ir.Table:
    """One row per deal and period at whose end it was open, with the values it had then."""
    standing = standing_in_windows(open_stretches(reading), reading.windows)
    weighed = reading.wants("weighted_amount", "weighable", "stage_weighted_amount", "stage_weighable", "modelled")
    money = weighed or reading.wants(*_AMOUNTS)
    own = {c for c in reading.wanted if c in TABLES["deals"].columns and c not in ("closed_at", "status")}
    own |= {"amount", "currency"} if money else set()
    own |= {"forecast_category"} if reading.wants("in_pipeline") else set()
    own |= {"expected_close_date"} if reading.wants("overdue", "close_month") else set()
    own |= {"probability"} if weighed else set()
    rows = plain(standing)
    if own:
        rows = with_values_then(rows, reading, "deals", sorted(own))
    if "forecast_category" in rows.columns:
        rows = rows.mutate(in_pipeline=(rows.forecast_category != "omitted").fill_null(True))
    if "expected_close_date" in rows.columns:
        rows = rows.mutate(
            overdue=(rows.expected_close_date < local_day(rows.stands_at, reading.time_zone)).fill_null(False)
        )
        rows = rows.mutate(close_month=rows.expected_close_date.cast("string").substr(0, 7))
    if money:
        rows = converted(rows, reading, dated_by="stands_at")
    return _weighed(rows, reading) if weighed else rows


def _weighed(rows: ir.Table, reading: Reading) -> ir.Table:
    """Amounts times the chance of winning: by the stage's or the owner's alone, and by a model where there is one."""
    rows = _times(rows, "probability", "stage_weighted_amount", "stage_weighable")
    if not reading.wants("weighted_amount", "weighable", "modelled"):
        return rows
    return _times(with_win_probability(plain(rows), reading), "win_probability", "weighted_amount", "weighable")


def _times(rows: ir.Table, chance: str, amount: str, weighable: str) -> ir.Table:
    likely = rows[chance].between(0, 1)
    weighted = (rows.amount.cast("float64") * rows[chance]).cast(MONEY_SUM)
    return rows.mutate(
        **{amount: ibis.ifelse(likely, weighted, ibis.null().cast(MONEY_SUM)), weighable: likely.fill_null(False)}
    )


def open_stretches(reading: Reading) -> ir.Table:
    """From history: a re-opened deal is open again; a close counts from `closed_at`."""
    deals = reading.lookup("deals", ["created_at", "recorded_at", "status", "closed_at"])
    known = ibis.coalesce(deals.created_at, deals.recorded_at)
    made = ibis.ifelse(deals.closed_at < known, deals.closed_at, known)  # closed before it began: never open
    done = deals.status.isin(["won", "lost"]).fill_null(False)
    turns = [
        deals.select("id", at=made, opens=ibis.literal(value=True)),
        deals.filter(done).select(
            "id", at=lambda t: ibis.coalesce(t.closed_at, t.created_at, t.recorded_at), opens=ibis.literal(value=False)
        ),
    ]
    if reading.has("attribute_history"):
        turns[1] = turns[1].semi_join(deals.filter(done & deals.closed_at.notnull()), "id")
        entries = known_entries(reading, "deals", ["status"])
        stated = entries.filter(entries.value.isin(["open", "won", "lost"])).semi_join(deals, "id")
        turns.append(stated.select("id", at=stated.valid_from, opens=stated.value == "open"))
    return stretches(ibis.union(*(turn.filter(turn["at"].notnull()) for turn in turns)))


CLOSED_DEALS = Relation(
    name="closed_deals",
    grain="closed deals",
    table="deals",
    needs=("deals.status", "deals.closed_at"),
    rows=closed_deals,
    dimensions={**DEAL_DIMENSIONS, "lost_reason": column("lost_reason"), "size_band": column("size_band")},
    labels=_LABELS,
)
CREATED_DEALS = Relation(
    name="created_deals",
    grain="created deals",
    table="deals",
    needs=("deals.created_at",),
    rows=_created,
    dimensions=DEAL_DIMENSIONS,
    labels=_LABELS,
)
OPEN_DEALS = Relation(
    name="open_deals",
    grain="open deals",
    table="deals",
    needs=("deals.status",),
    rows=open_deals,
    dating=Dating.PER_PERIOD,
    dimensions={
        **DEAL_DIMENSIONS,
        "forecast_category": column("forecast_category"),
        "close_month": column("close_month"),
    },
    labels=("name", "stage", "amount", "owner_id", "account_id", "expected_close_date"),
)
