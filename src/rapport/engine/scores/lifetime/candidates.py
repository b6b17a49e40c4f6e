"""Which model of purchases: the one that tells best what was bought in the last stretch of time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from rapport.engine.runner import Runner
from rapport.engine.scores.lifetime.fitted import Candidate
from rapport.engine.scores.lifetime.models.choice import Candidate as Tried
from rapport.engine.scores.lifetime.models.choice import choose
from rapport.engine.scores.lifetime.models.groups import Floats, PurchaseGroups
from rapport.engine.scores.lifetime.spec import CustomerDefinition

CANDIDATES = ("mbg_nbd", "bg_nbd", "pareto_nbd")  # on a tie the earlier one is taken
ENOUGH_TO_CHOOSE = 30  # repeat buyers
_FALLBACK = "mbg_nbd"
_FAR_OFF = 0.3
_SHORTEST_HOLDOUT = 14
_MOST_TRIED = 50_000  # customers that models are tried on
_SEED = 20_050_501

Split = Callable[[int], ir.Table]
"""Customers' histories as they were some days ago, with what came after (`histories.split_histories`)."""


@dataclass(frozen=True)
class ModelChoice:
    """The model's name, what was tried on how many days, and what is to be said of it."""

    name: str
    tried: tuple[Candidate, ...] = ()
    days: int | None = None
    said: tuple[str, ...] = ()


def model_choice(definition: CustomerDefinition, groups: PurchaseGroups, split: Split, runner: Runner) -> ModelChoice:
    """The named model; else the one that tells best what was bought in the last third of the time (or horizon)."""
    if definition.model != "auto":
        return ModelChoice(definition.model)
    repeat, days = repeat_buyers(groups), min(definition.horizon_days, int(groups.T.max()) // 3)
    if repeat < ENOUGH_TO_CHOOSE or days < _SHORTEST_HOLDOUT:
        return _not_chosen(f"{repeat:,} repeat buyers in {int(groups.T.max()):,} days are too little")
    rows, later = counted_split(split, days, runner)
    share = min(1.0, _MOST_TRIED / max(rows.customers, 1.0))
    kept = np.random.default_rng(_SEED).binomial(rows.weight.astype(np.int64), share) if share < 1 else rows.weight
    some = kept > 0
    before = PurchaseGroups(rows.x[some], rows.t_x[some], rows.T[some], kept[some].astype(float))
    if repeat_buyers(before) < ENOUGH_TO_CHOOSE:
        return _not_chosen(f"Those who bought again before the last {days} days are too few")
    found = choose(before, later[some], horizon=float(days), names=CANDIDATES)
    return ModelChoice(found.best.name, tuple(_candidate(c) for c in found.candidates), days, _missed(found.best, days))


def _not_chosen(why: str) -> ModelChoice:
    return ModelChoice(_FALLBACK, said=(f"{why} to choose a model by: MBG/NBD is taken.",))


def _missed(best: Tried, days: int) -> tuple[str, ...]:
    """What is to be said where even the best model was far off, by more than chance would have it."""
    off = abs(best.expected - best.actual)
    if off <= _FAR_OFF * best.actual or off <= 3 * np.sqrt(best.expected + 1):
        return ()
    return (
        f"In the last {days} days {best.actual:,.0f} purchases came; the best model expected {best.expected:,.0f}. "
        "If purchases are renewals, score contracts; if they come at given times, use bg_bb.",
    )


def counted_split(split: Split, days: int, runner: Runner) -> tuple[PurchaseGroups, Floats]:
    """Histories as they were `days` ago, counted by what came after: groups, and each group's later purchases."""
    keys = ["x", "t_x", "age", "later"]
    rows = runner.to_arrow(split(days).group_by(keys).aggregate(n=lambda t: t.count()).order_by(keys))
    x, t_x, age, later, n = (floats(rows, name) for name in (*keys, "n"))
    return PurchaseGroups(x, t_x, age, n), later


def _candidate(tried: Tried) -> Candidate:
    return Candidate(
        name=tried.name,
        held_out=tried.held_out,
        expected=tried.expected,
        actual=tried.actual,
        mae=tried.mae or 0.0,
        warnings=tried.fit.warnings,
    )


def repeat_buyers(groups: PurchaseGroups) -> int:
    """Customers who bought on a second day."""
    return int(groups.weight[groups.x > 0].sum())


def floats(rows: pa.Table, name: str) -> Floats:
    """A column as floats."""
    return np.asarray(rows[name].to_numpy(), dtype=np.float64)
