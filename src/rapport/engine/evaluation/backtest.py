"""A score held against the company's own history, before anybody relies on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from rapport.engine.crm.as_of import as_restated
from rapport.engine.crm.local_day import local_day_of
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DataError, DefinitionError
from rapport.engine.evaluation.assumed import recorded_at_assumed
from rapport.engine.evaluation.cases import CutOffCases, cases_at
from rapport.engine.evaluation.feedback import Feedback, against_outcome
from rapport.engine.evaluation.notes import notes
from rapport.engine.evaluation.report import BacktestReport, BandConversion, CutOff, Performance, performance
from rapport.engine.evaluation.stability import stability
from rapport.engine.runner import Runner
from rapport.engine.scores.cut_offs import is_mature, window_end
from rapport.engine.scores.definition_base import ScoreDefinition
from rapport.engine.scores.outcome import happened, outcome_of
from rapport.engine.statistics.auc import Cases, auc
from rapport.engine.statistics.calibration import Calibration, calibration
from rapport.engine.statistics.wilson import share

NAIVE_BAYES, CONSTANT, LIVE = "naive_bayes", "constant", "live"
BASELINES = (NAIVE_BAYES, CONSTANT)

Progress = Callable[[int, int, str], None]
"""Called with cut-offs done, cut-offs in all, and what is being done."""


def backtest(
    definition: ScoreDefinition,
    snapshot: Snapshot,
    *,
    cut_offs: Sequence[datetime],
    now: datetime,
    runner: Runner,
    baselines: Sequence[str] = BASELINES,
    live: ScoreDefinition | None = None,
    capacity: int | None = None,
    feedback: Sequence[Feedback] = (),
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
) -> BacktestReport:
    """Scores everyone eligible at each cut-off as then known, and compares with what happened after.

    Eligible are the subjects known at the cut-off that have not had the event by then (as known), or
    all where the outcome is repeatable. At each cut-off a population run is made of its own. The outcome is looked
    for in (cut-off, cut-off + within_days x 24 h], as restated at `now`. Cut-offs whose window is
    not over at `now` are left out and counted. No split is random: everything is learnt before a cut-off and
    judged after it.

    Parameters:
        baselines: what to hold it against on the same cases: `naive_bayes`, `constant`.
        live: another definition (the live version) to hold it against.
        capacity: how many subjects the team can work per cut-off.
        feedback: what salespeople said of subjects; each word counts at the cut-offs after it.
        progress: told before each cut-off and at the end.
        stop: asked before each cut-off; True ends the run with what is done so far (`interrupted`).
    Raises: DefinitionError without an outcome; DataError where no cut-off has a whole window.
    """
    outcome = outcome_of(definition)
    _check(definition, baselines, live)
    zone = definition.time_zone or snapshot.time_zone
    mature = sorted({c for c in cut_offs if is_mature(c, outcome.within_days, now)})
    immature = tuple(sorted(set(cut_offs) - set(mature)))
    if not mature:
        raise _nothing_mature(immature, outcome.within_days, now)
    tell = progress or (lambda done, total, message: None)
    truth = happened(definition, as_restated(snapshot, now), mature, runner)
    found: list[CutOffCases] = []
    for done, cut_off in enumerate(mature):
        if stop is not None and stop():
            break
        tell(done, len(mature), f"scoring as of {local_day_of(cut_off, zone)}")
        learn = NAIVE_BAYES in baselines
        found.append(cases_at(cut_off, definition, snapshot, truth=truth, runner=runner, live=live, learn=learn))
    report = _report(
        definition,
        found,
        now=now,
        time_zone=zone,
        immature=immature,
        baselines=baselines,
        has_live=live is not None,
        capacity=capacity,
    )
    report = replace(report, feedback=against_outcome(feedback, found, truth))
    tell(len(found), len(mature), "compared with what happened")
    return notes(
        report, assumed=recorded_at_assumed(definition, snapshot, runner=runner), interrupted=len(found) < len(mature)
    )


def _check(definition: ScoreDefinition, baselines: Sequence[str], live: ScoreDefinition | None) -> None:
    for name in baselines:
        if name not in BASELINES:
            raise DefinitionError("This baseline is not known.", where="baselines", received=name, allowed=BASELINES)
    if live is not None and live.subject != definition.subject:
        raise DefinitionError(
            "Versions of different subjects cannot be compared.",
            where=f"{live.name}.subject",
            received=live.subject,
            allowed=[definition.subject],
        )


def _nothing_mature(immature: Sequence[datetime], within_days: int, now: datetime) -> DataError:
    if not immature:
        return DataError("A backtest needs at least one cut-off.", next_step="Name a date in the past.")
    closes = window_end(immature[0], within_days)
    return DataError(
        f"No cut-off has a whole window of {within_days} days before {now:%Y-%m-%d %H:%M}.",
        received=", ".join(f"{c:%Y-%m-%d}" for c in immature),
        next_step=f"Take an earlier cut-off, or wait until {closes:%Y-%m-%d %H:%M}, when the first window is over.",
    )


def _report(
    definition: ScoreDefinition,
    found: Sequence[CutOffCases],
    *,
    now: datetime,
    time_zone: str,
    immature: tuple[datetime, ...],
    baselines: Sequence[str],
    has_live: bool,
    capacity: int | None,
) -> BacktestReport:
    outcome = outcome_of(definition)
    ours = [c.ranked_by(c.values) for c in found]
    others = [_baseline(name, found, ours, capacity) for name in ((LIVE,) if has_live else ()) + tuple(baselines)]
    return BacktestReport(
        name=definition.name,
        kind=definition.kind,
        subject=definition.subject,
        event=outcome.title,
        within_days=outcome.within_days,
        repeatable=outcome.repeatable,
        now=now,
        time_zone=time_zone,
        capacity=capacity,
        cut_offs=tuple(_cut_off(c, cases, outcome.within_days) for c, cases in zip(found, ours, strict=True)),
        immature=immature,
        score=performance("score", ours, capacity=capacity, calibration=_calibrated(found)),
        baselines=tuple(others),
        bands=_by_label(found, [c.bands for c in found], [band.label for band in definition.bands]),
        matrix=_by_label(found, [c.labels for c in found], None),
        stability=stability(found),
    )


def _calibrated(found: Sequence[CutOffCases]) -> Calibration | None:
    """Of a score that is a probability of its outcome; None for the others."""
    told = [c.probabilities for c in found if c.probabilities is not None]
    if len(told) < len(found) or not found:
        return None
    return calibration(np.concatenate(told), np.concatenate([c.events for c in found]))


def _cut_off(found: CutOffCases, cases: Cases, within_days: int) -> CutOff:
    return CutOff(
        as_of=found.as_of,
        window_end=window_end(found.as_of, within_days),
        subjects=found.subjects,
        had_before=found.had_before,
        unscored=dict(sorted(found.unscored.items())),
        scored=len(found.subject_ids),
        event_count=cases.event_count,
        auc=auc([cases]),
    )


def _baseline(name: str, found: Sequence[CutOffCases], ours: Sequence[Cases], capacity: int | None) -> Performance:
    """A baseline on the same cases. Where naive Bayes had nothing to learn from, it ranks all alike."""
    if name == NAIVE_BAYES and all(c.learnt is None for c in found):
        return Performance(
            name=name,
            auc=auc([]),
            missing="Nothing to learn from: before each cut-off all or none had the outcome, or no field was filled.",
        )
    alike = [np.zeros(len(c.subject_ids)) for c in found]
    scores = {
        LIVE: [c.live if c.live is not None else a for c, a in zip(found, alike, strict=True)],
        NAIVE_BAYES: [c.learnt if c.learnt is not None else a for c, a in zip(found, alike, strict=True)],
        CONSTANT: alike,
    }[name]
    theirs = [c.ranked_by(s) for c, s in zip(found, scores, strict=True)]
    learnt = [c for c in found if c.learnt is not None] if name == NAIVE_BAYES else []
    told = np.concatenate([c.learnt for c in learnt if c.learnt is not None]) if learnt else None
    fit = calibration(told, np.concatenate([c.events for c in learnt])) if told is not None else None
    return performance(name, theirs, capacity=capacity, against=ours, calibration=fit)


def _by_label(
    found: Sequence[CutOffCases], labels: Sequence[Sequence[str | None]], order: Sequence[str] | None
) -> tuple[BandConversion, ...]:
    """Conversion by label over all cut-offs, in the order given, else the best first."""
    counts: dict[str, list[int]] = {label: [0, 0] for label in order or ()}
    for cases, told in zip(found, labels, strict=True):
        for label, event in zip(told, cases.events.tolist(), strict=True):
            if label is not None:
                tally = counts.setdefault(label, [0, 0])
                tally[0] += event
                tally[1] += 1
    total = sum(n for _, n in counts.values())
    rows = [
        BandConversion(band=label, conversion=share(events, n), share_of_cases=n / total if total else 0.0)
        for label, (events, n) in counts.items()
    ]
    return tuple(rows if order is not None else sorted(rows, key=lambda r: (-(r.conversion.rate or 0), r.band)))
