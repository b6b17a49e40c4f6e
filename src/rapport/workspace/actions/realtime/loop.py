"""The resident loop: scores what was marked, a few times a second, and has crossings answered.

One process at a time, by lease. Whoever is killed leaves marks that the next one finds.
"""

from __future__ import annotations

import gc
import logging
import threading
from collections import deque
from datetime import timedelta

import numpy as np
from django.db import OperationalError, close_old_connections, connection
from django.utils import timezone

from rapport.workspace.actions.models import RealTimeState
from rapport.workspace.actions.realtime.answering import answer_crossings
from rapport.workspace.queue.leases import HeldLease, LeaseLost, LeaseTaken, held
from rapport.workspace.scores.realtime.batch import Batch, RealTime

LEASE = "real time"
_LEASE_SECONDS = 20.0
_PAUSE_SECONDS = 0.15  # between two looks where nothing waits
_WAIT_SECONDS = 2.0
_TELL_SECONDS, _IDLE_TELL_SECONDS = 5.0, 60.0
_LAGS = 20_000
_COLLECT_EVERY = 50  # batches; the collector would walk the compiled queries after every thousand rows
_log = logging.getLogger(__name__)


def run_real_time(stop: threading.Event) -> int:
    """Score what happens until `stop`; how many batches. Waits while another process does so."""
    count = 0
    while not stop.is_set():
        try:
            with held(LEASE, seconds=_LEASE_SECONDS) as lease:
                count += _Loop(lease, stop).run()
        except (LeaseTaken, LeaseLost):
            stop.wait(_WAIT_SECONDS)
        except OperationalError:
            _log.warning("The database refused; trying again.", exc_info=True)
            stop.wait(_WAIT_SECONDS)
    return count


class _Loop:
    """Turns while the lease is held."""

    def __init__(self, lease: HeldLease, stop: threading.Event) -> None:
        self._lease, self._stop = lease, stop
        self._lags: deque[float] = deque(maxlen=_LAGS)
        self._last = Batch()
        self._told_at = timezone.now() - timedelta(days=1)

    def run(self) -> int:
        real_time, count = RealTime(), 0
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            while not self._stop.is_set():
                count += self._turn(real_time)
                if count % _COLLECT_EVERY == 0:
                    gc.collect()
        finally:
            gc.enable()
            real_time.close()
        return count

    def _turn(self, real_time: RealTime) -> bool:
        if connection.vendor != "sqlite":  # whose pages would have to be read anew
            close_old_connections()
        batch = real_time.turn(self._lease)
        if batch.marks:
            self._last = batch
            self._lags.extend(batch.lags)
            _log.debug("%d marks in %.3f s: %s", batch.marks, batch.seconds, batch.by_part)
        answered = answer_crossings(now=timezone.now())
        self._tell()
        if not batch.marks and not answered:
            self._stop.wait(_PAUSE_SECONDS)
        return bool(batch.marks)

    def _tell(self) -> None:
        """Keep for people how it goes, now and then."""
        now, at = timezone.now(), self._last.at
        if now - self._told_at < timedelta(seconds=_TELL_SECONDS if at and at > self._told_at else _IDLE_TELL_SECONDS):
            return
        self._told_at = now
        lags = np.array(self._lags) if self._lags else None
        told = {
            "subjects": self._last.subjects,
            "seconds": self._last.seconds,
            "lag_p50_s": None if lags is None else float(np.quantile(lags, 0.5)),
            "lag_p95_s": None if lags is None else float(np.quantile(lags, 0.95)),
            "seen_at": now,
        }
        if at is not None:
            told["last_batch_at"] = at
        RealTimeState.objects.update_or_create(id=1, defaults=told)
