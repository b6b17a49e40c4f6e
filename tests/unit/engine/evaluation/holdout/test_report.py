"""What is claimed of an action, and when nothing is."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from rapport.engine.evaluation.holdout.report import Arm, Design, holdout_report

_NOW = datetime(2026, 6, 1, tzinfo=UTC)
_LATER = datetime(2026, 9, 1, tzinfo=UTC)
_SHARES = {"": {"treated": 0.8, "holdout": 0.2}}


def _arm(name: str, events: int, n: int, *, cost: float | None = None) -> Arm:
    return Arm(name=name, converted=np.arange(n) < events, revenue=np.where(np.arange(n) < events, 100.0, 0), cost=cost)


def _arms(treated: int, held_out: int) -> list[Arm]:
    """Of 800 treated and 200 held out, how many converted."""
    return [_arm("treated", treated, 800, cost=2.0), _arm("holdout", held_out, 200)]


def test_what_would_not_have_happened_is_counted() -> None:
    found = holdout_report(_arms(160, 20), Design(control="holdout", shares=_SHARES), now=_NOW).effects[0]
    assert found.verdict.word == "pays"
    assert found.incremental is not None
    assert found.incremental.value == pytest.approx(80)  # 160 of 800 less 10 % of 800
    assert found.revenue is not None
    assert found.revenue.value == pytest.approx(10)  # 20 less 10 a head
    assert found.cost_per_incremental == pytest.approx(20)  # 1,600 over 80


def test_before_the_planned_end_a_plain_difference_is_no_claim() -> None:
    """15.6 % against 10 %: 95 % intervals leave 0 out, those that allow for looking do not."""
    early = Design(control="holdout", shares=_SHARES, due_at=_LATER, reached=0.5)
    report = holdout_report(_arms(125, 20), early, now=_NOW)
    found = report.effects[0]
    assert found.difference is not None
    assert found.difference.tells
    assert (report.early, found.verdict.word) == (True, "too_early")
    assert "2026-09-01" in found.verdict.sentence
    due = holdout_report(_arms(125, 20), early, now=_LATER).effects[0]
    assert (due.any_time, due.verdict.word) == (None, "pays")


def test_a_large_effect_may_be_told_before_the_end() -> None:
    early = Design(control="holdout", shares=_SHARES, due_at=_LATER, reached=0.5)
    assert holdout_report(_arms(240, 20), early, now=_NOW).effects[0].verdict.word == "pays"


def test_harm_is_said_as_plainly() -> None:
    assert holdout_report(_arms(80, 60), Design(control="holdout", shares=_SHARES), now=_NOW).effects[
        0
    ].verdict.word == ("hurts")


def test_an_undecided_test_says_how_many_more_it_takes() -> None:
    design = Design(control="holdout", shares=_SHARES, least_effect=0.02)
    found = holdout_report(_arms(88, 20), design, now=_NOW).effects[0]
    assert found.verdict.word == "undecided"
    assert found.more_needed is not None
    assert found.more_needed > 5000
    assert f"{found.more_needed:,} more are needed" in found.verdict.sentence


def test_wrong_sizes_void_every_claim() -> None:
    arms = [_arm("treated", 300, 800), _arm("holdout", 10, 100)]
    assert holdout_report(arms, Design(control="holdout", shares=_SHARES), now=_NOW).effects[0].verdict.word == "broken"


def test_without_a_window_that_is_over_it_is_too_early() -> None:
    design = Design(control="holdout", shares=_SHARES, waiting=40)
    found = holdout_report([_arm("treated", 0, 0), _arm("holdout", 0, 0)], design, now=_NOW).effects[0]
    assert found.verdict.word == "too_early"
    assert "40 are waiting" in found.verdict.sentence


def test_several_arms_must_hold_together() -> None:
    """10.2 % against 7.3 % is told at 5 %, but not among five arms at 5 % over all."""
    arms = [_arm("control", 73, 1000), *(_arm(f"mail {i}", 102 if i == 0 else 75, 1000) for i in range(5))]
    design = Design(control="control", shares={"": {a.name: 1 / 6 for a in arms}})
    report = holdout_report(arms, design, now=_NOW)
    first = report.effects[0]
    assert first.difference is not None
    assert first.difference.tells
    assert first.verdict.word == "undecided"
    alone = holdout_report(arms[:2], Design(control="control", shares={"": {"control": 0.5, "mail 0": 0.5}}), now=_NOW)
    assert alone.effects[0].verdict.word == "pays"


def test_the_report_is_json() -> None:
    told = holdout_report(_arms(160, 20), Design(control="holdout", shares=_SHARES), now=_NOW).to_dict()
    assert told["effects"][0]["verdict"]["word"] == "pays"
    assert told["broken"] is False


def test_a_spared_band_is_not_compared() -> None:
    """Nobody of A is held out: its 100, who convert all, count neither as treated nor as brought."""
    spared = Arm(
        name="treated",
        converted=np.array([True] * 100 + [i < 80 for i in range(400)]),
        strata=("A",) * 100 + ("B",) * 400,
        reached=np.ones(500, dtype=bool),
        cost=1.0,
    )
    held = Arm(name="holdout", converted=np.arange(100) < 10, strata=("B",) * 100)
    shares = {"": _SHARES[""], "A": {"treated": 1.0, "holdout": 0.0}}
    report = holdout_report([spared, held], Design(control="holdout", shares=shares), now=_NOW)
    found = report.effects[0]
    assert (found.n, found.rate, found.reached, found.cost) == (400, 0.2, 400, 400)
    assert found.incremental is not None
    assert found.incremental.value == pytest.approx(40)  # 20 % less 10 %, of 400
    assert not report.ratio.broken
