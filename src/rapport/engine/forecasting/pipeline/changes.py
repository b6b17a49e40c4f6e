"""What changed between two forecasts of one period: deals won, lost, begun, moved on, and the time that passed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rapport.engine.forecasting.pipeline.told import ClosedDeal, OpenDeal, PipelineForecast

_SAME = 0.005  # of money: less is no other amount


class Why(StrEnum):
    """Why the forecast is another one."""

    WON = "won"
    LOST = "lost"
    NEW = "new"
    MOVED = "moved"
    AMOUNT = "amount"
    WAITED = "waited"  # in the same stage with the same amount: older, and less time is left
    TO_COME = "to come"  # deals that have not begun
    OTHER = "other"  # corrections of what was known before; deals handed over


@dataclass(frozen=True, kw_only=True)
class DealChange:
    """One deal: what it was expected to bring then and now (a won one: what it brought). stage: from and to."""

    id: str
    why: Why
    before: float
    now: float
    stages: tuple[str | None, str | None] = (None, None)

    @property
    def difference(self) -> float:
        return self.now - self.before


@dataclass(frozen=True, kw_only=True)
class Changes:
    """Attributes: before and now, the expectations; sums by reason, which add up to their difference; counts of deals;
    deals, the largest differences first."""

    before: float
    now: float
    sums: dict[Why, float]
    counts: dict[Why, int]
    deals: tuple[DealChange, ...]


def changes(before: PipelineForecast, now: PipelineForecast) -> Changes:
    """Both of one period, the first made up to a month earlier."""
    then = {deal.id: deal for deal in before.deals}
    found = [_closed(deal, then, before) for deal in now.closed if deal.closed > before.as_of]
    found += [_open(deal, then.get(deal.id), before) for deal in now.deals]
    told = [change for change in found if change is not None]
    sums = {why: sum(c.difference for c in told if c.why is why) for why in Why}
    sums[Why.TO_COME] = now.whole.of_new - before.whole.of_new
    expected = before.whole.total.expected, now.whole.total.expected
    sums[Why.OTHER] += expected[1] - expected[0] - sum(sums.values())
    return Changes(
        before=expected[0],
        now=expected[1],
        sums=sums,
        counts={why: sum(c.why is why for c in told) for why in Why},
        deals=tuple(sorted(told, key=lambda c: -abs(c.difference))),
    )


def _closed(deal: ClosedDeal, then: dict[str, OpenDeal], before: PipelineForecast) -> DealChange | None:
    known = then.get(deal.id)
    expected = known.expected if known else 0.0
    if known is None and deal.began <= before.as_of:
        return None
    return DealChange(
        id=deal.id,
        why=Why.WON if deal.won else Why.LOST,
        before=expected,
        now=deal.amount if deal.won and deal.within else 0.0,
        stages=(known.stage if known else None, None),
    )


def _open(deal: OpenDeal, known: OpenDeal | None, before: PipelineForecast) -> DealChange | None:
    if known is None:
        why = Why.NEW if deal.began > before.as_of else Why.OTHER
        return DealChange(id=deal.id, why=why, before=0.0, now=deal.expected, stages=(None, deal.stage))
    moved, other = known.stage != deal.stage, abs(known.amount - deal.amount) > _SAME and not deal.assumed
    why = Why.MOVED if moved else Why.AMOUNT if other else Why.WAITED
    return DealChange(id=deal.id, why=why, before=known.expected, now=deal.expected, stages=(known.stage, deal.stage))
