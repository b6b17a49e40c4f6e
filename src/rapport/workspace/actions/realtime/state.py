"""How real time does: what `rapport doctor` says of it."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from django.utils import timezone

from rapport.workspace.actions.models import RealTimeState, ThresholdCrossing
from rapport.workspace.crm.records.models import TouchMark

_LATE = timedelta(minutes=1)


class RealTimeCheck(NamedTuple):
    """What was found. next_step is empty where nothing is to be done."""

    ok: bool
    sentence: str
    next_step: str = ""


def doctor_check() -> RealTimeCheck:
    """Marks and crossings that wait, and how long scores took to follow what happened."""
    now = timezone.now()
    due = TouchMark.objects.filter(due_at__lte=now)
    oldest = due.order_by("due_at").values_list("due_at", flat=True).first()
    waiting = f"{due.count():,} changes wait for their scores"
    crossings = ThresholdCrossing.objects.filter(handled_at__isnull=True).count()
    waiting += f", {crossings:,} crossings for their actions" if crossings else ""
    if oldest is not None and now - oldest > _LATE:
        what = f"{waiting}, the oldest for {(now - oldest).total_seconds():,.0f} seconds"
        return RealTimeCheck(False, what, "Is a worker running? `rapport worker` scores what happens.")
    return RealTimeCheck(True, f"{waiting}; {_lags()}")


def _lags() -> str:
    state = RealTimeState.objects.filter(id=1).first()
    if state is None or state.lag_p50_s is None or state.last_batch_at is None:
        return "nothing has been scored in real time yet"
    told = f"scores followed within {state.lag_p50_s:.1f} s for half, {state.lag_p95_s:.1f} s for 95 %"
    return f"{told}; last at {state.last_batch_at:%Y-%m-%d %H:%M} UTC"
