"""Customers at the end of each period: what they brought, whether they are still there, what they will bring.

Purchases are read once for all period ends; the models are fitted for each on what had happened by then.
"""

from __future__ import annotations

from datetime import timedelta

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rapport.engine.crm.local_day import local_day_of
from rapport.engine.errors import DefinitionError, EngineCannot
from rapport.engine.metrics.lifetimes.purchase_log import PurchaseLog
from rapport.engine.metrics.lifetimes.valuation import Horizon
from rapport.engine.metrics.lifetimes.values import HALF, Buyers, Columns, Question, buyers_at
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Dating, Relation, column
from rapport.engine.metrics.relations.contract_values import UnderContract, contract_values
from rapport.engine.metrics.relations.customers import WHOSE, beginnings
from rapport.engine.metrics.relations.purchase_days import purchase_days
from rapport.engine.metrics.windows import Window

MODELS = ("bg_nbd", "mbg_nbd", "pareto_nbd")
_MODELLED = ("p_alive", "modelled", "alive")
_VALUED = ("clv", "clv_revenue", "valued", "assumed")
_BEFORE = ("was_alive", "lost_by_model")
_MARGINS = ("clv", "assumed", "margin_to_date", "has_margin")
_JUST = timedelta(microseconds=1)
_DAY_US = 86_400_000_000


def _question(reading: Reading) -> Question:
    """From the settings `lifetime_model`, `clv_months`, `clv_discount_percent` (a month), `gross_margin_percent`."""
    model = str(reading.setting("lifetime_model", MODELS[0]))
    if model not in MODELS:
        raise DefinitionError("There is no such lifetime model.", received=model, allowed=MODELS)
    discount, margin = reading.setting("clv_discount_percent", 1), reading.setting("gross_margin_percent", None)
    return Question(
        model=model,
        horizon=Horizon(months=reading.whole_number("clv_months", 12), discount=float(str(discount)) / 100),
        margin=None if margin is None else float(str(margin)) / 100,
        modelled=reading.wants(*_MODELLED, *_VALUED, *_BEFORE),
        valued=reading.wants(*_VALUED),
        before=reading.wants(*_BEFORE),
        segments=reading.wants("rfm_segment"),
    )


def _valued(reading: Reading) -> ir.Table:
    """One row per period and customer with a purchase, or a running contract, by its end.

    Columns: revenue_to_date, margin_to_date (null where no margin is known); of buyers without a running contract
    p_alive, alive (at least 0.5), was_alive and lost_by_model (alive at the start, not at the end); clv (of margin),
    clv_revenue, assumed (no margin is known: clv is of revenue); rfm_segment (null without purchases). modelled,
    valued, has_margin: whether p_alive, clv and margin_to_date are told.
    """
    if reading.runner is None:
        raise EngineCannot("What customers are worth needs a runner to fit models.", where=reading.needed_by)
    question = _question(reading)
    log = None
    if reading.has("orders") or reading.has("deals"):
        log = PurchaseLog.of(reading.runner.to_arrow(purchase_days(reading, margins=reading.wants(*_MARGINS))))
    under: dict[int, UnderContract] = {}
    if question.modelled and reading.has("contracts"):
        under = contract_values(reading, question.horizon)
    parts = [
        part
        for window in reading.windows
        for part in _at_end(window, log, under.get(window.number), question, reading.time_zone)
    ]
    rows = reading.runner.from_arrow(pa.concat_tables([_SCHEMA.empty_table(), *parts]))
    return _with_parties(rows, reading) if reading.wants("account_id", "contact_id") else rows


def _at_end(
    window: Window, log: PurchaseLog | None, under: UnderContract | None, question: Question, time_zone: str
) -> list[pa.Table]:
    if log is None:
        return [_contract_rows(window, under, None, question.margin)] if under is not None else []
    today = local_day_of(window.stand - _JUST, time_zone)
    buyers = buyers_at(log, today, local_day_of(window.start - _JUST, time_zone), question)
    ids = log.ids.take(pa.array(buyers.customers.who))
    if under is None:
        return [_buyer_rows(window, ids, buyers, None)]
    place = pc.index_in(ids, value_set=under.ids)
    return [
        _buyer_rows(window, ids, buyers, _by_contract(under, place)),
        _contract_rows(window, under, ids, buyers.share),
    ]


def _by_contract(under: UnderContract, place: pa.Array) -> np.ndarray:
    """Of each buyer what their running contract is worth; nan without one."""
    found = np.asarray(place.fill_null(-1), dtype=np.int64)
    return np.where(found >= 0, np.r_[under.value, np.nan][found], np.nan)


def _buyer_rows(window: Window, ids: pa.Array, buyers: Buyers, contracted: np.ndarray | None) -> pa.Table:
    """Buyers; who has a running contract is told by it alone."""
    told, n = dict(buyers.columns), len(ids)
    free = np.isnan(contracted) if contracted is not None else np.ones(n, dtype=bool)
    there = np.where(free, told.get("p_alive", np.full(n, np.nan)), np.nan)
    was = told.get("was_alive", np.zeros(n, dtype=bool)) & free
    value = told.get("clv_revenue", np.full(n, np.nan))
    told |= {
        "p_alive": there,
        "modelled": np.isfinite(there),
        "alive": there >= HALF,
        "was_alive": was,
        "lost_by_model": was & (there < HALF),
        "clv_revenue": value if contracted is None else np.where(free, value, contracted),
        "at": buyers.customers.first * _DAY_US,
    }
    return _packed(window, ids, told, buyers.share)


def _contract_rows(window: Window, under: UnderContract | None, seen: pa.Array | None, share: float | None) -> pa.Table:
    """Customers with a running contract who never bought."""
    assert under is not None
    keep = np.ones(len(under.ids), dtype=bool)
    if seen is not None:
        keep = ~np.asarray(pc.is_in(under.ids, value_set=seen).to_numpy(zero_copy_only=False), dtype=bool)
    told: Columns = {"clv_revenue": under.value[keep], "at": under.since[keep]}
    return _packed(window, under.ids.filter(pa.array(keep)), told, share)


def _packed(window: Window, ids: pa.Array, told: Columns, share: float | None) -> pa.Table:
    n = len(ids)
    value = told["clv_revenue"]
    margin = told.get("margin_to_date", np.full(n, np.nan))
    columns: dict[str, np.ndarray | pa.Array] = {
        **told,
        "id": ids,
        "customer_id": ids,
        "period": np.full(n, window.number),
        "clv": value * (1.0 if share is None else share),
        "valued": np.isfinite(value),
        "has_margin": np.isfinite(margin),
        "assumed": np.full(n, share is None),
        "bought": np.full(n, "purchases" in told),
    }
    return pa.table({f.name: _array(columns.get(f.name), f.type, n) for f in _SCHEMA}, schema=_SCHEMA)


def _array(values: np.ndarray | pa.Array | None, kind: pa.DataType, n: int) -> pa.Array:
    if values is None:
        return pa.nulls(n, kind)
    if not isinstance(values, np.ndarray):
        return values
    if pa.types.is_floating(kind):
        return pa.array(values, kind, mask=~np.isfinite(values))
    return pa.array(values.tolist() if values.dtype == object else values, kind)


def _with_parties(rows: ir.Table, reading: Reading) -> ir.Table:
    """The account and the contact of each customer's first purchase or contract."""
    begun = beginnings(reading)
    parties = begun.group_by(_whose=begun.customer_id).aggregate(
        _account=begun.account_id.argmin(begun["at"]), _contact=begun.contact_id.argmin(begun["at"])
    )
    joined = rows.left_join(parties, [("customer_id", "_whose")])
    told = joined.mutate(account_id=joined["_account"], contact_id=joined["_contact"])
    return plain(told.drop("_whose", "_account", "_contact"))


_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("id", "customer_id")),
        ("period", pa.int64()),
        ("at", pa.timestamp("us", tz="UTC")),
        *((name, pa.int64()) for name in ("purchases", "days_since_last_purchase")),
        *((name, pa.float64()) for name in ("revenue_to_date", "margin_to_date", "p_alive", "clv", "clv_revenue")),
        *((name, pa.bool_()) for name in ("alive", "was_alive", "lost_by_model", "assumed")),
        *((name, pa.bool_()) for name in ("modelled", "valued", "has_margin", "bought")),
        ("rfm_segment", pa.string()),
    ]
)
VALUED_CUSTOMERS = Relation(
    name="valued_customers",
    grain="customers",
    table="orders",
    needs_any=("orders", "deals", "contracts"),
    rows=_valued,
    dating=Dating.PER_PERIOD,
    dimensions={"rfm_segment": column("rfm_segment"), **WHOSE},
    labels=("purchases", "days_since_last_purchase", "revenue_to_date", "rfm_segment"),
)
