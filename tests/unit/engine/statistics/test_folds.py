"""Who is learned from and who is tried."""

import numpy as np

from rapport.engine.statistics.folds import fold_numbers, forward_folds, random_folds


def test_events_are_spread_evenly_over_the_folds() -> None:
    events = np.arange(103) < 12
    numbers = fold_numbers(events, count=4)
    assert [int(events[numbers == k].sum()) for k in range(4)] == [3, 3, 3, 3]
    assert sorted(np.bincount(numbers).tolist()) == [25, 26, 26, 26]


def test_rows_of_one_group_share_a_fold() -> None:
    groups = np.repeat(np.arange(50), 3)
    numbers = fold_numbers(np.arange(150) % 7 == 0, groups=groups)
    assert all(len(set(numbers[groups == g])) == 1 for g in range(50))


def test_each_row_is_tried_once() -> None:
    folds = random_folds(np.arange(20) < 5)
    assert sorted(np.concatenate([tried for _, tried in folds]).tolist()) == list(range(20))
    assert all(set(learn) & set(tried) == set() for learn, tried in folds)


class TestForwardFolds:
    def test_only_earlier_cut_offs_teach(self) -> None:
        folds = forward_folds(np.array([1, 1, 2, 2, 3]))
        assert [(learn.tolist(), tried.tolist()) for learn, tried in folds] == [([0, 1], [2, 3]), ([0, 1, 2, 3], [4])]

    def test_windows_that_are_not_over_teach_nothing(self) -> None:
        cut_offs = np.array(["2026-01-01", "2026-02-01", "2026-04-01"], dtype="datetime64[D]")
        folds = forward_folds(cut_offs, window=np.timedelta64(60, "D"))
        assert [(learn.tolist(), tried.tolist()) for learn, tried in folds] == [
            ([0], [2])
        ]  # the second ends on 2 April

    def test_the_latest_are_kept(self) -> None:
        assert len(forward_folds(np.arange(10), most=3)) == 3
