"""What a run computed for one subject, as it is compared and kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pyarrow as pa

from rapport.engine.scores.trend import trend_of

_PLACES = Decimal("0.000001")


@dataclass(frozen=True, kw_only=True)
class Scored:
    """One subject's score: value (null with a reason), subtotals, labels, rank, and how it moved."""

    subject_id: str
    value: Decimal | None
    low: Decimal | None = None
    high: Decimal | None = None
    fit: Decimal | None = None
    engagement: Decimal | None = None
    matrix: str | None = None
    band: str | None = None
    percentile: float | None = None
    reason_null: str | None = None
    trend: str | None = None
    change_7d: Decimal | None = None
    change_30d: Decimal | None = None

    @property
    def told(self) -> tuple[object, ...]:
        """What makes an entry in the history: not the rank and the trend, which move with others and with time."""
        return (self.value, self.low, self.high, self.fit, self.engagement, self.matrix, self.band, self.reason_null)

    @property
    def shown(self) -> tuple[object, ...]:
        return (*self.told, self.percentile, self.trend, self.change_7d, self.change_30d)


def scored_rows(rows: pa.Table) -> Iterator[Scored]:
    """The rows of `Kind.score`, one by one."""
    for row in rows.to_pylist():
        yield Scored(
            subject_id=row["subject_id"],
            value=_decimal(row["value"]),
            low=_decimal(row.get("low")),
            high=_decimal(row.get("high")),
            fit=_decimal(row.get("fit")),
            engagement=_decimal(row.get("engagement")),
            matrix=row.get("matrix"),
            band=row.get("band"),
            percentile=None if row.get("percentile") is None else round(float(row["percentile"]), 6),
            reason_null=row.get("reason_null"),
        )


def values_by_subject(rows: pa.Table) -> Mapping[str, Decimal | None]:
    """The values of `Kind.score` by subject."""
    columns = rows.select(["subject_id", "value"]).to_pydict()
    return {s: _decimal(v) for s, v in zip(columns["subject_id"], columns["value"], strict=True)}


def with_movement(
    now: Scored,
    *,
    week_ago: Decimal | None,
    month_ago: Decimal | None,
    score_range: Sequence[Decimal],
    open_ended: bool = False,
) -> Scored:
    """The score with its changes over 7 and 30 days, null where either value is, and the trend over 7."""
    trend = trend_of(now.value, week_ago, score_range=score_range, open_ended=open_ended)
    return replace(
        now,
        change_7d=_change(now.value, week_ago),
        change_30d=_change(now.value, month_ago),
        trend=trend.value if trend else None,
    )


def _change(now: Decimal | None, before: Decimal | None) -> Decimal | None:
    return None if now is None or before is None else now - before


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value).quantize(_PLACES)
