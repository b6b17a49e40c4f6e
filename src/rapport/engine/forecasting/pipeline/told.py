"""What a pipeline forecast says: the whole, its parts, its path, and the deals behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rapport.engine.forecasting.bands import Bands
from rapport.engine.forecasting.pipeline.learning import Tried
from rapport.engine.metrics.period import Period


@dataclass(frozen=True, kw_only=True)
class Part:
    """Money of a period, of all deals or of one owner, team or pipeline (`value`; None where unknown).

    Attributes:
        total: all that will have been won by the period's end.
        won: already; of_open, of_new: expected from open deals and from those that have not begun.
        run_rate, stage_weighted, closing, naive, commit, best_case: see `Benchmarks`; the last two None where no deal
            carries a forecast category.
    """

    value: str | None
    total: Bands
    won: float
    of_open: float
    of_new: float
    run_rate: float
    stage_weighted: float
    closing: float
    naive: float
    commit: float | None
    best_case: float | None


@dataclass(frozen=True, kw_only=True)
class Step:
    """What will have been won by an instant within the period."""

    at: datetime
    total: Bands


@dataclass(frozen=True, kw_only=True)
class OpenDeal:
    """Attributes: chance to be won in the period; amount, known or (`assumed`) typical; expected, their product."""

    id: str
    stage: str | None
    began: datetime
    chance: float
    amount: float
    assumed: bool

    @property
    def expected(self) -> float:
        return self.chance * self.amount


@dataclass(frozen=True, kw_only=True)
class ClosedDeal:
    """A deal closed in the last 31 days. within: in the period; amount: known, or typical of its owner."""

    id: str
    won: bool
    within: bool
    closed: datetime
    began: datetime
    amount: float


@dataclass(frozen=True, kw_only=True)
class PipelineForecast:
    """Attributes:
    parts: by dimension (owner, team, pipeline), the largest first; the parts of each sum to the whole.
    path: of the whole, from the period's start to its end; past instants are what was won.
    deals: open ones, by what they are expected to bring; closed, those closed lately, newest first.
    tried: forecasts as they would have been made before, that `weight` and the bands rest on.
    level: what chances by hazards alone were multiplied by, after weighing them with the run rate.
    notes: sentences on what the reader should know.
    """

    period: Period
    as_of: datetime
    currency: str
    whole: Part
    parts: dict[str, tuple[Part, ...]]
    path: tuple[Step, ...]
    deals: tuple[OpenDeal, ...]
    closed: tuple[ClosedDeal, ...]
    weight: float
    level: float
    noise: float
    tried: tuple[Tried, ...]
    learnt_from: int
    notes: tuple[str, ...]
