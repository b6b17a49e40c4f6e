"""Customers by recency and frequency of their purchases."""

from __future__ import annotations

from rapport.engine.metrics.aggregates import count, total
from rapport.engine.metrics.figures import Ratio
from rapport.engine.metrics.relations.rfm_segments import RFM_SEGMENTS
from rapport.engine.metrics.shapes import STANDING_RATIO
from rapport.engine.metrics.spec import MetricSpec, Unit

RFM_SEGMENT_SHARE = MetricSpec(
    id="rfm_segment_share",
    name="Share of RFM segments",
    room="retention",
    sentence="Share of the customers who are in a segment by how lately and how often they bought.",
    formula="customers of the segment / customers with a purchase by the end of the period",
    **STANDING_RATIO,
    time_field="end of the period",
    unit=Unit.FRACTION,
    higher_is_better=None,
    source="The map in common use, as in RFM scores: quintiles of all customers of that day (terciles below 50), equal "
    "values have equal scores. Amounts play no part in it.",
    how_to_read="Split it by RFM segment; the whole is 1. Champions, loyal, at risk ... add up to it.",
    not_when="Customers are few: quintiles of 50 people move with each of them.",
    relation=RFM_SEGMENTS,
    figure=Ratio(count(), total("whole"), proportion=True),
    variants=("p_alive",),
)
