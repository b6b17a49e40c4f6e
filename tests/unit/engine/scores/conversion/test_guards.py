"""When fields were told, when a refit goes through, and how log-odds become points."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from crm_rows import at, snapshot
from rapport.engine.crm.as_of import as_known
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.conversion.gate import paired
from rapport.engine.scores.conversion.levels import level_shift
from rapport.engine.scores.conversion.scale import Scale, percent_micro
from rapport.engine.scores.conversion.selection import selected
from rapport.engine.scores.features.after_outcome import FieldTiming, field_timings
from rapport.engine.statistics.additive import Features
from rapport.engine.statistics.calibrator import fit_calibrator

NOW = at(2024, 6, 30)
BOUGHT = at(2024, 3, 1)


def entry(who: int, attribute: str, value: str, when: datetime) -> dict[str, Any]:
    own = {"id": f"{attribute}-{who}-{when:%m%d}", "entity": "contact", "entity_id": f"c{who:02}"}
    return {**own, "attribute": attribute, "value": value, "valid_from": when, "recorded_at": when}


class TestFieldTimings:
    @pytest.fixture
    def timings(self, runner: DuckdbRunner) -> dict[str, FieldTiming]:
        """Twenty buyers: a title known from the start, a note after the sale in all but one, a stage moved by it."""
        history = [entry(n, "title", "Head", BOUGHT - timedelta(days=30)) for n in range(20)]
        history += [entry(n, "properties.Note", "ok", BOUGHT + timedelta(days=1 if n else -1)) for n in range(20)]
        history += [entry(n, "lifecycle_stage", "lead", BOUGHT - timedelta(days=40)) for n in range(20)]
        history += [entry(n, "lifecycle_stage", "customer", BOUGHT) for n in range(20)]
        contacts = [{"id": f"c{n:02}", "created_at": at(2024, 1, 1), "recorded_at": at(2024, 1, 1)} for n in range(20)]
        view = as_known(snapshot(runner, contacts=contacts, attribute_history=history), NOW)
        paths = ["contact.title", "contact.Note", "contact.lifecycle_stage"]
        first = {f"c{n:02}": BOUGHT for n in range(20)}
        return {t.path: t for t in field_timings(view, "contact", paths, first, runner=runner)}

    def test_count_first_values_and_changes_around_the_outcome(self, timings: dict[str, FieldTiming]) -> None:
        note, stage = timings["contact.Note"], timings["contact.lifecycle_stage"]
        assert (note.first_before, note.first_after) == (1, 19)
        assert (stage.first_before, stage.changes_before, stage.changes_after) == (20, 0, 20)

    def test_tell_who_is_suspected_and_why(self, timings: dict[str, FieldTiming]) -> None:
        assert timings["contact.Note"].evidence == "filled after the outcome in 19 of 20 records that had it"
        assert timings["contact.lifecycle_stage"].evidence == "20 of its 20 changes were recorded after the outcome"
        assert timings["contact.title"].evidence is None

    def test_of_a_handful_say_nothing(self) -> None:
        few = FieldTiming(path="contact.x", first_before=0, first_after=9, changes_before=0, changes_after=0)
        assert few.evidence is None


class TestRefit:
    def test_a_model_that_is_surely_worse_does_not_go_through(self) -> None:
        passes, why = paired(np.full(100, 0.5) + np.linspace(-0.01, 0.01, 100), np.full(100, 0.4))
        assert not passes
        assert why.startswith("The model before stays: the new one is worse (+0.10000 in log loss")

    def test_one_that_is_no_worse_does(self) -> None:
        draw = np.random.default_rng(1)
        old = draw.random(200)
        passes, why = paired(old + draw.normal(0, 0.1, 200), old)
        assert passes
        assert why.startswith("It replaced the model before: no worse")


class TestScale:
    def test_is_the_calibrated_chance_in_hundredths(self) -> None:
        draw = np.random.default_rng(3)
        odds = draw.normal(-2, 1.5, 4_000)
        events = draw.random(4_000) < 1 / (1 + np.exp(-(0.7 * odds + 0.4)))
        for method in ("identity", "platt", "venn_abers"):
            calibrator = fit_calibrator(odds, events, method=method)
            asked = np.linspace(-9_000_000, 9_000_000, 5_001).astype(np.int64)
            told = Scale.of(calibrator).micro_points(asked)
            wanted = percent_micro(calibrator.probabilities(asked / 1_000_000))
            assert (np.diff(told) >= 0).all()
            assert np.abs(told - wanted).max() <= 10_000, "half a hundredth of a percent may round either way"
            assert (told.min(), told.max()) == (wanted.min(), wanted.max())


class TestLevels:
    def test_are_shrunk_toward_everybodys(self) -> None:
        """Newton's answer to sum(y - p) = shift / .25: of 10 events in 40 at p = .1 each."""
        shift = level_shift(np.full(40, np.log(0.1 / 0.9)), np.arange(40) < 10)
        chance = 1 / (1 + 9 * np.exp(-shift))
        assert 10 - 40 * chance == pytest.approx(shift / 0.25, abs=1e-6)
        assert 0.5 < shift < np.log(3), "toward .25, but not all the way"

    def test_stay_where_nobody_is(self) -> None:
        assert level_shift(np.zeros(0), np.zeros(0, dtype=bool)) == 0


def test_a_feature_that_repeats_a_better_one_is_not_taken_twice() -> None:
    draw = np.random.default_rng(5)
    good = draw.normal(size=4_000)
    events = draw.random(4_000) < 1 / (1 + np.exp(2 - 1.5 * good))
    features = Features.of({"good": good, "again": good * 3 + 1, "noise": draw.normal(size=4_000)})
    halves = np.arange(4_000) % 2 == 0
    assert selected(features, events, halves=halves) in (("good",), ("again",))
    assert set(selected(features, events, halves=halves, always=["noise"])) >= {"noise"}
