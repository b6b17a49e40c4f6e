"""Readers hold the lake's files; only vacuum, which deletes files, waits for them.

The lock is the kernel's (flock on `folder/.readers`): it ends with the process, however that ends.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rapport.engine.execution.lake_errors import LakeInUse

_POLL_SECONDS = 0.05


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """No file of the lake is deleted while the block runs."""
    with _open(folder) as handle:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield


@contextmanager
def alone(folder: Path, *, wait: float) -> Iterator[None]:
    """Nobody reads while the block runs. Raises LakeInUse after `wait` seconds of waiting for readers."""
    deadline = time.monotonic() + wait
    with _open(folder) as handle:
        while not _locked(handle):
            if time.monotonic() >= deadline:
                raise LakeInUse(str(folder), seconds=wait)
            time.sleep(_POLL_SECONDS)
        yield


@contextmanager
def _open(folder: Path) -> Iterator[int]:
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / ".readers", os.O_RDWR | os.O_CREAT, 0o664)
    try:
        yield handle
    finally:
        os.close(handle)  # gives the lock back


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
