"""Bands and matrix labels: lower bounds, inclusive, compared on micro-points."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import ibis
import ibis.expr.types as ir

from rapport.engine.scores.definition_base import Band

MICRO = 1_000_000


def micro(points: Decimal) -> int:
    """A decimal of at most six places as whole micro-points."""
    return int(points * MICRO)


@ibis.udf.scalar.builtin(name="rapport_points", signature=(("int64",), "decimal(18, 6)"))
def points(micro_points: int) -> Decimal:  # type: ignore[empty-body]
    """Micro-points as decimal(18,6), exactly; DuckDB macro and Spark function of this name are made by each runner."""


def band_of(micro_points: int | None, bands: Sequence[Band]) -> str | None:
    """The label of the highest bound reached, else the lowest label; None without bands or value.

    `bands` highest bound first, as in a definition.
    """
    if micro_points is None or not bands:
        return None
    return next((band.label for band in bands if micro_points >= micro(band.from_)), bands[-1].label)


def band_label(micro_points: ir.IntegerValue, bands: Sequence[Band]) -> ir.StringValue:
    """`band_of` for a column."""
    if not bands:
        return ibis.null("string")
    *upper, lowest = bands
    label = ibis.ifelse(micro_points.isnull(), ibis.null("string"), lowest.label)
    if not upper:
        return label
    return ibis.cases(*((micro_points >= micro(band.from_), band.label) for band in upper), else_=label)
