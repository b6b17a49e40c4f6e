"""Learning a predictive score from the company's past, as known at an instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.events import table_of
from rapport.engine.runner import Runner
from rapport.engine.scores.conversion.cases import MOST_CASES, Cases, Period, training_cut_offs
from rapport.engine.scores.conversion.guard import Guarded, guarded
from rapport.engine.scores.conversion.learning import (
    ADDITIVE,
    BOOSTED,
    FEWEST_EVENTS,
    LINEAR,
    Learner,
    Pool,
    tried,
)
from rapport.engine.scores.conversion.levels import learnt_groups
from rapport.engine.scores.conversion.model import Candidate, ConversionModel, LearntPeriod
from rapport.engine.scores.conversion.predictor import Predictor
from rapport.engine.scores.conversion.scale import Scale
from rapport.engine.scores.conversion.selection import constant
from rapport.engine.scores.conversion.spec import ConversionDefinition
from rapport.engine.scores.features.frame import Layout
from rapport.engine.scores.features.plan import FeaturePlan, feature_plan
from rapport.engine.scores.features.terms import Feature, Nature
from rapport.engine.statistics.additive import Numbers
from rapport.engine.statistics.auc import Flags, Floats
from rapport.engine.statistics.calibrator import Calibrator, fit_calibrator
from rapport.engine.statistics.comparison import MARGIN, Measured, choose
from rapport.engine.statistics.leakage import OVERALL

_KINDS = {"additive": ADDITIVE, "linear": LINEAR, "boosted": BOOSTED}
_TITLES = {LINEAR: "linear", ADDITIVE: "additive", BOOSTED: "boosted"}
_FEW_EVENTS = 100


@dataclass(frozen=True)
class Fitted:
    """A model as fitted, with how it told the newest period before it had learnt from it (None: not tried)."""

    model: ConversionModel
    measured: Measured | None = None
    newest: Period | None = None


def fitted(definition: ConversionDefinition, view: AsOf, *, runner: Runner) -> Fitted:
    """The model of everything known at the view's instant; one with `reason_null` where there is nothing to learn."""
    empty = ConversionModel(outcome=definition.outcome.title, definition=fingerprint(definition))
    table = table_of(definition.outcome.event)
    if not view.has(table):
        return Fitted(replace(empty, reason_null=f"{table} not mapped"))
    cut_offs = training_cut_offs(definition, view, runner=runner)
    if not cut_offs:
        days = definition.outcome.within_days
        return Fitted(replace(empty, reason_null=f"no past window of {days} days to learn from"))
    plan = feature_plan(view, definition.subject, runner=runner, omit=definition.omit, keep=definition.keep)
    cases = Cases.of(definition, view, cut_offs, runner=runner)
    periods, left_out = _periods(cases, plan)
    learnt = tuple(_learnt(p, cases) for p in periods)
    model = replace(empty, left_out={**plan.left_out, **left_out}, periods=learnt)
    n, events = model.n, model.event_count
    if events in (0, n):
        what = "never came" if not events else "always came"
        return Fitted(
            replace(model, reason_null=f"{model.outcome} {what} in {len(cut_offs)} past windows ({n:,} cases)")
        )
    return _learn(definition, view, model, periods, runner)


def fingerprint(definition: ConversionDefinition) -> str:
    """What of a definition a model depends on; a model is not used where this differs."""
    parts = ("subject", "outcome", "model", "omit", "keep", "monotone", "models_by", "audience", "accept_leak")
    return definition.model_dump_json(include=set(parts), by_alias=True, exclude_none=True)


def _periods(cases: Cases, plan: FeaturePlan) -> tuple[list[Period], dict[str, str]]:
    """Every period's cases, the earliest first; what never varies in the newest is not looked up in the others."""
    subject = cases.definition.subject
    newest = cases.at(cases.cut_offs[-1], Layout.of(plan.features, subject))
    still = {f.name for f in plan.features if constant(newest.features[f.name])}
    features = [f for f in plan.features if f.name not in still] or list(plan.features[:1])
    layout = Layout.of(features, subject)
    before = [cases.at(cut_off, layout) for cut_off in cases.cut_offs[:-1]]
    newest = replace(newest, features=newest.features.select([f.name for f in features]))
    dropped = dict.fromkeys(still - {f.name for f in features}, "the same for all cases of the newest period")
    return [p for p in before if p.count] + [newest], dropped


def _learn(
    definition: ConversionDefinition, view: AsOf, model: ConversionModel, periods: Sequence[Period], runner: Runner
) -> Fitted:
    pool = Pool.of(periods)
    guard = guarded(definition, view, pool, runner=runner)
    flagged = {leak.name: f"knows the outcome: {leak.evidence}" for leak in guard.leaks if not leak.kept}
    pool, names = pool.select(guard.names), guard.names
    learners = _learners(definition)
    measured = tried(pool, learners)
    kind, sentence = _chosen(definition, measured)
    learner = next(one for one in learners if one.kind == kind)
    predictor = learner(pool.features, pool.events, pool.subject_ids)
    mine = next((m for m in measured if m.name == kind), None)
    calibrator = _calibrator(predictor, mine, pool)
    groups = learnt_groups(pool, predictor, learner) if definition.models_by is not None else {}
    used = {name for p in (predictor, *(g.predictor for g in groups.values())) for name in p.names} or {names[0]}
    unused = {name: "tells nothing that the others do not" for name in names if name not in used}
    model = replace(
        model,
        features=_features(used, pool),
        predictor=predictor,
        calibrator=calibrator,
        scale=Scale.of(calibrator),
        groups=groups,
        candidates=tuple(_candidate(m) for m in measured),
        chosen=kind,
        sentence=sentence,
        forward=bool(measured),
        left_out={**model.left_out, **flagged, **unused},
        leaks=guard.leaks,
        notes=_notes(model, calibrator, measured, definition),
        reason_null=_blocked(definition, guard),
    )
    return Fitted(model, mine, periods[-1])


def _learners(definition: ConversionDefinition) -> list[Learner]:
    kinds = [LINEAR, ADDITIVE, BOOSTED]
    return [Learner(kind, definition.directions, tuple(definition.keep)) for kind in kinds]


def _chosen(definition: ConversionDefinition, measured: Sequence[Measured]) -> tuple[str, str]:
    """The kind of model and why, in a sentence."""
    if definition.model != "auto":
        return _KINDS[definition.model], f"The definition asks for the {definition.model} model."
    if not measured:
        return ADDITIVE, "The additive model is used: there was no later period to try models on."
    choice = choose([m for m in measured if m.name != BOOSTED], simplest_first=(ADDITIVE, LINEAR))
    figures = ", ".join(f"{_TITLES[m.name]} {_area(m)}" for m in measured)
    count = len(measured[0].events)
    sentence = (
        f"The {_TITLES[choice.name]} model is used: on {count:,} later cases AUC is {figures}; "
        f"the additive one is taken unless the linear one is surely more than {MARGIN} ahead."
    )
    mine, boosted = (next(m.auc.value or 0.0 for m in measured if m.name == name) for name in (choice.name, BOOSTED))
    if boosted - mine > MARGIN:
        sentence += " model: boosted takes the boosted one, whose reasons take longer."
    return choice.name, sentence


def _area(m: Measured) -> str:
    return f"{m.auc.value:.3f}" if m.auc.value is not None else "not known"


def _calibrator(predictor: Predictor, mine: Measured | None, pool: Pool) -> Calibrator:
    """From cases told forward in time; with one period or few events from those left out at random.

    Forward in time the level is followed as soon as it is off by more than one standard error: rates move,
    and the cases that come are nearer to the newest period than to the mean of all.
    """
    if mine is not None:
        found = fit_calibrator(mine.log_odds, mine.events)
        off = abs(_level_off(mine.log_odds, mine.events)) > 1
        return (
            fit_calibrator(mine.log_odds, mine.events, method="platt") if found.method == "identity" and off else found
        )
    told = predictor.tables.out_of_fold
    odds = told if told is not None and predictor.tables.tables else predictor.log_odds(pool.features)
    return fit_calibrator(np.asarray(odds, dtype=np.float64), pool.events)


def _level_off(log_odds: Floats, events: Flags) -> float:
    """Events more than expected, in standard deviations."""
    chance = expit(log_odds)
    spread = float(np.sqrt((chance * (1 - chance)).sum()))
    return float(events.sum() - chance.sum()) / spread if spread else 0.0


def _candidate(m: Measured) -> Candidate:
    c = m.calibration
    return Candidate(
        name=m.name,
        auc=m.auc.value,
        auc_low=m.auc.low,
        auc_high=m.auc.high,
        log_loss=m.log_loss,
        brier=c.brier if c else None,
        slope=c.slope if c else None,
        intercept=c.intercept if c else None,
    )


def _blocked(definition: ConversionDefinition, guard: Guarded) -> str | None:
    """Why nobody gets a score although there is a model."""
    if not guard.blocks or definition.accept_leak:
        return None
    told = f"too good to be true (AUC {guard.overall:.3f} by fields whose dates prove nothing)"
    return f"{told}: one of them knows the outcome; omit it, or accept_leak: true"


def _notes(
    model: ConversionModel, calibrator: Calibrator, measured: Sequence[Measured], definition: ConversionDefinition
) -> tuple[str, ...]:
    found = [calibrator.sentence]
    if model.event_count < FEWEST_EVENTS:
        found.append(f"Only {model.event_count} cases had the outcome: everybody has the base rate.")
    elif model.event_count < _FEW_EVENTS:
        found.append(f"Only {model.event_count} cases had the outcome: differences are shrunk, intervals are wide.")
    best = max((m.auc.value or 0.0 for m in measured), default=0.0)
    if best > OVERALL:
        found.append(f"AUC {best:.3f} is rare: look whether what the model uses was really known before the outcome.")
    if not measured:
        found.append("Nothing later could be tried, so the figures are of cases left out at random.")
    if any(p.n < p.eligible for p in model.periods):
        found.append(f"Every k-th subject by id is learnt from, at most {MOST_CASES:,} cases.")
    rates = [p.event_count / p.n for p in model.periods if p.n]
    if len(rates) > 1 and rates[-1] and abs(np.log(rates[-1] / (sum(rates) / len(rates)))) > np.log(1.5):
        found.append(f"The rate moves: {rates[0]:.1%} in the earliest period, {rates[-1]:.1%} in the newest.")
    return tuple(found)


def _features(used: set[str], pool: Pool) -> tuple[Feature, ...]:
    natures = {True: Nature.NUMBER, False: Nature.CATEGORY}
    return tuple(
        Feature(name=name, nature=natures[isinstance(pool.features[name], Numbers)])
        for name in pool.features.names
        if name in used
    )


def _learnt(period: Period, cases: Cases) -> LearntPeriod:
    return LearntPeriod(
        cut_off=period.cut_off.isoformat(),
        window_end=cases.window_end(period.cut_off).isoformat(),
        eligible=period.eligible,
        n=period.count,
        event_count=period.event_count,
    )
