"""What is said of real time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from rapport.workspace.actions.models import RealTimeState
from rapport.workspace.actions.realtime.state import doctor_check
from rapport.workspace.crm.records.touching import touch, touch_of

pytestmark = pytest.mark.django_db


def test_nothing_yet() -> None:
    assert doctor_check() == (True, "0 changes wait for their scores; nothing has been scored in real time yet", "")


def test_how_soon_scores_followed() -> None:
    at = timezone.now().replace(year=2026, month=3, day=4, hour=12, minute=0)
    RealTimeState.objects.create(lag_p50_s=0.52, lag_p95_s=1.2, last_batch_at=at)
    told = "0 changes wait for their scores; scores followed within 0.5 s for half, 1.2 s for 95 %; last at 2026-03-04"
    assert doctor_check().sentence.startswith(told)


def test_changes_that_wait_for_long_say_that_no_worker_runs() -> None:
    touch([touch_of("contact", "ann")], at=timezone.now() - timedelta(minutes=3))
    check = doctor_check()
    assert not check.ok
    assert check.sentence.startswith("1 changes wait for their scores, the oldest for 1")
    assert "rapport worker" in check.next_step


def test_a_change_that_is_due_later_does_not_wait() -> None:
    now = timezone.now()
    touch([touch_of("contact", "ann", due_at=now + timedelta(hours=1))], at=now - timedelta(minutes=3))
    assert doctor_check().sentence.startswith("0 changes wait")
