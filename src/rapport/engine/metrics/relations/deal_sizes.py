"""Size bands of deals."""

from __future__ import annotations

from itertools import pairwise

import ibis
import ibis.expr.types as ir

from rapport.engine.errors import DefinitionError
from rapport.engine.metrics.reading import Reading

BANDS = (1_000, 10_000, 100_000)  # setting `deal_size_bands`: where bands begin, in base currency


def with_size_band(deals: ir.Table, reading: Reading) -> ir.Table:
    """`deals` with an amount in base currency, and `size_band`: "under 1,000", "1,000 to 10,000" ...; null without."""
    bounds = _bounds(reading)
    cases = [(deals.amount < bound, ibis.literal(name)) for bound, name in zip(bounds, _names(bounds), strict=False)]
    last = ibis.ifelse(deals.amount.notnull(), ibis.literal(_names(bounds)[-1]), ibis.null().cast("string"))
    return deals.mutate(size_band=ibis.cases(*cases, else_=last))


def _bounds(reading: Reading) -> list[int]:
    told = reading.setting("deal_size_bands", BANDS)
    if isinstance(told, list | tuple) and told and all(isinstance(b, int | float) for b in told):
        return sorted(int(b) for b in told)
    raise DefinitionError(
        "Size bands are a list of amounts at which a band begins.",
        where="setting deal_size_bands",
        received=str(told),
        next_step="Write it like [1000, 10000, 100000].",
    )


def _names(bounds: list[int]) -> list[str]:
    between = [f"{low:,} to {high:,}" for low, high in pairwise(bounds)]
    return [f"under {bounds[0]:,}", *between, f"{bounds[-1]:,} and more"]
