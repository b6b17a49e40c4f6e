"""What each deal is expected to bring in a stretch of days, and what deals will bring that have not begun."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rapport.engine.errors import DataError
from rapport.engine.forecasting.pipeline.amounts import Amounts, amounts
from rapport.engine.forecasting.pipeline.book import Book, Flags, Floats, Texts, Whole
from rapport.engine.forecasting.pipeline.chances import Chances, chances
from rapport.engine.forecasting.pipeline.hazards import Rates
from rapport.engine.forecasting.pipeline.learning import Learnt, level, run_rate_days, run_rate_wins
from rapport.engine.forecasting.pipeline.reading import NEEDED_BY

MOST_LIKELY = 0.98  # no chance is told above this
_SHORTEST_DAYS = 0.5  # what is left of a day decides nothing


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Days since 1970: from `start` up to `end`, of which what lies after now is to come."""

    start: float
    end: float

    def ahead(self, now: float) -> tuple[float, float]:
        return max(self.start, now), max(self.end, now)


@dataclass(frozen=True, kw_only=True)
class Groups:
    """Owners within pipelines, the finest parts whose sums make the whole.

    Attributes: of_deal, each deal's group; owner, pipeline of each group; share, of deals that begin.
    """

    of_deal: Whole
    owner: Texts
    pipeline: Texts
    share: Floats

    def __len__(self) -> int:
        return len(self.owner)


@dataclass(frozen=True, kw_only=True)
class Won:
    """Chances to be won within a stretch: of each cell of open deals, and wins of a day's beginners by state."""

    cells: Floats
    new: Floats


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """Attributes:
    open: places of open deals in the book; cell of each, and the cell's state and age.
    chance: of being won in the stretch, level applied; amount: known or, `assumed`, typical of the group.
    new_wins: of deals that will begin, by group; new_amount: what one brings.
    level: what chances by hazards alone were multiplied by.
    """

    stretch: Stretch
    groups: Groups
    amounts: Amounts
    open: Whole
    cell: Whole
    cell_state: Whole
    cell_age: Floats
    chance: Floats
    amount: Floats
    assumed: Flags
    new_wins: Floats
    level: float

    @property
    def expected(self) -> Floats:
        """Of each open deal, in the base currency."""
        return self.chance * self.amount

    @property
    def of_group(self) -> Floats:
        """Expected from open and from new deals, by group."""
        of_open = np.bincount(self.groups.of_deal[self.open], self.expected, minlength=len(self.groups))
        return of_open + self.new_of_group

    @property
    def new_of_group(self) -> Floats:
        return self.new_wins * self.amounts.of_group


def groups_of(book: Book) -> Groups:
    keys = [(p or "", o or "") for p, o in zip(book.pipeline, book.owner, strict=True)]
    names = sorted(set(keys))
    places = {key: i for i, key in enumerate(names)}
    of_deal = np.array([places[key] for key in keys], dtype=np.int64)
    recent = book.created >= book.at - run_rate_days(book)
    used = recent if recent.any() else np.ones(len(book), bool)
    count = np.bincount(of_deal[used], minlength=len(names)).astype(float)
    return Groups(
        of_deal=of_deal,
        owner=np.array([o or None for _, o in names], dtype=object),
        pipeline=np.array([p or None for p, _ in names], dtype=object),
        share=count / count.sum(),
    )


def outlook(book: Book, known: Learnt, stretch: Stretch) -> Outlook:
    """Raises: DataError where no deal at all has an amount."""
    groups = groups_of(book)
    found = _amounts(book, groups)
    still = np.flatnonzero(book.is_open)
    age = np.minimum(np.floor(book.at - book.created[still]), 1_000.0)
    cells, cell = np.unique(np.stack([book.state[still], age]), axis=1, return_inverse=True)
    state, ages = cells[0].astype(np.int64), cells[1] + 0.5
    won = won_within(known.hazards.mean, book.at, stretch, state, ages)
    hazard = float(won.cells[cell].sum() + won.new @ known.arrivals)
    first, end = stretch.ahead(book.at)
    pace = run_rate_wins(book, known.hazards.mean, start=first, days=end - first) if end > first else 0.0
    factor = level(hazard, pace, known.weight)
    own = book.amount[still]
    group = groups.of_deal[still]
    return Outlook(
        stretch=stretch,
        groups=groups,
        amounts=found,
        open=still,
        cell=cell.reshape(-1),
        cell_state=state,
        cell_age=ages,
        chance=np.minimum(won.cells[cell.reshape(-1)] * factor, MOST_LIKELY),
        amount=np.where(np.isnan(own), found.of_group[group], np.maximum(own, 0.0)),
        assumed=np.isnan(own),
        new_wins=float(won.new @ known.arrivals) * factor * groups.share,
        level=factor,
    )


def won_within(rates: Rates, now: float, stretch: Stretch, state: Whole, age: Floats) -> Won:
    """Chances by hazards alone; of a stretch that begins later, up to its end less up to its start."""
    start, end = stretch.ahead(now)
    until_end, before = (_until(rates, now, until, state, age) for until in (end, start))
    if until_end is None:
        return Won(cells=np.zeros((*rates.won.shape[:-2], len(state))), new=np.zeros(rates.won.shape[:-1]))
    if before is None:
        return until_end
    return Won(cells=np.maximum(until_end.cells - before.cells, 0.0), new=np.maximum(until_end.new - before.new, 0.0))


def _until(rates: Rates, now: float, end: float, state: Whole, age: Floats) -> Won | None:
    if end - now < _SHORTEST_DAYS:
        return None
    found: Chances = chances(rates, start=now, days=end - now)
    return Won(cells=found.won[..., state, found.place(age)], new=found.of_new)


def _amounts(book: Book, groups: Groups) -> Amounts:
    found = amounts(book, groups.of_deal, len(groups))
    if found.count:
        return found
    open_ones = book.amount[~np.isnan(book.amount)]
    if not len(open_ones):
        raise DataError(
            "No deal has an amount in the base currency.",
            where=NEEDED_BY,
            next_step="Map deals.amount and its currency.",
        )
    mean = float(open_ones.mean())
    return Amounts(mean=mean, variance=mean**2, of_group=np.full(len(groups), mean), count=0)
