"""Thresholds are crossed once each way, with the score that crosses them, and answered once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, transaction

from rapport.workspace.actions.models import CrossingAction, ThresholdCrossing, WorkItem
from rapport.workspace.actions.realtime import answering
from rapport.workspace.actions.realtime.answering import answer_crossings, on_crossing
from rapport.workspace.scores.definitions import create_draft
from rapport.workspace.scores.keeping import Readiness, keep, keep_touched
from rapport.workspace.scores.models import ReadinessEvent, ScoreRun
from rapport.workspace.scores.releases import publish
from rapport.workspace.scores.runs import run_score
from rapport.workspace.scores.scored import Scored
from unit.workspace.realtime.conftest import BRIEF, NOW, Company

READY = Readiness(enter=Decimal(60), leave=Decimal(50))


@pytest.fixture
def version(db: None) -> None:
    publish(create_draft(document=BRIEF, by="test"), by="test", reason="test", override="test")


@pytest.fixture
def answered() -> Iterator[list[str]]:
    """An action of a test's own, and what it was called with."""
    calls: list[str] = []

    @on_crossing("noted by a test", threshold="ready")
    def note(crossing: ThresholdCrossing, _now: datetime) -> dict[str, Any]:
        calls.append(f"{crossing.kind} {crossing.number}")
        return {}

    yield calls
    del answering._ACTIONS["noted by a test"]


def scored(*values: str) -> None:
    """The values of one subject, one after the other, as real time writes them."""
    for minute, value in enumerate(values):
        at = NOW + timedelta(minutes=minute)
        run = ScoreRun(id="run", score="interest", version=1, as_of=at)
        row = Scored(subject_id="ann", value=Decimal(value), band="A" if Decimal(value) >= 60 else "C")
        with transaction.atomic():
            keep_touched(
                run, [row], of=["ann"], subject="contact", readiness=READY, computed_at=at, cause="interaction"
            )


def ready() -> list[tuple[str, int]]:
    found = ThresholdCrossing.objects.filter(threshold="ready").order_by("number")
    return list(found.values_list("kind", "number"))


@pytest.mark.usefixtures("version")
class TestReadiness:
    def test_wavering_between_the_bounds_crosses_nothing(self) -> None:
        scored("10", "60", "55", "59", "50", "61", "52")
        assert ready() == [("entered", 1)]

    def test_it_is_left_below_the_lower_bound_and_can_be_entered_again(self) -> None:
        scored("10", "60", "49.999999", "59", "60", "0")
        assert ready() == [("entered", 1), ("left", 2), ("entered", 3), ("left", 4)]
        assert ReadinessEvent.objects.count() == 4

    def test_a_first_score_in_real_time_may_enter_at_once(self) -> None:
        scored("80")
        assert ready() == [("entered", 1)]

    def test_one_crossing_cannot_be_noted_twice(self) -> None:
        scored("10", "70")
        crossing = ThresholdCrossing.objects.get(threshold="ready")
        with pytest.raises(IntegrityError), transaction.atomic():
            ThresholdCrossing.objects.create(
                score="interest", version=1, subject="contact", subject_id="ann", threshold="ready", kind="entered",
                number=crossing.number, occurred_at=NOW, run_id="run",
            )  # fmt: skip

    def test_it_is_noted_only_with_the_score(self) -> None:
        with transaction.atomic():
            scored("80")
            assert ready() == [("entered", 1)]
            transaction.set_rollback(True)
        assert ready() == []
        scored("80")
        assert ready() == [("entered", 1)]


@pytest.mark.usefixtures("version")
class TestBands:
    def test_every_band_that_is_passed_is_crossed(self) -> None:
        scored("10", "70", "30")
        found = ThresholdCrossing.objects.exclude(threshold="ready").order_by("occurred_at", "threshold")
        assert list(found.values_list("threshold", "kind")) == [
            ("band A", "entered"),
            ("band B", "entered"),
            ("band A", "left"),
        ]

    def test_a_full_run_crosses_too_but_not_with_first_scores(self) -> None:
        for day, value in enumerate(("70", "10")):
            at = NOW + timedelta(days=day)
            run = ScoreRun.objects.create(score="interest", version=1, as_of=at)
            row = Scored(subject_id="ann", value=Decimal(value))
            keep(run, [row], subject="contact", readiness=READY, computed_at=at)
        found = ThresholdCrossing.objects.order_by("threshold")
        assert list(found.values_list("threshold", "kind")) == [
            ("band A", "left"),
            ("band B", "left"),
            ("ready", "left"),
        ]

    def test_a_new_version_crosses_nothing(self) -> None:
        scored("10")
        run = ScoreRun.objects.create(score="interest", version=2, as_of=NOW + timedelta(days=1))
        keep(run, [Scored(subject_id="ann", value=Decimal(90))], subject="contact", readiness=READY, computed_at=NOW)
        assert not ThresholdCrossing.objects.exists()


@pytest.mark.usefixtures("version")
class TestAnswers:
    def test_each_crossing_is_answered_once(self, answered: list[str]) -> None:
        scored("10", "70", "30", "70")
        assert answer_crossings(now=NOW) == ThresholdCrossing.objects.count()
        assert answer_crossings(now=NOW) == 0
        assert answered == ["entered 1", "left 2", "entered 3"]

    def test_one_that_was_answered_but_not_marked_is_not_answered_again(self, answered: list[str]) -> None:
        scored("10", "70")
        answer_crossings(now=NOW)
        ThresholdCrossing.objects.update(handled_at=None)  # as after a kill between the two
        answer_crossings(now=NOW)
        assert answered == ["entered 1"]

    def test_one_that_the_database_refused_is_tried_again(self) -> None:
        calls: list[int] = []

        @on_crossing("refused", threshold="ready")
        def refused(crossing: ThresholdCrossing, _now: datetime) -> dict[str, Any]:
            calls.append(crossing.number)
            if len(calls) == 1:
                raise OperationalError("database is locked")
            return {}

        try:
            scored("10", "70")
            answer_crossings(now=NOW)
            assert ThresholdCrossing.objects.filter(handled_at__isnull=True, threshold="ready").exists()
            answer_crossings(now=NOW)
        finally:
            del answering._ACTIONS["refused"]
        assert calls == [1, 1]
        assert not ThresholdCrossing.objects.filter(handled_at__isnull=True).exists()

    def test_an_action_that_fails_does_not_hold_up_the_others(self, answered: list[str]) -> None:
        @on_crossing("broken")
        def broken(_crossing: ThresholdCrossing, _now: datetime) -> dict[str, Any]:
            raise RuntimeError("out of order")

        try:
            scored("10", "70")
            answer_crossings(now=NOW)
        finally:
            del answering._ACTIONS["broken"]
        assert answered == ["entered 1"]
        failed = CrossingAction.objects.filter(action="broken").values_list("result", flat=True)
        assert {str(result) for result in failed} == {"{'failed': 'out of order'}"}


def test_who_becomes_ready_is_suggested_at_once_and_taken_off_when_ready_no_more(company: Company) -> None:
    company.contact("ann")
    company.happens("ann", "note")
    company.live()
    company.now += timedelta(minutes=1)
    for _ in range(3):
        company.happens("ann")
    company.happens("ann", "meeting")
    company.turn()
    answer_crossings(now=company.now)
    item = WorkItem.objects.get()
    assert (item.subject_id, item.cause, item.value, item.state) == ("ann", "ready", Decimal(60), "open")
    company.now += timedelta(days=3)  # 60 x 2^(-3/10) = 48.7
    run_score("interest", as_of=company.now)
    answer_crossings(now=company.now)
    assert not WorkItem.objects.exists()
