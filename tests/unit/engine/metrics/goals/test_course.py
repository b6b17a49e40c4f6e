"""How a value came to where it is, worked back by hand."""

from __future__ import annotations

from datetime import date

import pytest

from goal_histories import history_of
from rapport.engine.metrics.goals import Reading, course


class TestCourse:
    def test_of_a_total_is_taken_back_month_by_month_from_now(self) -> None:
        history = history_of([10.0] * 30 + [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], now=21.0)
        assert course(history) == [
            (date(2026, 1, 1), 0.0),
            (date(2026, 2, 1), 1.0),
            (date(2026, 3, 1), 3.0),
            (date(2026, 4, 1), 6.0),
            (date(2026, 5, 1), 10.0),
            (date(2026, 6, 1), 15.0),
            (date(2026, 7, 1), 21.0),
        ]

    def test_of_an_average_weighs_its_months(self) -> None:
        """100 deals each in May and June: 20 % and 40 % make 30 %, and until the end of May 20 %."""
        series: list[float | None] = [None] * 34 + [0.2, 0.4]
        history = history_of(
            series, metric="win_rate", reading=Reading.AVERAGE, now=0.3, weights=[0.0] * 34 + [100.0] * 2
        )
        assert [(day, pytest.approx(value)) for day, value in course(history)] == [
            (date(2026, 6, 1), 0.2),
            (date(2026, 7, 1), 0.3),
        ]

    def test_of_a_level_is_as_it_was(self) -> None:
        history = history_of([5.0, 6.0, 7.0], metric="customers", reading=Reading.LEVEL, now=7.0)
        assert course(history) == [(date(2026, 5, 1), 5.0), (date(2026, 6, 1), 6.0), (date(2026, 7, 1), 7.0)]

    def test_of_what_is_unknown_there_is_none(self) -> None:
        assert course(history_of([None] * 6, now=None)) == []
