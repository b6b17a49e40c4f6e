"""What a backtest found, as data: every figure with its count and interval."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from rapport.engine.crm.local_day import local_day_of
from rapport.engine.evaluation.lift import Decile, deciles, precision_at
from rapport.engine.statistics.auc import Auc, AucDifference, Cases, auc, auc_difference
from rapport.engine.statistics.calibration import Calibration
from rapport.engine.statistics.wilson import Share, share


@dataclass(frozen=True, kw_only=True)
class CutOff:
    """One cut-off.

    Attributes:
        as_of: subjects were scored with what was known at this instant.
        window_end: the outcome was looked for in (as_of, window_end].
        subjects: everyone known then; of these `had_before` had the event already and were not
            eligible, `unscored` had no value (count by reason), and the rest, `scored`, are the cases.
        event_count: cases that had the event in the window.
    """

    as_of: datetime
    window_end: datetime
    subjects: int
    had_before: int
    unscored: Mapping[str, int]
    scored: int
    event_count: int
    auc: Auc


@dataclass(frozen=True, kw_only=True)
class Performance:
    """How well one score ranks the cases.

    Attributes:
        name: `score`, `live`, `naive_bayes` or `constant`.
        ahead: AUC of the score under test minus this one's, paired; None for the score itself.
        precision: share with the event among the best `capacity` of each cut-off; None without a capacity.
        calibration: only where the score is a probability.
        missing: why there are no figures; None where there are.
    """

    name: str
    auc: Auc
    deciles: tuple[Decile, ...] = ()
    precision: Share | None = None
    ahead: AucDifference | None = None
    calibration: Calibration | None = None
    missing: str | None = None

    @property
    def top_lift(self) -> float | None:
        """Lift of the best tenth."""
        return self.deciles[0].lift if self.deciles else None


@dataclass(frozen=True, kw_only=True)
class BandConversion:
    """Cases of one band, over all cut-offs. `share_of_cases` is 0..1."""

    band: str
    conversion: Share
    share_of_cases: float


@dataclass(frozen=True, kw_only=True)
class Stability:
    """Two cut-offs in a row compared over the subjects that are cases of both.

    Attributes:
        rank_correlation: Spearman's, -1..1; None below three subjects or where nothing varies.
        same_band: share that kept its band; None without bands.
    """

    earlier: datetime
    later: datetime
    shared: int
    rank_correlation: float | None
    same_band: float | None


@dataclass(frozen=True, kw_only=True)
class Assumed:
    """Rows of a table whose `recorded_at` no source told: there `as known` rests on an assumption."""

    assumed: int
    rows: int

    @property
    def rate(self) -> float | None:
        return self.assumed / self.rows if self.rows else None


@dataclass(frozen=True, kw_only=True)
class BacktestReport:
    """A score held against what happened after each cut-off.

    Attributes:
        now: the outcome is read as known at this instant.
        time_zone: of the days that are shown.
        capacity: subjects the team can work per cut-off; None where not told.
        cut_offs: those with a whole window, the earliest first.
        immature: cut-offs left out because their window had not closed at `now`.
        score, baselines: on the same cases.
        bands: the highest first; matrix, by matrix label or named segment, the best first.
        feedback: by what salespeople had said of a case by the cut-off; empty where nobody had.
        recorded_at_assumed: by table.
        notes: what limits the proof, in sentences.
        interrupted: True where it was stopped before the last cut-off; the figures are of those done.
    """

    name: str
    kind: str
    subject: str
    event: str
    within_days: int
    repeatable: bool
    now: datetime
    time_zone: str
    capacity: int | None
    cut_offs: tuple[CutOff, ...]
    immature: tuple[datetime, ...]
    score: Performance
    baselines: tuple[Performance, ...]
    bands: tuple[BandConversion, ...]
    matrix: tuple[BandConversion, ...]
    stability: tuple[Stability, ...]
    feedback: tuple[BandConversion, ...] = ()
    recorded_at_assumed: Mapping[str, Assumed] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    interrupted: bool = False

    def day(self, at: datetime) -> str:
        """The local day of an instant, as it is shown."""
        return local_day_of(at, self.time_zone).isoformat()

    @property
    def conversion(self) -> Share:
        """Cases with the event over all cases."""
        return share(float(sum(c.event_count for c in self.cut_offs)), float(sum(c.scored for c in self.cut_offs)))

    @property
    def verdict(self) -> str:
        """One sentence: whether the score ranks better than chance."""
        area = self.score.auc
        if area.value is None or area.low is None or area.high is None:
            return "Nothing can be said: no cut-off has both cases with the outcome and cases without it."
        pairs = f"AUC {area.value:.3f}, 95 % interval {area.low:.3f} to {area.high:.3f}"
        if area.low > 0.5:
            lift = self.score.top_lift
            top = f"; the best tenth converts {lift:.1f} times as often as the average" if lift is not None else ""
            return f"The score ranks better than chance ({pairs}){top}."
        if area.high < 0.5:
            return f"The score ranks the wrong way round ({pairs})."
        return f"The score cannot be told from chance ({pairs})."

    def to_dict(self) -> dict[str, object]:
        """Every figure, with instants as ISO 8601 text; `verdict` and `conversion` beside them."""
        return {**_plain(asdict(self)), "verdict": self.verdict, "conversion": asdict(self.conversion)}

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False)

    def to_html(self) -> str:
        """A page of its own: nothing is loaded from elsewhere, light and dark."""
        from rapport.engine.evaluation.page import page  # the drawing library is large and only needed here

        return page(self)


def performance(
    name: str,
    groups: Sequence[Cases],
    *,
    capacity: int | None,
    against: Sequence[Cases] | None = None,
    calibration: Calibration | None = None,
) -> Performance:
    """Figures of one score; `against`, the score under test on the same cases."""
    return Performance(
        name=name,
        auc=auc(groups),
        deciles=deciles(groups),
        precision=precision_at(groups, capacity) if capacity else None,
        ahead=auc_difference(against, groups) if against is not None else None,
        calibration=calibration,
    )


def _plain(value: object) -> dict[str, object]:
    return json.loads(json.dumps(value, default=_text))  # type: ignore[no-any-return]


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
