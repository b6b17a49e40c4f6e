"""What measuring returns: one value with what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from rapport.engine.metrics.figures import Number
from rapport.engine.metrics.period import Period


@dataclass(frozen=True, kw_only=True)
class MetricValue:
    """A metric over a period, for one combination of dimension values.

    Attributes:
        dimensions: value by dimension (`{"owner": "u1"}`); None where a row has none. Empty for the whole.
        value: in the metric's unit; fractions in 0..1. None when it cannot be told, and `reason` says why.
        numerator, denominator: what a ratio was made from.
        n: rows it rests on.
        maturity: share of a cohort whose window has passed, 0..1; None where there is no cohort.
        lower, upper: 95 % interval, where there is one.
        n_missing_amount: rows left out of sums because they have no amount.
        n_unconverted: rows left out of sums because no exchange rate holds on their day.
        n_assumed: rows whose instant or amount stands in for one that was not recorded.
        coverage: share of the period, as far as it has passed, for which there are data, 0..1.
        as_of: the instant whose knowledge was used.
        data_through: the newest row of the table that the metric counts.
        reason: why there is no value.
        flags: short words for the reader: "small sample", "immature", "period not over", ...
        compared: the same metric over the period it is compared with.
    """

    metric: str
    period: Period
    dimensions: Mapping[str, str | None] = field(default_factory=dict)
    value: Number | None = None
    numerator: Number | None = None
    denominator: Number | None = None
    n: int = 0
    maturity: float | None = None
    lower: float | None = None
    upper: float | None = None
    n_missing_amount: int = 0
    n_unconverted: int = 0
    n_assumed: int = 0
    coverage: float | None = None
    as_of: datetime
    data_through: datetime | None = None
    reason: str | None = None
    flags: tuple[str, ...] = ()
    compared: MetricValue | None = None

    @property
    def change(self) -> float | None:
        """Relative change against the compared period; None where one is missing or the former is 0."""
        if self.value is None or self.compared is None or not self.compared.value:
            return None
        before = float(self.compared.value)
        return (float(self.value) - before) / abs(before)

    @property
    def difference(self) -> float | None:
        """Value minus compared value, in the metric's unit; for fractions in points of 1."""
        if self.value is None or self.compared is None or self.compared.value is None:
            return None
        return float(self.value) - float(self.compared.value)

    def compared_with(self, other: MetricValue | None) -> MetricValue:
        return replace(self, compared=other)
