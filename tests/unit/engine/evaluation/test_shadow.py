"""Recorded values against what happened, and two versions side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from crm_rows import snapshot
from rapport.engine.evaluation.matured import Cohort, matured
from rapport.engine.evaluation.shadow import SidePass, outcomes, side_by_side
from rapport.engine.execution.duckdb import DuckdbRunner
from told_scores import CUT_OFF, DAY, NOW, contacts, order

Told = Callable[..., Any]
PEOPLE = ("a", "b", "c", "d", "e", "f")


def _cohort(values: list[float], **more: Any) -> Cohort:
    bands = tuple("high" if v >= 50 else "low" for v in values)
    return Cohort(**{"as_of": CUT_OFF, "subject_ids": PEOPLE, "values": np.array(values), "bands": bands, **more})


class TestMatured:
    def test_values_as_recorded_are_held_against_the_window_after(self, runner: DuckdbRunner, told: Told) -> None:
        snap = snapshot(runner, contacts=contacts(PEOPLE), orders=[order(p, CUT_OFF + DAY) for p in "ab"])
        found = matured(told({}), snap, [_cohort([90, 70, 60, 30, 20, 10])], now=NOW, runner=runner)
        assert (found.auc.value, found.conversion.events, found.conversion.n) == (1, 2, 6)
        assert [(b.band, b.conversion.events, b.conversion.n) for b in found.bands] == [("high", 2, 3), ("low", 0, 3)]

    def test_who_had_it_before_is_no_case(self, runner: DuckdbRunner, told: Told) -> None:
        orders = [order("a", CUT_OFF - DAY), order("a", CUT_OFF + DAY), order("b", CUT_OFF + DAY)]
        snap = snapshot(runner, contacts=contacts(PEOPLE), orders=orders)
        cohort = _cohort([90, 70, 60, 30, 20, 10])
        assert matured(told({}), snap, [cohort], now=NOW, runner=runner).conversion.n == 5
        again = told({}, outcome={"repeatable": True})
        assert matured(again, snap, [cohort], now=NOW, runner=runner).conversion.n == 6

    def test_a_window_that_is_not_over_waits(self, runner: DuckdbRunner, told: Told) -> None:
        snap = snapshot(runner, contacts=contacts(PEOPLE), orders=[order("a", CUT_OFF + DAY)])
        found = matured(told({}), snap, [_cohort([1, 2, 3, 4, 5, 6])], now=CUT_OFF + 29 * DAY, runner=runner)
        assert (found.as_ofs, found.waiting, found.auc.value) == ((), 1, None)

    def test_probabilities_are_calibrated(self, runner: DuckdbRunner, told: Told) -> None:
        snap = snapshot(runner, contacts=contacts(PEOPLE), orders=[order("a", CUT_OFF + DAY)])
        told_values = np.array([0.9, 0.1, 0.1, 0.1, 0.1, 0.1])
        cohort = _cohort([90, 10, 10, 10, 10, 10], probabilities=told_values)
        found = matured(told({}), snap, [cohort], now=NOW, runner=runner)
        assert found.calibration is not None
        assert found.calibration.brier == pytest.approx(0.01)


def _pass(live: list[float], draft: list[float]) -> SidePass:
    def bands(values: list[float]) -> tuple[str | None, ...]:
        return tuple(None if np.isnan(v) else "high" if v >= 50 else "low" for v in values)

    return SidePass(
        as_of=CUT_OFF,
        subject_ids=PEOPLE,
        live=np.array(live, dtype=float),
        draft=np.array(draft, dtype=float),
        live_bands=bands(live),
        draft_bands=bands(draft),
    )


class TestSideBySide:
    def test_says_who_would_be_contacted_by_only_one_of_them(self) -> None:
        found = side_by_side(_pass([90, 80, 70, 30, 20, 10], [90, 10, 80, 70, 20, 15]), capacity=2)
        assert (found.shared, found.only_draft_ids, found.only_live_ids) == (1, ("c",), ("b",))

    def test_counts_moves_between_bands(self) -> None:
        found = side_by_side(_pass([90, 80, 70, 30, 20, 10], [90, 10, 80, 70, 20, np.nan]), capacity=2)
        moves = {(m.live, m.draft): m.count for m in found.moves}
        assert moves == {
            ("high", "high"): 2,
            ("high", "low"): 1,
            ("low", "high"): 1,
            ("low", "low"): 1,
            ("low", None): 1,
        }
        assert (found.same_band, found.both, found.only_live) == (3 / 5, 5, 1)

    def test_rank_correlation_is_spearmans(self) -> None:
        # ranks 6 5 4 3 2 1 and 6 4 5 3 2 1: 1 - 6 x 2 / (6 x 35)
        found = side_by_side(_pass([9, 8, 7, 3, 2, 1], [9, 6, 8, 5, 4, 3]), capacity=1)
        assert found.rank_correlation == pytest.approx(1 - 12 / 210)


class TestOutcomes:
    def test_both_are_held_against_the_same_fates(self, runner: DuckdbRunner, told: Told) -> None:
        snap = snapshot(runner, contacts=contacts(PEOPLE), orders=[order(p, CUT_OFF + DAY) for p in "ab"])
        side = _pass([90, 10, 80, 70, 60, 50], [90, 80, 40, 30, 20, 10])
        found = outcomes(told({}), snap, [side], capacity=2, now=NOW, runner=runner)
        assert (found.live.value, found.draft.value) == (0.5, 1.0)
        assert (found.live_contacted.events, found.draft_contacted.events) == (1, 2)
        assert found.ahead.value == pytest.approx(0.5)

    def test_a_subject_that_one_of_them_does_not_score_is_no_case(self, runner: DuckdbRunner, told: Told) -> None:
        snap = snapshot(runner, contacts=contacts(PEOPLE), orders=[order("a", CUT_OFF + DAY)])
        side = _pass([90, 10, 80, 70, 60, np.nan], [np.nan, 80, 40, 30, 20, 10])
        assert outcomes(told({}), snap, [side], capacity=2, now=NOW, runner=runner).live.nonevent_count == 4

    def test_before_the_window_is_over_it_says_so(self, runner: DuckdbRunner, told: Told) -> None:
        snap = snapshot(runner, contacts=contacts(PEOPLE), orders=[])
        side = _pass([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6])
        found = outcomes(told({}), snap, [side], capacity=2, now=CUT_OFF + DAY, runner=runner)
        assert found.verdict.startswith("Too early")
