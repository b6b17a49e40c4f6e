"""What speaks against publishing."""

from __future__ import annotations

from typing import Any

import pytest

from rapport.engine.evaluation.gate import doubts


def _report(**changes: Any) -> dict[str, Any]:
    return {"score": {"auc": {"value": 0.7, "low": 0.66, "high": 0.74}}, "baselines": [], **changes}


def _codes(report: dict[str, Any] | None) -> list[str]:
    return [doubt.code for doubt in doubts(report)]


def test_a_sound_proof_leaves_no_doubt() -> None:
    assert _codes(_report()) == []


def test_no_proof_does() -> None:
    assert _codes(None) == ["unproved"]


def test_a_proof_without_a_figure_is_none() -> None:
    assert _codes(_report(score={"auc": {"value": None, "low": None, "high": None}})) == ["empty"]


@pytest.mark.parametrize(("high", "codes"), [(-0.001, ["worse"]), (0.001, [])])
def test_worse_than_the_live_version_where_the_paired_interval_lies_below_nothing(
    high: float, codes: list[str]
) -> None:
    live = {"name": "live", "ahead": {"value": -0.02, "low": -0.05, "high": high}}
    assert _codes(_report(baselines=[live])) == codes


def test_worse_than_another_baseline_is_for_people_to_judge() -> None:
    naive = {"name": "naive_bayes", "ahead": {"value": -0.02, "low": -0.05, "high": -0.01}}
    assert _codes(_report(baselines=[naive])) == []


def test_too_good_to_be_true() -> None:
    assert _codes(_report(score={"auc": {"value": 0.962, "low": 0.95, "high": 0.97}})) == ["leak"]


def test_a_perfect_order_of_a_handful_is_luck() -> None:
    area = {"value": 1.0, "low": 0.7, "high": 1.0, "event_count": 3, "nonevent_count": 40}
    assert _codes(_report(score={"auc": area})) == []


def test_the_leakage_guard_stops_it_once() -> None:
    found = doubts(_report(leakage={"block": "duration is only known after the call"}))
    assert [(d.code, d.sentence) for d in found] == [
        ("leak", "The leakage guard stops it: duration is only known after the call.")
    ]


def test_the_wrong_way_round() -> None:
    assert _codes(_report(score={"auc": {"value": 0.4, "low": 0.35, "high": 0.45}})) == ["wrong_way"]


def test_a_proof_that_was_stopped() -> None:
    assert _codes(_report(interrupted=True)) == ["interrupted"]
