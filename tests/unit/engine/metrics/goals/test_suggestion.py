"""Suggested targets, counted by hand."""

from __future__ import annotations

import pytest

from goal_histories import history_of
from rapport.engine.metrics.goals import Direction, History, Reading, rounded, suggestions
from rapport.engine.metrics.spec import Unit


class TestSuggestions:
    def test_of_a_total(self) -> None:
        """Three years of 100, 110 and 121 a month: a year grows by 10 %, so does the better quarter of years."""
        series = [100.0] * 12 + [110.0] * 12 + [121.0] * 12
        found = {s.name: s.value for s in suggestions(history_of(series, now=726.0, last_year=1386.0))}
        assert found["As a year ago"] == 1390  # three figures of 12 months around last year's middle
        assert found["As it goes"] == pytest.approx(1480, rel=0.05)
        assert found["As in its better times"] == pytest.approx(1386 * 1.1, rel=0.01)

    def test_less_is_better_where_it_should_be_at_most(self) -> None:
        series = [40.0 + (i * 7) % 11 for i in range(36)]
        told = {direction: {s.name: s.value for s in suggestions(_level(series, direction))} for direction in Direction}
        name = "As in its better times"
        assert told[Direction.AT_MOST][name] < told[Direction.AT_LEAST][name]

    def test_of_a_share_stays_within_it(self) -> None:
        series = [0.5 + (i % 6) / 12 for i in range(36)]
        history = history_of(series, metric="win_rate", reading=Reading.AVERAGE, now=0.97, last_year=0.99)
        assert all(0 <= s.value <= 1 for s in suggestions(history))

    def test_nothing_is_suggested_from_nothing(self) -> None:
        assert suggestions(history_of([None] * 36, now=None)) == []

    def test_a_few_months_suggest_no_year_ago(self) -> None:
        found = suggestions(history_of([None] * 28 + [100.0, 105.0] * 4, now=600.0))
        assert "As a year ago" not in [s.name for s in found]


def _level(series: list[float], direction: Direction) -> History:
    return history_of(series, metric="backlog", reading=Reading.LEVEL, now=series[-1], direction=direction)


@pytest.mark.parametrize(
    ("value", "unit", "three_figures"),
    [
        (123456.0, Unit.AMOUNT, 123000.0),
        (0.12345, Unit.FRACTION, 0.123),
        (7.4, Unit.COUNT, 7.0),
        (0.0, Unit.COUNT, 0.0),
        (-12.34, Unit.POINTS, -12.3),
    ],
)
def test_targets_have_three_figures(value: float, unit: Unit, three_figures: float) -> None:
    assert rounded(value, unit) == three_figures
