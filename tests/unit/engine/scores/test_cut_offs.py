"""Which cut-offs are suggested."""

from __future__ import annotations

from datetime import timedelta

from crm_rows import at, snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.cut_offs import overlapping, suggest_cut_offs
from rapport.engine.scores.definition_base import Outcome

MONTH = Outcome(event="order_placed", within_days=30)
STOCKHOLM = "Europe/Stockholm"


def people(count: int, known_from: int) -> list[dict[str, object]]:
    """Contacts learnt one a day, the first on day `known_from` of 2024."""
    days = [at(2024, 1, 1) + timedelta(days=known_from + n) for n in range(count)]
    return [{"id": f"c{n}", "created_at": day, "recorded_at": day} for n, day in enumerate(days)]


def test_windows_are_over_and_do_not_overlap(runner: DuckdbRunner) -> None:
    snap = snapshot(runner, contacts=people(1, 0))
    found = suggest_cut_offs(snap, MONTH, at(2024, 6, 10, 15), 3)
    assert found == (at(2024, 3, 12), at(2024, 4, 11), at(2024, 5, 11))
    assert not overlapping(found, 30)


def test_each_is_the_first_instant_of_a_local_day_on_either_side_of_a_change_of_clocks(runner: DuckdbRunner) -> None:
    snap = snapshot(runner, time_zone=STOCKHOLM, contacts=people(1, 0))
    found = suggest_cut_offs(snap, MONTH, at(2024, 5, 5, 12), 2)
    # 5 April 00:00 summer time and, 30 x 24 hours before, the day of 5 March 23:00, 00:00 winter time
    assert found == (at(2024, 3, 4, 23), at(2024, 4, 4, 22))
    assert not overlapping(found, 30)


def test_none_lies_before_there_was_something_to_score_and_to_learn_from(runner: DuckdbRunner) -> None:
    snap = snapshot(runner, contacts=people(100, 0))  # a tenth is known on 11 January; learnt from until 10 February
    found = suggest_cut_offs(snap, MONTH, at(2024, 6, 10), 12, runner=runner)
    assert found == (at(2024, 2, 11), at(2024, 3, 12), at(2024, 4, 11), at(2024, 5, 11))


def test_there_are_none_without_subjects(runner: DuckdbRunner) -> None:
    assert len(suggest_cut_offs(snapshot(runner, contacts=[]), MONTH, at(2024, 6, 1), 2, runner=runner)) == 2
    assert suggest_cut_offs(snapshot(runner, contacts=people(5, 300)), MONTH, at(2024, 6, 1), 2, runner=runner) == ()
