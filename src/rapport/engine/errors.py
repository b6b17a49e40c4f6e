"""Errors for the person who must act.

    RapportError
    |-- DefinitionError    what was asked for is wrong: a score, metric, mapping or setting
    |-- DataError          the data at hand cannot answer
    |   |-- MissingTable
    |   `-- MissingColumn
    |-- EngineCannot       the engine at hand cannot do it
    `-- InternalError      ours to fix

Each says what, where, what was received, what is allowed and what to do next; the parts are
attributes, so that pages and tests need not parse text.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class RapportError(Exception):
    """A failure told in parts.

    Attributes: what (a sentence), where (path or place), received, allowed, next_step; retryable.
    """

    retryable = False

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        received: object = None,
        allowed: Iterable[str] | str | None = None,
        next_step: str | None = None,
    ) -> None:
        self.what = what
        self.where = where
        self.received = received
        self.allowed = allowed if isinstance(allowed, str) or allowed is None else tuple(allowed)
        self.next_step = next_step
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        """All parts in one line or two, for people."""
        parts = [f"{self.where}: {self.what}" if self.where else self.what]
        if self.received is not None:
            parts.append(f"Received: {_shown(self.received)}.")
        if self.allowed:
            parts.append(f"Allowed: {self.allowed if isinstance(self.allowed, str) else ', '.join(self.allowed)}.")
        if (guess := self.guess) is not None:
            parts.append(f"Did you mean {guess!r}?")
        if self.next_step:
            parts.append(self.next_step)
        return " ".join(parts)

    @property
    def guess(self) -> str | None:
        """The allowed value nearest to the received one, if any is near."""
        if not isinstance(self.received, str) or not isinstance(self.allowed, tuple):
            return None
        near = get_close_matches(self.received, self.allowed, n=1)
        return near[0] if near and near[0] != self.received else None


class DefinitionError(RapportError):
    """What was asked for is wrong: a score, metric, mapping or setting."""


class DataError(RapportError):
    """The data at hand cannot answer."""


class MissingTable(DataError):
    """A table that is needed is not there."""

    def __init__(self, table: str, *, needed_by: str, present: Iterable[str] = ()) -> None:
        self.table = table
        self.needed_by = needed_by
        super().__init__(
            f"{needed_by} needs the table {table}, which no source fills.",
            allowed=sorted(present) or None,
            next_step=f"Import {table}, or leave out what needs it.",
        )


class MissingColumn(DataError):
    """A column that is needed is not there."""

    def __init__(self, path: str, *, needed_by: str, present: Iterable[str] = ()) -> None:
        self.path = path
        self.needed_by = needed_by
        super().__init__(
            f"{needed_by} needs {path}, which no source maps.",
            received=path.split(".")[-1],
            allowed=sorted(present) or None,
            next_step="Map it under Data > Sources, or leave out what needs it.",
        )


class EngineCannot(RapportError):
    """The engine at hand cannot do it; another may."""


class InternalError(RapportError):
    """Ours to fix."""


def _shown(value: object, limit: int = 120) -> str:
    shown = repr(value)
    return shown if len(shown) <= limit else f"{shown[:limit]}... ({len(shown):,} characters)"
