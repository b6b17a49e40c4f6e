"""Leases: one process at a time, even where the one before was killed or only believed dead.

with held("lake", seconds=60, wait=30) as lease:
    with transaction.atomic():
        lease.confirm()      # in the same transaction as what it protects
        ...
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.db import DatabaseError, transaction
from django.utils import timezone

from rapport.engine.errors import RapportError
from rapport.workspace.queue.heartbeat import heartbeat
from rapport.workspace.queue.identity import has_ended, worker_identity
from rapport.workspace.queue.models import Lease

_POLL_SECONDS = 0.2
_in_hand: set[tuple[str, int]] = set()  # (name, fence) of what this process holds
_log = logging.getLogger(__name__)


class LeaseTaken(RapportError):
    """Another process holds the lease."""

    retryable = True

    def __init__(self, name: str, holder: str) -> None:
        self.name = name
        super().__init__(
            f"Another process is busy with {name}.", received=holder, next_step="Try again when it has finished."
        )


class LeaseLost(RapportError):
    """The lease went to another process, because this one did not confirm it in time."""

    retryable = True

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"Another process has taken over {name} from this one.", next_step="Try again.")


@dataclass(frozen=True)
class HeldLease:
    """A lease in hand, with its fencing number."""

    name: str
    fence: int
    seconds: float

    def confirm(self) -> None:
        """Hold on to it for another `seconds`, locking it until the transaction ends. Raises LeaseLost."""
        until = timezone.now() + timedelta(seconds=self.seconds)
        if not Lease.objects.filter(name=self.name, fence=self.fence).update(expires_at=until):
            raise LeaseLost(self.name)


@contextmanager
def held(name: str, *, seconds: float = 60, wait: float = 0) -> Iterator[HeldLease]:
    """Hold a lease while the block runs, renewed in the background.

    Parameters: seconds after which a silent holder may be replaced (at once, where it is seen to
    have ended); wait, how long to wait for another holder. Raises: LeaseTaken.
    """
    lease = _taken(name, seconds=seconds, wait=wait)
    _in_hand.add((name, lease.fence))
    try:
        with heartbeat(lease.confirm, every=seconds / 4):
            yield lease
    finally:
        _in_hand.discard((name, lease.fence))
        _give_back(lease)


def _give_back(lease: HeldLease) -> None:
    """A database that cannot be written (a full disk) must not hide why the work failed; the lease then runs out."""
    try:
        Lease.objects.filter(name=lease.name, fence=lease.fence).update(holder="", expires_at=None)
    except DatabaseError:
        _log.exception("The lease %s could not be given back.", lease.name)


def _taken(name: str, *, seconds: float, wait: float) -> HeldLease:
    deadline = time.monotonic() + wait
    Lease.objects.get_or_create(name=name)
    while True:
        fence, holder = _try(name, seconds)
        if fence is not None:
            return HeldLease(name, fence, seconds)
        if time.monotonic() >= deadline:
            raise LeaseTaken(name, holder)
        time.sleep(_POLL_SECONDS)


def _try(name: str, seconds: float) -> tuple[int | None, str]:
    """The new fencing number and the holder; no number where the lease is taken."""
    now = timezone.now()
    with transaction.atomic():
        row = Lease.objects.get(name=name)
        if row.expires_at is not None and row.expires_at > now and not _is_left_behind(row):
            return None, row.holder
        mine = Lease.objects.filter(name=name, fence=row.fence).update(
            fence=row.fence + 1, holder=worker_identity(), expires_at=now + timedelta(seconds=seconds)
        )
    return (row.fence + 1 if mine else None), row.holder


def _is_left_behind(row: Lease) -> bool:
    """Whether nobody holds it although it has not run out: its process ended, or this one could not give it back."""
    if row.holder == worker_identity():
        return (row.name, row.fence) not in _in_hand
    return not row.holder or has_ended(row.holder)
