"""Does acting pay? Each arm of an action against those held out from it, by intention to treat.

Everybody counts in the arm that chance put them in, whether or not the action reached them, so nothing but chance
and the action can be behind a difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rapport.engine.evaluation.holdout.power import needed, smallest_seen
from rapport.engine.evaluation.holdout.rates import (
    Estimate,
    Pair,
    Tally,
    at_any_time,
    bootstrapped,
    lift,
    mean_difference,
    rate_difference,
)
from rapport.engine.evaluation.holdout.shapes import Arm, Design, Effect, HoldoutReport
from rapport.engine.evaluation.holdout.shares import Drawn, ratio_check
from rapport.engine.evaluation.holdout.verdict import verdict
from rapport.engine.statistics.auc import Floats

__all__ = ["Arm", "Design", "Effect", "HoldoutReport", "holdout_report"]

CHANCE = 0.05
_WORTH_KNOWING = 0.2  # of the control's rate, where nobody said what difference is worth knowing
_EVERYONE = ""


def holdout_report(arms: Sequence[Arm], design: Design, *, now: datetime, seed: int = 0) -> HoldoutReport:
    """Each arm against the control.

    Before `design.due_at` nothing is claimed unless an interval that holds however often one looks leaves 0 out.
    With several arms a claim must hold at 5 % over all of them (Bonferroni); the intervals shown are 95 % each.
    Parameters: arms, the control among them; seed, of the bootstrap.
    """
    control = next(arm for arm in arms if arm.name == design.control)
    others = [arm for arm in arms if arm is not control]
    ratio = ratio_check(_drawn(arms, design))
    early = design.due_at is not None and now < design.due_at
    effects = tuple(
        _effect(arm, control, design, early=early, broken=ratio.broken, chance=CHANCE / len(others), seed=seed)
        for arm in others
    )
    return HoldoutReport(
        now=now,
        control=design.control,
        due_at=design.due_at,
        early=early,
        waiting=design.waiting,
        ratio=ratio,
        effects=effects,
        notes=tuple(_notes(others, design, early=early)),
    )


def _strata(arms: Sequence[Arm]) -> list[str]:
    return sorted({s for arm in arms for s in arm.strata}) or [_EVERYONE]


def _drawn(arms: Sequence[Arm], design: Design) -> list[Drawn]:
    return [
        Drawn(
            counts={arm.name: int(arm.of(stratum).sum()) for arm in arms},
            shares=design.shares.get(stratum) or design.shares[_EVERYONE],
        )
        for stratum in _strata(arms)
    ]


def _effect(arm: Arm, control: Arm, design: Design, *, early: bool, broken: bool, chance: float, seed: int) -> Effect:
    strata = [s for s in _strata([arm, control]) if arm.of(s).any() and control.of(s).any()]
    arm, control = arm.within(strata), control.within(strata)
    reached = None if arm.reached is None else int(arm.reached.sum())
    pairs = [Pair(treated=_tally(arm, s), control=_tally(control, s)) for s in strata]
    difference = rate_difference(pairs)
    claimed = rate_difference(pairs, confidence=1 - chance)
    any_time = (
        at_any_time(difference, share_of_planned=design.reached, confidence=1 - chance)
        if early and difference
        else None
    )
    spent = _revenue(arm, control, strata)
    revenue = mean_difference(spent)
    cost = None if arm.cost is None else arm.cost * (arm.n if reached is None else reached)
    incremental = _times(difference, arm.n)
    rate = control.converted.mean() if control.n else None
    least = design.least_effect or (_WORTH_KNOWING * float(rate) if rate else None)
    more = _more_needed(arm, control, rate, least)
    smallest = smallest_seen(float(rate), treated=arm.n, control=control.n) if rate else None
    return Effect(
        arm=arm.name,
        n=arm.n,
        control_n=control.n,
        events=int(arm.converted.sum()),
        control_events=int(control.converted.sum()),
        rate=float(arm.converted.mean()) if arm.n else None,
        control_rate=None if rate is None else float(rate),
        reached=reached,
        difference=difference,
        any_time=any_time,
        lift=lift(_tally_all(arm), _tally_all(control)) if len(strata) == 1 else None,
        incremental=incremental,
        revenue=revenue,
        revenue_bootstrap=bootstrapped(spent, seed=seed),
        incremental_revenue=_times(revenue, arm.n),
        cost=cost,
        cost_per_incremental=cost / incremental.value if cost and incremental and incremental.value > 0 else None,
        cost_per_incremental_range=_cost_range(cost, incremental),
        least_effect=least,
        more_needed=more,
        smallest_seen=smallest,
        verdict=verdict(
            arm.name,
            difference=any_time or claimed,
            shown=difference,
            incremental=incremental,
            early=early,
            broken=broken,
            due_at=design.due_at,
            waiting=design.waiting,
            more_needed=more,
            least_effect=least,
            smallest_seen=smallest,
        ),
    )


def _tally(arm: Arm, stratum: str) -> Tally:
    here = arm.converted[arm.of(stratum)]
    return Tally(n=len(here), events=int(here.sum()))


def _tally_all(arm: Arm) -> Tally:
    return Tally(n=arm.n, events=int(arm.converted.sum()))


def _revenue(arm: Arm, control: Arm, strata: Sequence[str]) -> list[tuple[Floats, Floats]]:
    if arm.revenue is None or control.revenue is None:
        return []
    return [(arm.revenue[arm.of(s)], control.revenue[control.of(s)]) for s in strata]


def _times(found: Estimate | None, n: int) -> Estimate | None:
    if found is None:
        return None
    return Estimate(value=found.value * n, low=found.low * n, high=found.high * n, error=found.error * n)


def _cost_range(cost: float | None, incremental: Estimate | None) -> tuple[float, float] | None:
    if not cost or incremental is None or incremental.low <= 0:
        return None
    return cost / incremental.high, cost / incremental.low


def _more_needed(arm: Arm, control: Arm, rate: float | None, least: float | None) -> int | None:
    total = arm.n + control.n
    if not rate or not least or not total or not control.n:
        return None
    wanted = needed(float(rate), least, held_out=control.n / total)
    return None if wanted is None else max(0, wanted - total)


def _notes(others: Sequence[Arm], design: Design, *, early: bool) -> list[str]:
    told = []
    if early and design.due_at is not None:
        told.append(
            f"It runs until {design.due_at:%Y-%m-%d}. Until then intervals allow for looking more than once, "
            "and are wider."
        )
    if design.waiting:
        told.append(f"{design.waiting:,} more were assigned; their windows are not over and they do not count yet.")
    if len(others) > 1:
        told.append(f"With {len(others)} arms a claim must hold at 5 % over all of them; the intervals are 95 % each.")
    if len(design.shares) > 1:
        told.append("Shares differ by band, so groups are compared within bands.")
    return told
