"""Lift tables worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from rapport.engine.evaluation.lift import deciles, events_in_top, precision_at
from rapport.engine.statistics.auc import Cases


def cases(scores: list[float], events: list[int]) -> Cases:
    return Cases(
        scores=np.array(scores, dtype=float), events=np.array(events, dtype=bool), clusters=np.arange(len(scores))
    )


class TestDeciles:
    def test_twenty_cases_two_to_a_tenth(self) -> None:
        # scores 20 down to 1; events at ranks 1, 2, 4, 11: 4 of 20, so the rate of all is 0.2
        events = [1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        table = deciles([cases([*range(20, 0, -1)], events)])
        assert [d.conversion.events for d in table] == [2, 1, 0, 0, 0, 1, 0, 0, 0, 0]
        assert [d.lift for d in table] == pytest.approx([5, 2.5, 0, 0, 0, 2.5, 0, 0, 0, 0])
        assert [d.captured for d in table] == pytest.approx([0.5, 0.75, 0.75, 0.75, 0.75, 1, 1, 1, 1, 1])
        assert table[1].cumulative_lift == pytest.approx(3.75)

    def test_a_tie_across_a_border_shares_its_events_out(self) -> None:
        # 10 cases: one scores 2 with the event; four score 1, two of them with it; five score 0 without
        table = deciles([cases([2, 1, 1, 1, 1, 0, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0, 0, 0, 0, 0])])
        assert [d.conversion.events for d in table] == pytest.approx([1, 0.5, 0.5, 0.5, 0.5, 0, 0, 0, 0, 0])

    def test_the_order_of_rows_changes_nothing(self) -> None:
        rng = np.random.default_rng(1)
        scores, events = rng.integers(0, 4, 57).astype(float), rng.integers(0, 2, 57)
        turned = rng.permutation(57)
        one = deciles([cases(list(scores), list(events))])
        other = deciles([cases(list(scores[turned]), list(events[turned]))])
        assert [d.conversion.events for d in one] == pytest.approx([d.conversion.events for d in other])

    def test_scores_all_alike_have_no_lift(self) -> None:
        table = deciles([cases([1] * 25, [1] * 5 + [0] * 20)])
        assert [d.lift for d in table] == pytest.approx([1] * 10)
        assert [d.captured for d in table] == pytest.approx([n / 10 for n in range(1, 11)])

    def test_sizes_that_ten_does_not_divide_are_shared_too(self) -> None:
        table = deciles([cases([3, 2, 1], [1, 0, 0])])  # a tenth is 0.3 of a case
        assert [d.conversion.n for d in table] == pytest.approx([0.3] * 10)
        assert sum(d.conversion.events for d in table) == pytest.approx(1)
        assert table[3].captured == pytest.approx(1)

    def test_tenths_are_taken_within_each_cut_off(self) -> None:
        low = cases([1] + [0] * 9, [1] + [0] * 9)
        high = cases([101] + [100] * 9, [0] + [1] * 9)
        assert deciles([low, high])[0].conversion.events == pytest.approx(1)  # the best of each

    def test_nobody_converted(self) -> None:
        first = deciles([cases([2, 1], [0, 0])])[0]
        assert (first.lift, first.captured, first.conversion.rate) == (None, None, 0)

    def test_there_are_none_without_cases(self) -> None:
        assert deciles([]) == ()


class TestPrecision:
    def test_is_the_share_among_the_best_that_can_be_worked(self) -> None:
        table = cases([5, 4, 3, 2, 1], [1, 0, 1, 0, 0])
        assert (precision_at([table], 3).events, precision_at([table], 3).n) == (2, 3)

    def test_a_team_that_can_work_more_than_there_are_works_all(self) -> None:
        found = precision_at([cases([5, 4], [1, 0]), cases([1], [0])], 100)
        assert (found.events, found.n) == (1, 3)

    def test_the_last_place_goes_to_a_tie_in_shares(self) -> None:
        assert events_in_top(cases([2, 1, 1, 1], [0, 1, 1, 1]), np.array([2.0])) == pytest.approx([1])
        assert precision_at([cases([2, 1, 1, 1], [0, 1, 0, 0])], 2).events == pytest.approx(1 / 3)
