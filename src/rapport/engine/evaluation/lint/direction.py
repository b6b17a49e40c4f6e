"""Criteria against the outcome: pointing the wrong way, or true only once it is over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from rapport.engine.crm.as_of import as_known, as_restated
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.evaluation.lint.finding import Finding
from rapport.engine.evaluation.lint.fired import Fired, fired_at
from rapport.engine.runner import Runner
from rapport.engine.scores.outcome import happened, known, outcome_of
from rapport.engine.scores.points.spec import PointsDefinition
from rapport.engine.statistics.auc import Cases, Flags, auc
from rapport.engine.statistics.wilson import Share, share

_ENOUGH = 10  # cases with the outcome, of those for whom it fires and of the others
_ERROR = 0.05  # chance that any one of the criteria is called wrong by luck
_AFTER = 0.95  # share of those for whom it fires that had the outcome before
_AFTER_COUNT = 20


@dataclass(frozen=True, kw_only=True)
class Judged:
    """The eligible subjects of one cut-off, as known then, and what happened after. Arrays hold an entry each."""

    fired: Fired
    eligible: Flags
    events: Flags
    clusters: NDArray[np.object_]


def judged_at(
    definition: PointsDefinition, snapshot: Snapshot, cut_offs: Sequence[datetime], *, now: datetime, runner: Runner
) -> list[Judged]:
    """Which criteria fired at each cut-off for those who had not had the outcome, and who had it in the window."""
    if not cut_offs:
        return []
    truth = happened(definition, as_restated(snapshot, now), cut_offs, runner)
    found = []
    for cut_off in cut_offs:
        view = as_known(snapshot, cut_off)
        fired = fired_at(definition, view, runner=runner)
        repeatable = outcome_of(definition).repeatable
        had = set() if repeatable else known(definition, view, runner).had_by(cut_off)
        present = truth.present_ids(fired.subject_ids)
        found.append(
            Judged(
                fired=fired,
                eligible=np.array([subject not in had for subject in fired.subject_ids], dtype=bool),
                events=truth.flags(cut_off, present),
                clusters=np.array(present, dtype=object),
            )
        )
    return found


def conversions(judged: Sequence[Judged], position: int) -> tuple[Share, Share]:
    """Who had the outcome, of those for whom the criterion fired and of the others, over all cut-offs."""
    counts = np.zeros((2, 2))
    for one in judged:
        fired, events = one.fired.fired[one.eligible, position], one.events[one.eligible]
        counts += [[(events & fired).sum(), fired.sum()], [(events & ~fired).sum(), (~fired).sum()]]
    return share(*counts[0].tolist()), share(*counts[1].tolist())


def wrong_way(definition: PointsDefinition, judged: Sequence[Judged]) -> Iterator[Finding]:
    """Criteria whose points rank those with the outcome below the others, for certain.

    The AUC of a criterion's points alone, over pairs of one cut-off, lies below 0.5 with its whole interval; the
    interval is widened for the number of criteria (Bonferroni), so that one wrong call in twenty scores is made.
    Where all its points have one sign, the Wilson intervals of the two conversions must be apart too: the AUC of
    a criterion that fires for a handful is surer of itself than the handful allows.
    """
    criteria = [c for _, c in definition.criteria]
    for position, criterion in enumerate(criteria):
        converted, others = conversions(judged, position)
        if min(converted.n, others.n) < _ENOUGH or converted.events + others.events < _ENOUGH:
            continue
        groups = [
            Cases(
                scores=one.fired.points[one.eligible, position].astype(float),
                events=one.events[one.eligible],
                clusters=one.clusters[one.eligible],
            )
            for one in judged
            if one.eligible.any()
        ]
        if _roughly(groups) >= 0.5 or not _apart(groups, converted, others):
            continue
        area = auc(groups, confidence=1 - _ERROR / len(criteria))
        if area.high is not None and area.high < 0.5:
            yield _against(criterion.name, converted, others, area.value, area.low, area.high)


def _apart(groups: Sequence[Cases], converted: Share, others: Share) -> bool:
    """Whether the conversion of those with points lies on the wrong side of the others', intervals and all."""
    lowest, highest = min(g.scores.min() for g in groups), max(g.scores.max() for g in groups)
    if lowest < 0 < highest:
        return True
    better, worse = (converted, others) if highest > 0 else (others, converted)
    return better.high is not None and worse.low is not None and better.high < worse.low


def _against(
    name: str, converted: Share, others: Share, value: float | None, low: float | None, high: float | None
) -> Finding:
    sentence = (
        f"Its points go against the outcome: {_rate(converted)} of those for whom it fires had it, "
        f"{_rate(others)} of the others (AUC {value:.2f}, {low:.2f} to {high:.2f})."
    )
    evidence = {
        "auc": value,
        "low": low,
        "high": high,
        "converted": converted.rate,
        "converted_n": converted.n,
        "others_converted": others.rate,
        "others_n": others.n,
    }
    return Finding(code="wrong_way", criterion=name, sentence=sentence, evidence=evidence)


def only_after(definition: PointsDefinition, now: Fired, had: set[str], judged: Sequence[Judged]) -> Iterator[Finding]:
    """Criteria that are true of hardly anybody before the outcome.

    Nine in ten and more of those for whom it fires now had the outcome already, and at past cut-offs it fired
    for next to nobody who had not.
    """
    flags = np.array([subject in had for subject in now.subject_ids], dtype=bool)
    if not now.count or not judged or flags.mean() > 0.5:
        return
    for position, (_, criterion) in enumerate(definition.criteria):
        fired = now.fired[:, position]
        people, after = int(fired.sum()), int((fired & flags).sum())
        before = sum(int(one.fired.fired[one.eligible, position].sum()) for one in judged)
        if people >= _AFTER_COUNT and after >= _AFTER * people and before <= (1 - _AFTER) * people:
            sentence = (
                f"It is true only once it is over: {after:,} of the {people:,} for whom it fires had the outcome "
                f"before; at past cut-offs it fired for {before:,} who had not."
            )
            evidence = {"fires": people, "had_outcome": after, "fired_before": before}
            yield Finding(code="leak", criterion=criterion.name, sentence=sentence, evidence=evidence)


def _roughly(groups: Sequence[Cases]) -> float:
    """The AUC without its interval, which takes far longer."""
    pairs, won = 0.0, 0.0
    for group in groups:
        m, n = group.event_count, group.nonevent_count
        if m and n:
            ranks = rankdata(group.scores)
            won += float(ranks[group.events].sum()) - m * (m + 1) / 2
            pairs += m * n
    return won / pairs if pairs else 0.5


def _rate(of: Share) -> str:
    return f"{of.rate:.1%} ({of.events:,.0f} of {of.n:,.0f})" if of.rate is not None else "none"
