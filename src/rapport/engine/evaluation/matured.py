"""A live score held against what happened: the values it really gave, once their windows are over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np

from rapport.engine.crm.as_of import as_known, as_restated
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.evaluation.lift import Decile, deciles
from rapport.engine.evaluation.report import BandConversion
from rapport.engine.runner import Runner
from rapport.engine.scores.cut_offs import is_mature
from rapport.engine.scores.definition_base import ScoreDefinition
from rapport.engine.scores.outcome import Happened, Known, happened, known, outcome_of
from rapport.engine.statistics.auc import Auc, Cases, Flags, Floats, auc
from rapport.engine.statistics.calibration import Calibration, calibration
from rapport.engine.statistics.wilson import Share, share


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """What a score said of everyone at an instant, as it was recorded then.

    Attributes: an entry per subject with a value.
        probabilities: what the values say of the outcome, 0..1; None where they are no probabilities.
    """

    as_of: datetime
    subject_ids: tuple[str, ...]
    values: Floats
    bands: tuple[str | None, ...]
    probabilities: Floats | None = None


@dataclass(frozen=True, kw_only=True)
class MaturedCohort:
    """A cohort's cases: those with a value that were eligible, with what happened to them.

    Attributes: kept, the positions of the cohort that are cases; had_before, how many had the event already.
    """

    cohort: Cohort
    kept: np.ndarray
    present_ids: tuple[str, ...]
    events: Flags
    had_before: int

    def ranked_by(self, scores: Floats) -> Cases:
        """The cases, ranked by `scores` (an entry per subject of the cohort)."""
        clusters = np.array(self.present_ids, dtype=object)
        return Cases(scores=np.asarray(scores[self.kept], dtype=float), events=self.events, clusters=clusters)

    @property
    def cases(self) -> Cases:
        return self.ranked_by(self.cohort.values)


@dataclass(frozen=True, kw_only=True)
class Matured:
    """How a live score did.

    Attributes:
        as_ofs: instants whose windows are over; waiting, how many cohorts' are not.
        auc, deciles: as in a backtest, over all cohorts; calibration only of probabilities.
        conversion: cases with the event; bands, by band, in the definition's order.
    """

    as_ofs: tuple[datetime, ...]
    waiting: int
    auc: Auc
    deciles: tuple[Decile, ...]
    calibration: Calibration | None
    conversion: Share
    bands: tuple[BandConversion, ...]

    @property
    def top_lift(self) -> float | None:
        return self.deciles[0].lift if self.deciles else None

    def figures(self) -> dict[str, Any]:
        """Everything as JSON."""
        return {**asdict(self), "as_ofs": [at.isoformat() for at in self.as_ofs]}


def matured_cohorts(
    definition: ScoreDefinition, snapshot: Snapshot, cohorts: Sequence[Cohort], *, now: datetime, runner: Runner
) -> tuple[MaturedCohort, ...]:
    """The cohorts whose outcome window is over at `now`, with what happened, as restated at `now`.

    Eligible are, as in a backtest, the subjects that had not had the event at the instant as then known, or all
    where the outcome is repeatable.
    Raises: DefinitionError without an outcome.
    """
    outcome = outcome_of(definition)
    ready = [c for c in cohorts if is_mature(c.as_of, outcome.within_days, now) and c.subject_ids]
    if not ready:
        return ()
    truth = happened(definition, as_restated(snapshot, now), sorted({c.as_of for c in ready}), runner)
    past: dict[datetime, Known] = {}
    if not outcome.repeatable:
        past = {at: known(definition, as_known(snapshot, at), runner) for at in {c.as_of for c in ready}}
    return tuple(_matured(c, truth, past.get(c.as_of)) for c in ready)


def matured(
    definition: ScoreDefinition, snapshot: Snapshot, cohorts: Sequence[Cohort], *, now: datetime, runner: Runner
) -> Matured:
    """How the values recorded at past instants rank, and how true they were, over cohorts whose window is over."""
    found = matured_cohorts(definition, snapshot, cohorts, now=now, runner=runner)
    groups = [m.cases for m in found]
    events = np.concatenate([m.events for m in found]) if found else np.zeros(0, dtype=bool)
    return Matured(
        as_ofs=tuple(sorted({m.cohort.as_of for m in found})),
        waiting=len(cohorts) - len(found),
        auc=auc(groups),
        deciles=deciles(groups),
        calibration=_calibration(found),
        conversion=share(float(events.sum()), float(len(events))),
        bands=_bands(found, [band.label for band in definition.bands]),
    )


def _matured(cohort: Cohort, truth: Happened, past: Known | None) -> MaturedCohort:
    had = past.had_by(cohort.as_of) if past else set()
    kept = np.array([i for i, s in enumerate(cohort.subject_ids) if s not in had], dtype=int)
    present = truth.present_ids(cohort.subject_ids[i] for i in kept)
    return MaturedCohort(
        cohort=cohort,
        kept=kept,
        present_ids=tuple(present),
        events=truth.flags(cohort.as_of, present),
        had_before=len(cohort.subject_ids) - len(kept),
    )


def _calibration(found: Sequence[MaturedCohort]) -> Calibration | None:
    told = [(m.cohort.probabilities[m.kept], m.events) for m in found if m.cohort.probabilities is not None]
    if not told or len(told) < len(found):
        return None
    return calibration(np.concatenate([p for p, _ in told]), np.concatenate([e for _, e in told]))


def _bands(found: Sequence[MaturedCohort], order: Sequence[str]) -> tuple[BandConversion, ...]:
    counts: Mapping[str, list[int]] = {label: [0, 0] for label in order}
    for one in found:
        for place, event in zip(one.kept.tolist(), one.events.tolist(), strict=True):
            tally = counts.get(one.cohort.bands[place] or "")
            if tally is not None:
                tally[0] += event
                tally[1] += 1
    total = sum(n for _, n in counts.values())
    return tuple(
        BandConversion(band=label, conversion=share(events, n), share_of_cases=n / total if total else 0.0)
        for label, (events, n) in counts.items()
    )
