"""AUC and its interval."""

from __future__ import annotations

import numpy as np
import pytest

from rapport.engine.statistics.auc import Cases, auc, auc_difference


def cases(scores: list[float], events: list[int], clusters: list[str] | None = None) -> Cases:
    who = clusters or [f"s{i}" for i in range(len(scores))]
    return Cases(scores=np.array(scores, dtype=float), events=np.array(events, dtype=bool), clusters=np.array(who))


class TestAuc:
    def test_counts_pairs_won_and_half_of_the_ties(self) -> None:
        # events 3, 2; nonevents 2, 1, 1: won 3>2, 3>1, 3>1, 2>1, 2>1 and the tie 2=2: 5.5 of 6
        assert auc([cases([3, 2, 2, 1, 1], [1, 1, 0, 0, 0])]).value == pytest.approx(5.5 / 6)

    def test_scores_that_are_all_alike_have_exactly_a_half(self) -> None:
        area = auc([cases([7] * 6, [1, 0, 0, 1, 0, 0])])
        assert (area.value, area.low, area.high) == (0.5, 0.5, 0.5)

    def test_is_null_where_only_one_kind_of_outcome_is_there(self) -> None:
        area = auc([cases([1, 2, 3], [0, 0, 0])])
        assert (area.value, area.low, area.nonevent_count) == (None, None, 3)

    def test_perfect_separation_of_a_few_cases_is_no_certainty(self) -> None:
        area = auc([cases([4, 3, 2, 1], [1, 1, 0, 0])])
        assert area.value == 1
        assert area.high == 1
        assert area.low is not None
        assert area.low < 0.6

    def test_perfect_separation_of_many_cases_is_nearly_certain(self) -> None:
        area = auc([cases([*range(400)], [0] * 200 + [1] * 200)])
        assert area.low is not None
        assert area.low > 0.97

    def test_one_event_has_an_interval_all_the_same(self) -> None:
        area = auc([cases([5, 9, 1, 2, 3, 4], [1, 0, 0, 0, 0, 0])])
        assert area.value == pytest.approx(0.8)
        assert area.low is not None
        assert area.high is not None
        assert area.low < 0.3
        assert area.high < 1

    def test_pairs_are_of_one_cut_off_and_weigh_alike(self) -> None:
        early = cases([2, 1], [1, 0])  # 1 of 1 pairs
        late = cases([11, 12, 13, 10], [1, 0, 0, 0])  # 1 of 3 pairs; all above the early ones
        assert auc([early, late]).value == pytest.approx(2 / 4)

    def test_the_same_subjects_again_and_again_are_no_new_evidence(self) -> None:
        rng = np.random.default_rng(3)
        scores = rng.normal(size=60)
        events = (scores + rng.normal(size=60) > 0).astype(int)
        once = cases(list(scores), list(events))
        alone, repeated = auc([once]), auc([once] * 9)
        assert repeated.value == pytest.approx(alone.value)
        assert repeated.low == pytest.approx(alone.low)
        fresh = [cases(list(scores), list(events), [f"{n}-{i}" for i in range(60)]) for n in range(9)]
        narrower = auc(fresh)
        assert alone.value is not None
        assert alone.low is not None
        assert narrower.low is not None
        assert alone.value - alone.low == pytest.approx(3 * (alone.value - narrower.low))

    def test_the_interval_of_chance_covers_a_half_nineteen_times_in_twenty(self) -> None:
        rng = np.random.default_rng(11)
        covered = 0
        for _ in range(400):
            area = auc([cases(list(rng.normal(size=80)), [1] * 20 + [0] * 60)])
            covered += area.low is not None and area.high is not None and area.low <= 0.5 <= area.high
        assert 0.92 <= covered / 400 <= 0.98


class TestAucDifference:
    def test_a_score_is_not_ahead_of_itself(self) -> None:
        ours = [cases([3, 2, 2, 1, 1], [1, 1, 0, 0, 0])]
        gap = auc_difference(ours, ours)
        assert (gap.value, gap.low, gap.high) == (0, 0, 0)

    def test_is_surer_than_two_intervals_side_by_side(self) -> None:
        rng = np.random.default_rng(5)
        truth = rng.normal(size=400)
        events = (truth + rng.normal(size=400) > 1).astype(int).tolist()
        good = cases((truth + rng.normal(size=400) * 0.3).tolist(), events)
        worse = cases((good.scores + rng.normal(size=400) * 0.6).tolist(), events)
        gap, one = auc_difference([good], [worse]), auc([good])
        assert gap.low is not None
        assert gap.high is not None
        assert one.low is not None
        assert one.high is not None
        assert gap.low > 0
        assert gap.high - gap.low < one.high - one.low

    def test_is_null_without_both_kinds_of_outcome(self) -> None:
        none = [cases([1, 2], [0, 0])]
        assert auc_difference(none, none).value is None
