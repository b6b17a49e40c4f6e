"""The book of deals as known at an instant: plain arrays, from which everything else is worked out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def in_days(at: datetime) -> float:
    """An instant as days since 1970 in UTC."""
    return (at - _EPOCH) / timedelta(days=1)


def instant(days: float) -> datetime:
    return _EPOCH + timedelta(days=days)


@dataclass(frozen=True, kw_only=True)
class Visits:
    """One entry per stay of a deal in a stage, by deal and then time.

    Attributes: deal, its place in the book; state, the stage's place in `Book.states`; entered, left in days.
    """

    deal: Whole
    state: Whole
    entered: Floats
    left: Floats


@dataclass(frozen=True, kw_only=True)
class Book:
    """One entry per deal, as known at `at` (days since 1970, as all instants here).

    Attributes:
        created, closed: closed is nan while the deal is open.
        won: closed and won.
        amount: in the base currency; nan where none is known.
        state: the stage it is in (or closed from), a place in `states`.
        owner, pipeline, stage, category: text, None where unknown.
        due: the expected close, nan where there is none.
        entry: the state in which it began.
        observed_from: before this day closes were not recorded; time before it teaches nothing.
        has_stages: whether stage history was there to learn from.
    """

    at: float
    ids: Texts
    created: Floats
    closed: Floats
    won: Flags
    amount: Floats
    state: Whole
    entry: Whole
    owner: Texts
    pipeline: Texts
    stage: Texts
    category: Texts
    due: Floats
    states: tuple[str, ...]
    visits: Visits
    observed_from: float
    has_stages: bool
    amounts_missing: int = 0
    amounts_unconverted: int = 0
    closes_undated: int = 0

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def is_open(self) -> Flags:
        return np.isnan(self.closed)

    def won_between(self, start: float, end: float) -> Flags:
        return np.asarray(self.won & (self.closed >= start) & (self.closed < end))

    def until(self, at: float) -> Book:
        """The book as it stood earlier: later deals gone, later closes undone, later visits cut.

        Amounts stay as they are known now; `backtest` reads the book anew where that matters.
        """
        kept = self.created <= at
        place = np.cumsum(kept) - 1
        stood = kept[self.visits.deal] & (self.visits.entered <= at)
        visits = Visits(
            deal=place[self.visits.deal[stood]],
            state=self.visits.state[stood],
            entered=self.visits.entered[stood],
            left=np.minimum(self.visits.left[stood], at),
        )
        closed = np.where(self.closed <= at, self.closed, np.nan)[kept]
        state = self.entry[kept].copy()
        state[visits.deal] = visits.state  # the last visit of each deal is written last
        stage = np.array(self.states, dtype=object)[state] if self.has_stages else self.stage[kept]
        per_deal = ("ids", "created", "amount", "entry", "owner", "pipeline", "category", "due")
        return replace(
            self,
            at=at,
            closed=closed,
            won=self.won[kept] & ~np.isnan(closed),
            state=state,
            stage=stage,
            visits=visits,
            **{name: getattr(self, name)[kept] for name in per_deal},
        )
