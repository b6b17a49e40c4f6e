"""Conversions of a period with their credit shared out by models fitted to all of its paths."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from rapport.engine.errors import EngineCannot
from rapport.engine.metrics.attribution.fitted import fitted_shares
from rapport.engine.metrics.attribution.models import FITTED, MODELS
from rapport.engine.metrics.attribution.paths import touched_before
from rapport.engine.metrics.attribution.touches import touches
from rapport.engine.metrics.reading import Reading, plain
from rapport.engine.metrics.relation import Dating, Relation
from rapport.engine.metrics.relations.conversions import (
    CONVERSION_LABELS,
    conversion_dimensions,
    conversions,
    purchases,
)
from rapport.engine.metrics.relations.credited_conversions import wanted_models, with_credit
from rapport.engine.metrics.windows import in_windows


def _credited(reading: Reading) -> ir.Table:
    """One row per period, order, refund or won deal and campaign with a part: as in `credited_conversions`.

    A purchase without a path is `unattributed`. A refund is shared out as the purchases of its own period are.
    """
    if reading.runner is None:
        raise EngineCannot("Models of attribution need a runner to be fitted.", where=reading.needed_by)
    rows = conversions(reading)
    bought, touched = purchases(rows, reading), touches(reading, direct=True)
    models = wanted_models(reading, [model for model in MODELS if model.id in FITTED])
    fitted = fitted_shares(bought, touched, reading, reading.runner, models)
    before = touched_before(bought.select("conversion_id", "customer_id", "at"), touched, reading)
    with_path = before.select(_conversion="conversion_id").distinct()
    placed = plain(in_windows(rows, reading.windows).left_join(with_path, [("conversion_id", "_conversion")]))
    # null finds no shares: what had no path stays whole
    placed = placed.mutate(_shared_in=ibis.ifelse(placed["_conversion"].notnull(), placed.period, ibis.null()))
    joined = placed.left_join(fitted, [("_shared_in", "_period")]).drop("_period", "_shared_in", "_conversion")
    told = plain(joined.mutate(begins=joined.begins.fill_null(True)))
    return with_credit(told, models, whole=["period", "record", "id"])


FITTED_CONVERSIONS = Relation(
    name="fitted_conversions",
    grain="parts of purchases",
    table="orders",
    needs=("campaigns",),
    needs_any=("orders", "deals"),
    rows=_credited,
    dating=Dating.PER_PERIOD,
    dimensions=conversion_dimensions("credit_id", "credited_campaign_id"),
    labels=(*CONVERSION_LABELS, "credit_id"),
    kept=False,
)
