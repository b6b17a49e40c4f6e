"""Freshness, coverage and what a model says of itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from rapport.engine.evaluation.monitoring import Covered, coverage, model_warnings, staleness
from rapport.engine.scores.definition_base import ScoreDefinition
from rapport.engine.scores.population import FittedModel, PopulationRun

_NOW = datetime(2026, 5, 1, tzinfo=UTC)


def _definition(refresh: str) -> ScoreDefinition:
    return ScoreDefinition.model_validate(
        {"name": "x", "subject": "contact", "kind": "points", "range": [0, 100], "refresh": refresh}
    )


@pytest.mark.parametrize(
    ("refresh", "hours", "level"),
    [
        ("daily", 24, "ok"),
        ("daily", 40, "watch"),
        ("daily", 120, "alarm"),
        ("weekly", 120, "ok"),
        ("weekly", 24 * 10, "watch"),
        ("manual", 24 * 400, "ok"),
    ],
)
def test_how_old_values_may_be_depends_on_how_often_they_are_asked_for(refresh: str, hours: int, level: str) -> None:
    at = _NOW - timedelta(hours=hours)
    assert staleness(_definition(refresh), computed_as_of=at, failed="", now=_NOW).level == level


def test_a_failed_run_alarms_though_the_values_are_young() -> None:
    found = staleness(_definition("daily"), computed_as_of=_NOW, failed="no contacts", now=_NOW)
    assert (found.level, "no contacts" in found.sentence) == ("alarm", True)


class TestCoverage:
    def test_tells_why_subjects_have_no_value(self) -> None:
        found = coverage(Covered(scored=90, unscored={"no orders": 7, "young": 3}), None)
        assert found.sentence == "90% of 100 have a value; without: no orders (7.0%), young (3.0%)."

    def test_a_fall_beyond_chance_counts(self) -> None:
        then = Covered(scored=950, unscored={"x": 50})
        assert coverage(Covered(scored=880, unscored={"x": 120}), then).level == "watch"
        assert coverage(Covered(scored=600, unscored={"x": 400}), then).level == "alarm"

    def test_the_same_fall_among_few_may_be_chance(self) -> None:
        assert coverage(Covered(scored=26, unscored={"x": 4}), Covered(scored=28, unscored={"x": 2})).level == "ok"

    def test_nobody_with_a_value_alarms(self) -> None:
        assert coverage(Covered(scored=0, unscored={"no orders": 10}), None).level == "alarm"


class TestModel:
    def _run(self, text: str, **parts: PopulationRun) -> PopulationRun:
        model = FittedModel(fitted_at=_NOW, checked_at=_NOW, text=text)
        none = np.zeros(0, dtype=np.int64)
        return PopulationRun(as_of=_NOW, run_id="r", values=none, counts=none, model=model, parts=parts)

    def test_warnings_anywhere_in_it_are_told(self) -> None:
        text = json.dumps({"fits": {"A": {"warnings": ["Dropout ran to its bound."]}, "B": {"not_settled": True}}})
        found = model_warnings(self._run(text))
        assert [f.level for f in found] == ["watch"]
        assert found[0].figures["warnings"] == ["Dropout ran to its bound", "not settled"]

    def test_no_warning_is_well(self) -> None:
        assert model_warnings(self._run('{"r": 0.2, "warnings": [], "degenerate": false}'))[0].level == "ok"

    def test_a_text_that_is_no_document_is_no_error(self) -> None:
        assert model_warnings(self._run("R 1.0"))[0].level == "ok"

    def test_parts_are_looked_at_too(self) -> None:
        found = model_warnings(self._run("{}", churn=self._run('{"warnings": ["few"]}')))
        assert [(f.about, f.level) for f in found] == [("model", "ok"), ("model of churn", "watch")]

    def test_a_score_without_a_model_has_none_to_judge(self) -> None:
        assert model_warnings(None) == []
