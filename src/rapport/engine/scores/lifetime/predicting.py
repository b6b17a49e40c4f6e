"""Predictions for many customers at once: worked out per different history, joined back by the engine."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.scores.lifetime.grouping import KEYS, Grouped
from rapport.engine.scores.lifetime.models.base import PurchaseModel
from rapport.engine.scores.lifetime.models.gamma_gamma import GammaGamma


def predictions(model: PurchaseModel, grouped: Grouped, *, horizon: float, rate: float) -> pa.Table:
    """One row per different history.

    Columns: x, t_x, age as grouped; alive, P(still a customer); purchases, expected within `horizon`; discounted,
    the same with each purchase worth exp(-rate x time until it). Horizon and rate in the unit of the times.
    """
    customers = grouped.groups
    columns = {
        "alive": model.probability_alive(customers),
        "purchases": model.expected_purchases(customers, horizon=horizon),
        "discounted": model.discounted_purchases(customers, horizon=horizon, rate=rate),
    }
    rows = grouped.keys
    for name, values in columns.items():
        rows = rows.append_column(name, pa.array(values))
    return rows


def with_predictions(histories: ir.Table, found: ir.Table, spend: GammaGamma) -> ir.Table:
    """Each customer with what is predicted: alive, purchases, spend_per_purchase, value.

    value = discounted purchases x expected amount of a purchase, the Gamma-Gamma mean given the customer's own
    mean_spend (null or x = 0: everybody's), null where it is infinite.

    Parameters: histories, one row per customer with x, t_x, age, mean_spend; found, `predictions` as a table.
    Source of the amount: Fader & Hardie note 025, equation 5.
    """
    told = found.rename({f"_{name}": name for name in KEYS})
    rows = histories.inner_join(told, [(name, f"_{name}") for name in KEYS])
    rows = rows.mutate(spend_per_purchase=_expected_spend(rows, spend))
    rows = rows.mutate(value=rows.discounted * rows.spend_per_purchase)
    return rows.select(*histories.columns, "alive", "purchases", "spend_per_purchase", "value")


def _expected_spend(rows: ir.Table, spend: GammaGamma) -> ir.Value:
    p, q, v = (ibis.literal(value).cast("float64") for value in (spend.p, spend.q, spend.v))
    bought = (rows.mean_spend > 0).ifelse(rows.x, 0).fill_null(0).cast("float64")
    seen = bought * rows.mean_spend.cast("float64").fill_null(0.0)
    below = bought * p + (q - 1.0)
    return (below > 0.0).ifelse((seen + v) * p / below, None)
