"""Two versions of a score side by side: what the draft says beside the live one, on the same people and instants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.evaluation.matured import Cohort, MaturedCohort, matured_cohorts
from rapport.engine.runner import Runner
from rapport.engine.scores.definition_base import ScoreDefinition
from rapport.engine.statistics.auc import Auc, AucDifference, Floats, auc, auc_difference
from rapport.engine.statistics.wilson import Share, share

_FEWEST = 3


@dataclass(frozen=True, kw_only=True)
class SidePass:
    """What both versions said at one instant; an entry per subject, nan where a version has no value."""

    as_of: datetime
    subject_ids: tuple[str, ...]
    live: Floats
    draft: Floats
    live_bands: tuple[str | None, ...]
    draft_bands: tuple[str | None, ...]


@dataclass(frozen=True, kw_only=True)
class BandMove:
    """Subjects of band `live` that the draft puts in band `draft` (None: no value)."""

    live: str | None
    draft: str | None
    count: int


@dataclass(frozen=True, kw_only=True)
class SideBySide:
    """How the newest pass of the two differs.

    Attributes:
        both, only_live, only_draft: subjects with a value from both or from one.
        rank_correlation: Spearman's over both; None where nothing varies.
        moves: from band to band; same_band, the share that keeps its band.
        capacity: how many the team contacts; shared, of the `capacity` highest of each those that are the same.
        only_draft_ids, only_live_ids: whom only one of them would have contacted, the highest first.
    """

    as_of: datetime
    both: int
    only_live: int
    only_draft: int
    rank_correlation: float | None
    moves: tuple[BandMove, ...]
    same_band: float | None
    capacity: int
    shared: int
    only_draft_ids: tuple[str, ...]
    only_live_ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """Both versions against what happened, over passes whose outcome window is over.

    Attributes:
        live, draft: AUC of each on the same cases; ahead, draft minus live, paired.
        live_contacted, draft_contacted: of the `capacity` highest of each at each pass, the share with the event.
    """

    as_ofs: tuple[datetime, ...]
    waiting: int
    live: Auc
    draft: Auc
    ahead: AucDifference
    live_contacted: Share
    draft_contacted: Share

    @property
    def verdict(self) -> str:
        """One sentence: which of the two ranked better."""
        ahead = self.ahead
        if not self.as_ofs:
            return "Too early: no pass of the two has its outcome window behind it."
        if ahead.value is None or ahead.low is None or ahead.high is None:
            return "Nothing can be said: too few had the outcome."
        figures = f"AUC {ahead.value:+.3f} ({ahead.low:+.3f} to {ahead.high:+.3f})"
        if ahead.low > 0:
            return f"The draft ranked better than the live version: {figures}."
        if ahead.high < 0:
            return f"The draft ranked worse than the live version: {figures}."
        return f"The two cannot be told apart: {figures}."

    def figures(self) -> dict[str, Any]:
        return {**asdict(self), "as_ofs": [at.isoformat() for at in self.as_ofs], "verdict": self.verdict}


def side_by_side(found: SidePass, *, capacity: int) -> SideBySide:
    """How the draft differs from the live version at one instant."""
    has_live, has_draft = ~np.isnan(found.live), ~np.isnan(found.draft)
    both = has_live & has_draft
    pairs = list(zip(found.live_bands, found.draft_bands, strict=True))
    counted: dict[tuple[str | None, str | None], int] = {}
    for pair in pairs:
        counted[pair] = counted.get(pair, 0) + 1
    banded = [(a, b) for a, b in pairs if a is not None and b is not None]
    top_live, top_draft = _top(found, found.live, capacity), _top(found, found.draft, capacity)
    return SideBySide(
        as_of=found.as_of,
        both=int(both.sum()),
        only_live=int((has_live & ~has_draft).sum()),
        only_draft=int((has_draft & ~has_live).sum()),
        rank_correlation=_correlation(found.live[both], found.draft[both]),
        moves=tuple(BandMove(live=a, draft=b, count=n) for (a, b), n in counted.items()),
        same_band=sum(a == b for a, b in banded) / len(banded) if banded else None,
        capacity=capacity,
        shared=len(set(top_live) & set(top_draft)),
        only_draft_ids=tuple(s for s in top_draft if s not in set(top_live)),
        only_live_ids=tuple(s for s in top_live if s not in set(top_draft)),
    )


def outcomes(
    definition: ScoreDefinition,
    snapshot: Snapshot,
    passes: Sequence[SidePass],
    *,
    capacity: int,
    now: datetime,
    runner: Runner,
) -> Outcomes:
    """Both against what happened. Cases are subjects to whom both gave a value, so that the comparison is paired."""
    found = matured_cohorts(definition, snapshot, [_shared(p) for p in passes], now=now, runner=runner)
    drafts = {p.as_of: _values_of_both(p)[1] for p in passes}
    ours = [m.ranked_by(drafts[m.cohort.as_of]) for m in found]
    theirs = [m.cases for m in found]
    return Outcomes(
        as_ofs=tuple(sorted(m.cohort.as_of for m in found)),
        waiting=len(passes) - len(found),
        live=auc(theirs),
        draft=auc(ours),
        ahead=auc_difference(ours, theirs),
        live_contacted=_contacted(found, [g.scores for g in theirs], capacity),
        draft_contacted=_contacted(found, [g.scores for g in ours], capacity),
    )


def _shared(found: SidePass) -> Cohort:
    kept = np.flatnonzero(~np.isnan(found.live) & ~np.isnan(found.draft))
    return Cohort(
        as_of=found.as_of,
        subject_ids=tuple(found.subject_ids[i] for i in kept),
        values=_values_of_both(found)[0],
        bands=tuple(found.live_bands[i] for i in kept),
    )


def _values_of_both(found: SidePass) -> tuple[Floats, Floats]:
    kept = ~np.isnan(found.live) & ~np.isnan(found.draft)
    return found.live[kept], found.draft[kept]


def _contacted(found: Sequence[MaturedCohort], scores: Sequence[Floats], capacity: int) -> Share:
    """Ties are cut by subject id, as a list that must end somewhere does."""
    events, n = 0, 0
    for one, values in zip(found, scores, strict=True):
        ids = [one.cohort.subject_ids[i] for i in one.kept]
        first = sorted(range(len(ids)), key=lambda i: (-values[i], ids[i]))[:capacity]
        events += sum(bool(one.events[i]) for i in first)
        n += len(first)
    return share(float(events), float(n))


def _top(found: SidePass, values: Floats, capacity: int) -> list[str]:
    known = [i for i in range(len(values)) if not np.isnan(values[i])]
    order = sorted(known, key=lambda i: (-values[i], found.subject_ids[i]))[:capacity]
    return [found.subject_ids[i] for i in order]


def _correlation(live: Floats, draft: Floats) -> float | None:
    if len(live) < _FEWEST or np.ptp(live) == 0 or np.ptp(draft) == 0:
        return None
    return float(spearmanr(live, draft).statistic)
