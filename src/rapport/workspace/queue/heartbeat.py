"""A sign of life given in the background while long work runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import DatabaseError, connection

_log = logging.getLogger(__name__)


@contextmanager
def heartbeat(beat: Callable[[], None], *, every: float) -> Iterator[None]:
    """Call `beat` every so many seconds, in a thread with a database connection of its own, while the block runs.

    A beat that fails is logged; the next may succeed. What the beats protect is confirmed again where it matters.
    """
    stop = threading.Event()
    thread = threading.Thread(target=_beat_until, args=(stop, beat, every), name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _beat_until(stop: threading.Event, beat: Callable[[], None], every: float) -> None:
    try:
        while not stop.wait(every):
            try:
                beat()
            except DatabaseError:
                _log.warning("A sign of life could not be written.", exc_info=True)
            except Exception:
                _log.exception("What the signs of life were for is lost.")
                return
    finally:
        connection.close()
