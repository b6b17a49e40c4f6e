"""Trends over 7 and 30 days."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest

from crm_rows import at
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.trend import earlier, trend_of, with_trend

RANGE = (Decimal(0), Decimal(100))
MOVES = [
    ("50", "45", "5.000000", "rising"),
    ("50", "45.000001", "4.999999", "steady"),
    ("50", "55", "-5.000000", "falling"),
    ("50", "54.999999", "-4.999999", "steady"),
    ("50", "50", "0.000000", "steady"),
    ("50", None, None, None),
    (None, "50", None, None),
]


@pytest.mark.parametrize(("now", "then", "change", "trend"), MOVES)
def test_moves_of_five_percent_of_the_range_are_a_trend(
    runner: DuckdbRunner, now: str | None, then: str | None, change: str | None, trend: str | None
) -> None:
    def values(value: str | None) -> pa.Table:
        told = pa.array([None if value is None else Decimal(value)], pa.decimal128(18, 6))
        return pa.table({"subject_id": ["a"], "value": told})

    rows = with_trend(runner.from_arrow(values(now)), runner.from_arrow(values(then)), days=7, score_range=RANGE)
    row = runner.to_arrow(rows).to_pylist()[0]
    assert row["trend_7d"] == trend
    assert row["change_7d"] == (None if change is None else Decimal(change))
    decimals = [None if v is None else Decimal(v) for v in (now, then)]
    assert trend_of(decimals[0], decimals[1], score_range=RANGE) == trend


def test_five_percent_is_of_the_whole_range() -> None:
    assert trend_of(Decimal(12), Decimal(10), score_range=(Decimal(-20), Decimal(20))) == "rising"
    assert trend_of(Decimal("11.9"), Decimal(10), score_range=(Decimal(-20), Decimal(20))) == "steady"


def test_who_was_not_there_before_has_no_trend(runner: DuckdbRunner) -> None:
    one = pa.array([Decimal(1)], pa.decimal128(18, 6))
    now = runner.from_arrow(pa.table({"subject_id": ["new"], "value": one}))
    then = runner.from_arrow(pa.table({"subject_id": ["old"], "value": one}))
    rows = runner.to_arrow(with_trend(now, then, days=30, score_range=RANGE)).to_pylist()
    assert [(r["subject_id"], r["change_30d"], r["trend_30d"]) for r in rows] == [("new", None, None)]


def test_seven_days_are_seven_times_twenty_four_hours_across_a_change_of_clocks() -> None:
    assert earlier(at(2024, 4, 2, 12), 7) == at(2024, 3, 26, 12)


@pytest.mark.parametrize(
    ("now", "then", "trend"),
    [("105", "100", "rising"), ("104.999999", "100", "steady"), ("95", "100", "falling"), ("0", "0", "steady")],
)
def test_amounts_without_an_upper_end_are_judged_by_the_value_before(
    runner: DuckdbRunner, now: str, then: str, trend: str
) -> None:
    def values(value: str) -> pa.Table:
        return pa.table({"subject_id": ["a"], "value": pa.array([Decimal(value)], pa.decimal128(18, 6))})

    wide = (Decimal(0), Decimal(10**9))
    told = [runner.from_arrow(values(v)) for v in (now, then)]
    row = runner.to_arrow(with_trend(*told, days=7, score_range=wide, open_ended=True)).to_pylist()[0]
    assert row["trend_7d"] == trend
    assert trend_of(Decimal(now), Decimal(then), score_range=wide, open_ended=True) == trend
