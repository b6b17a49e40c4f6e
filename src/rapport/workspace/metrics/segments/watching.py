"""Who wants to know of people entering and leaving segments: told in the transaction that writes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rapport.workspace.metrics.segments.models import Segment


@dataclass(frozen=True, kw_only=True)
class MembershipChange:
    """A subject that entered a segment, or left it.

    Attributes: is_past, whether it is told of an instant before the segment was made: history, nothing to act on.
    """

    subject_id: str
    entered: bool
    at: datetime
    is_past: bool = False


Watcher = Callable[[Segment, Sequence[MembershipChange]], None]
_WATCHERS: list[Watcher] = []


def watch(watcher: Watcher) -> None:
    """Have `watcher(segment, changes)` called for every chunk of changes, before they are committed."""
    if watcher not in _WATCHERS:
        _WATCHERS.append(watcher)


def forget(watcher: Watcher) -> None:
    if watcher in _WATCHERS:
        _WATCHERS.remove(watcher)


def tell_watchers(segment: Segment, changes: Sequence[MembershipChange]) -> None:
    if changes:
        for watcher in _WATCHERS:
            watcher(segment, changes)
