"""Decay lowers scores with no event: at local midnight, as was foreseen."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from rapport.workspace.actions.models import ForeseenCrossing, ThresholdCrossing
from rapport.workspace.actions.realtime.midnight import begin_day, foresee
from rapport.workspace.crm.records.models import TouchMark
from unit.workspace.realtime.conftest import Company


def ready(company: Company) -> None:
    """Ann is ready since now: 60 points, of which 60 x 2^(-days/10) are left."""
    company.contact("ann")
    company.happens("ann", "note")
    company.live()
    for _ in range(3):
        company.happens("ann")
    company.happens("ann", "meeting")
    company.turn()


def test_the_day_of_ceasing_to_be_ready_is_foreseen_and_comes(company: Company) -> None:
    ready(company)
    assert foresee(now=company.now) == 1
    foreseen = ForeseenCrossing.objects.get()
    assert (foreseen.subject_id, foreseen.threshold, foreseen.day) == ("ann", "ready", date(2026, 3, 7))
    company.now = datetime(2026, 3, 6, 0, 0, tzinfo=UTC)
    begin_day(now=company.now)
    assert list(ThresholdCrossing.objects.filter(threshold="ready").values_list("kind", flat=True)) == ["entered"]
    company.now = datetime(2026, 3, 7, 0, 0, tzinfo=UTC)
    done = begin_day(now=company.now)
    assert (done["due"], done["changed"], done["foreseen"]) == (1, {"interest": 1}, 0)
    left = ThresholdCrossing.objects.get(threshold="ready", kind="left")
    assert (left.occurred_at, left.value) == (company.now, foreseen.value)
    assert TouchMark.objects.count() == 1  # real time looks at her too, and finds nothing new
    company.now += timedelta(seconds=1)
    assert company.turn().changed == 0
    assert ThresholdCrossing.objects.filter(threshold="ready").count() == 2


def test_an_interaction_on_the_new_day_finds_the_decayed_score(company: Company) -> None:
    ready(company)
    company.now = datetime(2026, 3, 7, 8, 0, tzinfo=UTC)
    company.happens("ann")
    company.turn()
    assert company.score("ann").value == Decimal("58.735144")  # 3 x 8.122524 + 24.367572 + 10
    assert ThresholdCrossing.objects.filter(threshold="ready").count() == 1
