"""Who this process is, so that what it left behind when it was killed can be told from what it still holds."""

from __future__ import annotations

import os
import socket
from functools import lru_cache
from pathlib import Path

import psutil


def worker_identity() -> str:
    """`host/process space/pid/start`: unique to this process, also after its number is given to another."""
    return _identity(os.getpid())


def has_ended(identity: str) -> bool:
    """True where the process is known to have ended; False where it lives or cannot be seen from here."""
    place, _, process = identity.rpartition("/")
    host_and_space, _, pid = place.rpartition("/")
    if host_and_space != _place() or not pid.isdigit():
        return False
    return _started(int(pid)) != process


@lru_cache(maxsize=8)
def _identity(pid: int) -> str:
    return f"{_place()}/{pid}/{_started(pid)}"


@lru_cache(maxsize=1)
def _place() -> str:
    """The host and its process name space: a container sees only its own processes."""
    space = Path("/proc/self/ns/pid")
    return f"{socket.gethostname()}/{space.readlink() if space.is_symlink() else ''}"


def _started(pid: int) -> str | None:
    """When a living process started, in hundredths of a second; None for one that has ended."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return f"{process.create_time():.2f}"
    except psutil.NoSuchProcess:
        return None
