"""Who wants to know of changed scores: rooms above register here and are told in the transaction that writes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rapport.workspace.scores.models import CurrentScore, ReadinessEvent, ScoreRun
from rapport.workspace.scores.scored import Scored


@dataclass(frozen=True, kw_only=True)
class Change:
    """A score that differs from before.

    Attributes:
        before: what was kept until now; None for the first score of a subject.
        ready_since: since when the subject is ready now; None while it is not.
        event: that it has just become ready, or ceased to be; None otherwise.
    """

    before: CurrentScore | None
    after: Scored
    ready_since: datetime | None
    event: ReadinessEvent | None


Watcher = Callable[[ScoreRun, str, Sequence[Change]], None]
_WATCHERS: list[Watcher] = []


def watch(watcher: Watcher) -> None:
    """Have `watcher(run, subject, changes)` called for every chunk of changes, before they are committed."""
    if watcher not in _WATCHERS:
        _WATCHERS.append(watcher)


def tell_watchers(run: ScoreRun, subject: str, changes: Sequence[Change]) -> None:
    if changes:
        for watcher in _WATCHERS:
            watcher(run, subject, changes)
