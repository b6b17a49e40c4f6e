"""A write transaction that begins soon after others leave room for it.

SQLite lets one write at a time, and whoever waits looks ever more seldom whether it is its turn (up to every tenth of
a second): beside a stream of short transactions it starves. Here it looks every millisecond.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

_LOOK_SECONDS = 0.001
_LONGEST_SECONDS = 20.0


@contextmanager
def prompt_transaction() -> Iterator[None]:
    """`transaction.atomic()`, begun promptly. Raises OperationalError where the database stays locked for 20 s."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    block = transaction.atomic()
    _enter(block)
    try:
        yield
    except BaseException as error:
        block.__exit__(type(error), error, error.__traceback__)
        raise
    else:
        block.__exit__(None, None, None)


def _enter(block: transaction.Atomic) -> None:
    connection.ensure_connection()
    usual = int(1000 * connection.settings_dict["OPTIONS"].get("timeout", 5))
    until = time.monotonic() + _LONGEST_SECONDS
    _busy_timeout(0)
    try:
        while True:
            try:
                block.__enter__()
            except OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > until:
                    raise
                time.sleep(_LOOK_SECONDS)
            else:
                return
    finally:
        _busy_timeout(usual)


def _busy_timeout(milliseconds: int) -> None:
    connection.connection.execute(f"PRAGMA busy_timeout = {milliseconds}")
