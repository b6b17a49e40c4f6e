"""When a new fit replaces the model in force: only where it is no worse on the newest period."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rapport.engine.crm.as_of import AsOf
from rapport.engine.runner import Runner
from rapport.engine.scores.conversion.cases import Cases, Period
from rapport.engine.scores.conversion.fit import Fitted, fitted
from rapport.engine.scores.conversion.learning import losses, newest_loss
from rapport.engine.scores.conversion.model import ConversionModel, model_of
from rapport.engine.scores.conversion.spec import ConversionDefinition
from rapport.engine.scores.population import FittedModel
from rapport.engine.statistics.auc import Floats
from rapport.engine.statistics.intervals import Z_95


def refitted(definition: ConversionDefinition, view: AsOf, *, runner: Runner, old: FittedModel | None) -> FittedModel:
    """A model fitted on what is known at the view's instant, or the old one where that told the newest period better.

    Both are held against the same cases of the newest period: the new one as it was before it had learnt from
    them, the old one as it stands. The old one stays where the new one is surely worse (95 % interval, paired).
    """
    found = fitted(definition, view, runner=runner)
    before = model_of(old.text) if old is not None else None
    verdict = _verdict(definition, view, runner, before, found) if before is not None else None
    if old is not None and before is not None and verdict is not None and not verdict[0]:
        kept = replace(before, gate=verdict[1])
        return replace(old, checked_at=view.at, text=kept.to_json())
    model = replace(found.model, gate=verdict[1] if verdict else "")
    return FittedModel(fitted_at=view.at, checked_at=view.at, text=model.to_json())


def _verdict(
    definition: ConversionDefinition, view: AsOf, runner: Runner, before: ConversionModel, found: Fitted
) -> tuple[bool, str] | None:
    """Whether the new model goes through, and why; None where the two cannot be compared."""
    if before.predictor is None:
        return None
    if found.model.predictor is None or found.model.reason_null is not None:
        return False, f"The model before stays: {found.model.reason_null}."
    if found.measured is None or found.newest is None:
        return None
    theirs = _losses_of(definition, view, runner, before, found.newest)
    return paired(newest_loss(found.measured), theirs)


def _losses_of(
    definition: ConversionDefinition, view: AsOf, runner: Runner, before: ConversionModel, newest: Period
) -> Floats:
    cut_offs = [newest.cut_off]
    cases = Cases.of(definition, view, cut_offs, runner=runner, most=newest.count)
    period = cases.at(cut_offs[0], before.layout(definition.subject))
    logits = before.micro_logits(period.features, period.group_names)
    odds = before.calibrator.log_odds(logits / 1_000_000) if before.calibrator else logits / 1_000_000
    return losses(odds, period.events)


def paired(new: Floats, old: Floats) -> tuple[bool, str]:
    """`new` minus `old`, case by case."""
    gap = new - old
    mean, error = float(gap.mean()), float(gap.std(ddof=1) / np.sqrt(len(gap))) if len(gap) > 1 else 0.0
    low, high = mean - Z_95 * error, mean + Z_95 * error
    figures = f"{mean:+.5f} in log loss on the newest period, 95 % interval {low:+.5f} to {high:+.5f}"
    if low > 0:
        return False, f"The model before stays: the new one is worse ({figures})."
    return True, f"It replaced the model before: no worse ({figures})."
