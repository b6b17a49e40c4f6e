"""The forecast of a period's won deals: expected with bands, its parts, its path, and what it is shown beside."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from rapport.engine.crm.as_of import AsOf
from rapport.engine.forecasting.bands import bands_of
from rapport.engine.forecasting.pipeline.benchmarks import Benchmarks, benchmarks, won_so_far
from rapport.engine.forecasting.pipeline.book import Book, Flags, Floats, in_days, instant
from rapport.engine.forecasting.pipeline.draws import FUTURES, SEED, drawn
from rapport.engine.forecasting.pipeline.learning import Learnt, learnt
from rapport.engine.forecasting.pipeline.outlook import Outlook, Stretch, outlook
from rapport.engine.forecasting.pipeline.reading import StandIns, read_book, teams_of
from rapport.engine.forecasting.pipeline.told import ClosedDeal, OpenDeal, Part, PipelineForecast, Step
from rapport.engine.metrics.period import Period
from rapport.engine.runner import Runner

VERSION = 1
_PATH_POINTS = 7
_PATH_FUTURES = 4_000
_FEW_WINS = 30
_LATELY_DAYS = 31.0
DIMENSIONS = ("owner", "team", "pipeline")


def pipeline_forecast(
    view: AsOf,
    *,
    period: Period,
    runner: Runner,
    owners: Collection[str | None] | None = None,
    futures: int = FUTURES,
    seed: int = SEED,
    path: bool = True,
    stand_ins: StandIns = StandIns.NONE,
) -> PipelineForecast:
    """What will be won in the period, from what is known at the view's instant.

    Parameters:
        owners: only these owners' deals (None among them: deals of no one); learnt from all deals all the same.
        path: whether to tell how the sum grows; stand_ins: for what was recorded later only (`StandIns`).
    Raises: DataError where no deal or no amount is known; MissingTable without deals.
    Executes three queries. Source: competing-risk hazards (Kalbfleisch & Prentice 2002, ch. 8) by stage and age.
    """
    book = read_book(view, runner=runner, stand_ins=stand_ins)
    start, end = (in_days(at) for at in period.instants(view.snapshot.time_zone))
    teams = teams_of(view, sorted({o for o in book.owner if o}), runner=runner)
    return forecast_of_book(
        book,
        learnt(book),
        Stretch(start=start, end=end),
        period=period,
        currency=view.snapshot.currency,
        teams=teams,
        owners=owners,
        futures=futures,
        seed=seed,
        path=path,
    )


def forecast_of_book(
    book: Book,
    known: Learnt,
    stretch: Stretch,
    *,
    period: Period,
    currency: str,
    teams: dict[str, str] | None = None,
    owners: Collection[str | None] | None = None,
    futures: int = FUTURES,
    seed: int = SEED,
    path: bool = True,
) -> PipelineForecast:
    """The same of a book at hand; path: whether to tell how the sum grows."""
    found = outlook(book, known, stretch)
    kept = _kept(found, owners)
    cut = _Cut(
        book=book,
        found=found,
        beside=benchmarks(book, found),
        drawn=drawn(book, known, found, futures=futures, seed=seed),
    )
    keys = {"owner": found.groups.owner, "pipeline": found.groups.pipeline}
    keys["team"] = np.array([(teams or {}).get(o or "") for o in found.groups.owner], dtype=object)
    shown = kept[found.groups.of_deal[found.open]]
    return PipelineForecast(
        period=period,
        as_of=instant(book.at),
        currency=currency,
        whole=cut.part(None, kept),
        parts={name: cut.parts(keys[name], kept) for name in DIMENSIONS},
        path=_path(book, known, stretch, kept, seed) if path else (),
        deals=_deals(book, found, shown),
        closed=_closed(book, found, kept),
        weight=known.weight,
        level=found.level,
        noise=known.noise,
        tried=known.tried,
        learnt_from=known.hazards.won_count + known.hazards.lost_count,
        notes=_notes(book, known, found),
    )


def _kept(found: Outlook, owners: Collection[str | None] | None) -> Flags:
    if owners is None:
        return np.ones(len(found.groups), bool)
    return np.array([owner in owners for owner in found.groups.owner], bool)


@dataclass(frozen=True, kw_only=True)
class _Cut:
    """Everything by group, to be added up over some of them."""

    book: Book
    found: Outlook
    beside: Benchmarks
    drawn: Floats

    def part(self, value: str | None, some: Flags) -> Part:
        won = float(won_so_far(self.book, self.found, self.found.stretch)[some].sum())
        both, new = float(self.found.of_group[some].sum()), float(self.found.new_of_group[some].sum())
        beside = {name: float(getattr(self.beside, name)[some].sum()) for name in self.beside.__dataclass_fields__}
        told = {name: None if np.isnan(amount) else amount for name, amount in beside.items()}
        return Part(
            value=value,
            total=bands_of(self.drawn[:, some].sum(1) + won, expected=won + both),
            won=won,
            of_open=both - new,
            of_new=new,
            **told,  # type: ignore[arg-type]  # only commit and best_case are ever nan
        )

    def parts(self, key: np.ndarray, kept: Flags) -> tuple[Part, ...]:
        values = sorted(set(key[kept].tolist()), key=lambda k: (k is None, k or ""))
        found = [self.part(value, kept & np.array([k == value for k in key], bool)) for value in values]
        return tuple(sorted(found, key=lambda part: -part.total.expected))


def _path(book: Book, known: Learnt, stretch: Stretch, kept: Flags, seed: int) -> tuple[Step, ...]:
    """What was won at evenly spaced instants before now, and what will have been at those to come."""
    steps = []
    for end in _ends(book.at, stretch):
        found = outlook(book, known, Stretch(start=stretch.start, end=end))
        won = float(won_so_far(book, found, found.stretch)[kept].sum())
        if end <= book.at:
            total = bands_of(np.array([won]))
        else:
            draws = drawn(book, known, found, futures=_PATH_FUTURES, seed=seed)[:, kept].sum(1) + won
            total = bands_of(draws, expected=won + float(found.of_group[kept].sum()))
        steps.append(Step(at=instant(end), total=total))
    return tuple(steps)


def _ends(now: float, stretch: Stretch) -> list[float]:
    past, ahead = np.zeros(0), np.zeros(0)
    if now > stretch.start:
        past = np.linspace(stretch.start, min(now, stretch.end), _PATH_POINTS)[1:]
    first = max(now, stretch.start)
    if stretch.end > first:
        ahead = np.linspace(first, stretch.end, _PATH_POINTS)[1:]
    return [stretch.start, *past.tolist(), *ahead.tolist()]


def _deals(book: Book, found: Outlook, shown: Flags) -> tuple[OpenDeal, ...]:
    order = np.argsort(-found.expected, kind="stable")
    return tuple(
        OpenDeal(
            id=str(book.ids[found.open[i]]),
            stage=book.stage[found.open[i]],
            began=instant(book.created[found.open[i]]),
            chance=float(found.chance[i]),
            amount=float(found.amount[i]),
            assumed=bool(found.assumed[i]),
        )
        for i in order
        if shown[i]
    )


def _closed(book: Book, found: Outlook, kept: Flags) -> tuple[ClosedDeal, ...]:
    lately = np.flatnonzero((book.closed >= book.at - _LATELY_DAYS) & kept[found.groups.of_deal])
    usual = found.amounts.of_group[found.groups.of_deal]
    return tuple(
        ClosedDeal(
            id=str(book.ids[i]),
            won=bool(book.won[i]),
            within=bool(found.stretch.start <= book.closed[i] < found.stretch.end),
            closed=instant(book.closed[i]),
            began=instant(book.created[i]),
            amount=float(usual[i] if np.isnan(book.amount[i]) else book.amount[i]),
        )
        for i in lately[np.argsort(-book.closed[lately], kind="stable")]
    )


def _notes(book: Book, known: Learnt, found: Outlook) -> tuple[str, ...]:
    notes = []
    if known.hazards.won_count < _FEW_WINS:
        notes.append(f"Learnt from {known.hazards.won_count} won deals only: the bands are wide for good reason.")
    if not book.has_stages:
        notes.append("No stage history: deals are told apart by their age alone.")
    if (assumed := int(found.assumed.sum())) > 0:
        notes.append(f"{assumed:,} open deals have no amount; they count as what won deals of their owner bring.")
    if book.amounts_unconverted:
        notes.append(f"{book.amounts_unconverted:,} amounts are in a currency without a rate and count as unknown.")
    if book.closes_undated:
        notes.append(f"{book.closes_undated:,} closed deals have no day of closing and are left out.")
    if not known.tried:
        notes.append("Too little history to try the forecast on the past.")
    return tuple(notes)
