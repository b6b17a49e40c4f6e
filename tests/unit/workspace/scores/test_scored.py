"""Rows of a run: decimals as written, changes and trend."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest

from rapport.workspace.scores.scored import Scored, scored_rows, with_movement

RANGE = (Decimal(0), Decimal(100))


def _moved(value: str | None, week_ago: str | None, month_ago: str | None = None) -> Scored:
    numbers = [None if text is None else Decimal(text) for text in (value, week_ago, month_ago)]
    return with_movement(
        Scored(subject_id="ann", value=numbers[0]), week_ago=numbers[1], month_ago=numbers[2], score_range=RANGE
    )


@pytest.mark.parametrize(
    ("value", "week_ago", "trend"),
    [
        ("45", "40", "rising"),
        ("44.999999", "40", "steady"),
        ("35", "40", "falling"),
        ("40", None, None),
        (None, "40", None),
    ],
)
def test_the_trend_turns_at_a_twentieth_of_the_range(
    value: str | None, week_ago: str | None, trend: str | None
) -> None:
    assert _moved(value, week_ago).trend == trend


def test_changes_are_null_where_either_value_is() -> None:
    moved = _moved("45", "40", None)
    assert (moved.change_7d, moved.change_30d) == (Decimal(5), None)


def test_values_keep_six_places() -> None:
    rows = pa.table(
        {
            "subject_id": ["ann", "bob"],
            "value": pa.array([Decimal("0.023438"), None], pa.decimal128(18, 6)),
            "reason_null": [None, "no purchase"],
        }
    )
    assert [(r.subject_id, r.value, r.reason_null) for r in scored_rows(rows)] == [
        ("ann", Decimal("0.023438"), None),
        ("bob", None, "no purchase"),
    ]
