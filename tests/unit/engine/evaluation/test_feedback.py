"""What salespeople said, counted and held against what happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crm_rows import snapshot
from rapport.engine.evaluation.backtest import backtest
from rapport.engine.evaluation.feedback import Feedback, agreement, agreements, newest
from rapport.engine.execution.duckdb import DuckdbRunner
from told_scores import CUT_OFF, DAY, NOW, contacts, order

Told = Callable[..., Any]


def word(subject: str, verdict: str, days: int = -1, by: str = "alice") -> Feedback:
    return Feedback(subject_id=subject, verdict=verdict, given_at=CUT_OFF + days * DAY, by=by)


def test_the_last_word_of_each_person_counts() -> None:
    said = [word("a", "rejected", -2), word("a", "accepted", -1), word("a", "colder", -3, by="bob")]
    assert [(one.by, one.verdict) for one in newest(said)] == [("bob", "colder"), ("alice", "accepted")]
    assert [one.verdict for one in newest(said, at=CUT_OFF - 2 * DAY)] == ["colder", "rejected"]


def test_agreement_is_a_share_with_its_interval() -> None:
    found = agreement([word(f"s{i}", "accepted" if i < 8 else "colder") for i in range(10)])
    assert (found.agreed.rate, found.colder) == (0.8, 2)
    assert found.agreed.low == pytest.approx(0.4902, abs=5e-5)
    assert found.agreed.high == pytest.approx(0.9433, abs=5e-5)


def test_agreement_by_criterion_counts_a_word_under_each_that_fired() -> None:
    said = [word("a", "accepted"), word("b", "rejected")]
    found = agreements(said, {"a": ["demo", "visit"], "b": ["visit"]})
    assert [(one.of, one.agreed.n, one.agreed.rate) for one in found] == [("visit", 2, 0.5), ("demo", 1, 1.0)]


class TestBacktest:
    def test_words_before_the_cut_off_are_held_against_the_outcome(self, runner: DuckdbRunner, told: Told) -> None:
        snap = snapshot(runner, contacts=contacts(["a", "b", "c", "d"]), orders=[order("a", CUT_OFF + 5 * DAY)])
        said = [word("a", "accepted"), word("b", "accepted"), word("c", "rejected"), word("d", "hotter", days=+1)]
        report = backtest(
            told({"a": 90, "b": 70, "c": 30, "d": 10}), snap, cut_offs=[CUT_OFF], now=NOW, runner=runner, feedback=said
        )
        counted = [(row.band, row.conversion.events, row.conversion.n) for row in report.feedback]
        assert counted == [("accepted", 1, 2), ("rejected", 0, 1)]
        assert "What salespeople had said" in report.to_html()

    def test_without_words_there_is_no_section(self, runner: DuckdbRunner, told: Told) -> None:
        snap = snapshot(runner, contacts=contacts(["a", "b"]), orders=[order("a", CUT_OFF + 5 * DAY)])
        report = backtest(told({"a": 90, "b": 70}), snap, cut_offs=[CUT_OFF], now=NOW, runner=runner)
        assert report.feedback == ()
        assert "salespeople" not in report.to_html()
