"""Leases: one holder, told from a dead one, fenced against a late one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from rapport.workspace.queue.identity import has_ended, worker_identity
from rapport.workspace.queue.leases import LeaseLost, LeaseTaken, held
from rapport.workspace.queue.models import Lease

pytestmark = pytest.mark.django_db


def test_only_one_holds_a_lease() -> None:
    with held("lake"), pytest.raises(LeaseTaken), held("lake"):
        pytest.fail("two hold it")
    with held("lake"):
        assert Lease.objects.get(name="lake").holder == worker_identity()
    assert Lease.objects.get(name="lake").holder == ""


def test_the_fence_rises_with_every_holder() -> None:
    with held("lake") as first:
        pass
    with held("lake") as second:
        pass
    assert second.fence > first.fence


def test_who_is_silent_too_long_is_replaced_and_cannot_confirm() -> None:
    with time_machine.travel(datetime(2026, 3, 1, tzinfo=UTC), tick=False) as clock, held("lake", seconds=60) as late:
        clock.shift(timedelta(seconds=59))
        late.confirm()
        clock.shift(timedelta(seconds=61))
        with held("lake", seconds=60) as new:
            with pytest.raises(LeaseLost):
                late.confirm()
            new.confirm()


def test_a_process_that_has_ended_is_replaced_at_once() -> None:
    place, _, _ = worker_identity().rpartition("/")
    Lease.objects.create(
        name="lake", holder=f"{place}/1.00", fence=7, expires_at=datetime.now(UTC) + timedelta(hours=1)
    )
    with held("lake") as lease:
        assert lease.fence == 8


def test_only_what_can_be_seen_from_here_is_called_ended() -> None:
    assert not has_ended(worker_identity())
    assert not has_ended("another-host/pid:[1]/1/1.00")
    assert has_ended(worker_identity().rpartition("/")[0] + "/1.00")
