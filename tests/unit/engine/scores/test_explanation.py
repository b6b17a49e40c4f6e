"""What is shown adds up."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rapport.engine.errors import InternalError
from rapport.engine.scores.explanation import Explanation, Line, changes, shown


def line(points: str) -> Line:
    return Line(name=points, group="g", points=Decimal(points), sentence="...")


def test_shown_numbers_are_cut_toward_the_lower_bound() -> None:
    assert shown(Decimal("79.999999")) == Decimal("79.99")
    assert shown(Decimal("-0.001")) == Decimal("-0.01")


def test_a_rounding_line_makes_shown_lines_add_up() -> None:
    told = Explanation(value=Decimal("1.018"), lines=(line("0.509"), line("0.509"), line("0")))
    assert told.shown_value == Decimal("1.01")
    assert [(one.name, one.points) for one in told.shown_lines] == [
        ("0.509", Decimal("0.50")),
        ("0.509", Decimal("0.50")),
        ("rounding", Decimal("0.01")),
    ]


def test_no_rounding_line_where_none_is_needed() -> None:
    told = Explanation(value=Decimal("-14.5"), lines=(line("0.5"), line("-15")))
    assert [one.name for one in told.shown_lines] == ["0.5", "-15"]


def test_lines_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(InternalError, match="do not add up"):
        Explanation(value=Decimal(1), lines=(line("0.5"),))


def test_no_value_shows_nothing() -> None:
    assert Explanation(value=None, reason_null="excluded").shown_lines == ()


def told(**points: str) -> Explanation:
    lines = tuple(Line(name=n, group="g", points=Decimal(p), sentence=n) for n, p in points.items())
    return Explanation(value=sum((one.points for one in lines), Decimal(0)), lines=lines)


def test_changes_add_up_to_that_of_the_value() -> None:
    before, now = told(visit="10", demo="5.5", same="1"), told(visit="30", same="1", late="-2")
    moved = changes(before, now)
    assert [(m.line.name, m.before, m.now, m.change) for m in moved] == [
        ("visit", 10, 30, 20),
        ("demo", Decimal("5.5"), 0, Decimal("-5.5")),
        ("late", 0, -2, -2),
    ]
    assert sum(m.change for m in moved) == Decimal(29) - Decimal("16.5")


def test_where_there_was_no_value_everything_is_new() -> None:
    assert [m.change for m in changes(Explanation(value=None), told(visit="10"))] == [10]
