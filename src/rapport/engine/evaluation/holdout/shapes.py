"""The shapes of a holdout report: what goes in (arms and design) and what comes out (effects)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from rapport.engine.evaluation.holdout.rates import Estimate
from rapport.engine.evaluation.holdout.shares import RatioCheck
from rapport.engine.evaluation.holdout.verdict import Verdict
from rapport.engine.statistics.auc import Flags, Floats


@dataclass(frozen=True, kw_only=True)
class Arm:
    """What became of everybody in one arm; an entry per subject.

    Attributes:
        strata: at the time of assignment ("" for all: one stratum).
        converted: whether the outcome happened in the subject's window.
        revenue: in the subject's window, base currency, 0 where there was none; None where it is not known.
        reached: whether the action reached the subject; None where it is not known.
        cost: of acting on one of them, base currency; None where it is not known.
    """

    name: str
    converted: Flags
    strata: Sequence[str] = ()
    revenue: Floats | None = None
    reached: Flags | None = None
    cost: float | None = None

    @property
    def n(self) -> int:
        return len(self.converted)

    def within(self, strata: Sequence[str]) -> Arm:
        """The arm without those of other strata."""
        kept = np.array([s in strata for s in self.strata], dtype=bool) if self.strata else np.ones(self.n, dtype=bool)
        return replace(
            self,
            converted=self.converted[kept],
            strata=tuple(s for s in self.strata if s in strata),
            revenue=None if self.revenue is None else self.revenue[kept],
            reached=None if self.reached is None else self.reached[kept],
        )

    def of(self, stratum: str) -> Flags:
        """Which of them are of a stratum."""
        return np.array([s == stratum for s in self.strata], dtype=bool) if self.strata else np.ones(self.n, dtype=bool)


@dataclass(frozen=True, kw_only=True)
class Design:
    """What was planned before the first was assigned.

    Attributes:
        shares: by stratum, the share of each arm ("" : where a stratum is not named); they sum to 1.
        least_effect: the rise of the rate that is worth knowing, 0..1; None takes a fifth of the control's rate.
        due_at: when the last window of the planned time is over; claims are made from then on.
        reached: share of the planned time or number that is over, 0..1.
        waiting: subjects assigned whose window is not over; they are not in the arms.
    """

    control: str
    shares: Mapping[str, Mapping[str, float]]
    due_at: datetime | None = None
    reached: float = 1.0
    waiting: int = 0
    least_effect: float | None = None


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One arm against the control, over the strata in which both have somebody (a band that is spared is not compared).

    Attributes:
        difference: of the rates; any_time, with an interval that allows for looking before the end (None after it).
        lift: treated rate over control rate, less 1.
        incremental: conversions that would not have been, among all in the arm.
        revenue: per subject, Welch's interval; revenue_bootstrap, beside it; incremental_revenue, of all in the arm.
        cost_per_incremental: cost over incremental conversions, and what it is at the ends of their interval (None
            where they reach 0: then no such figure can be given).
        more_needed: subjects still missing for a test of `least_effect`; smallest_seen, what these sizes can show.
    """

    arm: str
    n: int
    control_n: int
    events: int
    control_events: int
    rate: float | None
    control_rate: float | None
    reached: int | None
    difference: Estimate | None
    any_time: Estimate | None
    lift: Estimate | None
    incremental: Estimate | None
    revenue: Estimate | None
    revenue_bootstrap: tuple[float, float] | None
    incremental_revenue: Estimate | None
    cost: float | None
    cost_per_incremental: float | None
    cost_per_incremental_range: tuple[float, float] | None
    least_effect: float | None
    more_needed: int | None
    smallest_seen: float | None
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class HoldoutReport:
    """The effects of all arms. Attributes: ratio, whether the arms have the sizes asked for; notes, in sentences."""

    now: datetime
    control: str
    due_at: datetime | None
    early: bool
    waiting: int
    ratio: RatioCheck
    effects: tuple[Effect, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON: instants as ISO 8601 text."""
        told: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str))
        return {**told, "broken": self.ratio.broken}
