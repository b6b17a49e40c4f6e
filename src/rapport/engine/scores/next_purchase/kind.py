"""Next purchase as a kind of score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.runner import Runner
from rapport.engine.scores.explanation import Explanation
from rapport.engine.scores.next_purchase.best_time import learn_hours
from rapport.engine.scores.next_purchase.check import hit_rates
from rapport.engine.scores.next_purchase.explain import explain
from rapport.engine.scores.next_purchase.expression import NextPurchases
from rapport.engine.scores.next_purchase.learn import learn
from rapport.engine.scores.next_purchase.model import Model
from rapport.engine.scores.next_purchase.purchases import missing_tables
from rapport.engine.scores.next_purchase.spec import NextPurchaseDefinition
from rapport.engine.scores.population import FittedModel, PopulationRun, population_run
from rapport.engine.scores.subject_rows import asked_for, finished

_CHECKED_AT = 3  # offers
_MARK = '"learnt_for"'


class NextPurchaseKind:
    """What each customer is likely to buy next, learnt from what followed what."""

    learns = True

    def score(
        self,
        definition: NextPurchaseDefinition,
        view: AsOf,
        *,
        runner: Runner,
        run: PopulationRun | None = None,
        subjects: ir.Table | None = None,
    ) -> ir.Table:
        """One row per subject; `matrix` is the offer. Further: best_time, the local hour of the week to call."""
        if run is None and subjects is None:
            return self.everyone(definition, view, runner=runner)[0]
        run = run if run and _serves(run, definition) else self.population(definition, view, runner=runner)
        rows = NextPurchases(definition, view, runner, _model(run), subjects).rows()
        return finished(definition, rows, run=run, runner=runner, more=("best_time",))

    def population(
        self, definition: NextPurchaseDefinition, view: AsOf, *, runner: Runner, before: PopulationRun | None = None
    ) -> PopulationRun:
        """The run of all subjects with the model learnt by it, or kept from `before` while it is young or better."""
        return _learnt(definition, view, runner, before)[1]

    def everyone(
        self, definition: NextPurchaseDefinition, view: AsOf, *, runner: Runner, before: PopulationRun | None = None
    ) -> tuple[ir.Table, PopulationRun]:
        """The scores of all subjects and the run they are ranked in."""
        rows, run = _learnt(definition, view, runner, before)
        return finished(definition, rows, run=run, runner=runner, more=("best_time",), members=True), run

    def explain(
        self,
        definition: NextPurchaseDefinition,
        view: AsOf,
        *,
        subject_ids: Sequence[str],
        runner: Runner,
        run: PopulationRun | None = None,
    ) -> Mapping[str, Explanation]:
        """The reasons of a few subjects; those that do not stand are left out."""
        run = run if run and _serves(run, definition) else self.population(definition, view, runner=runner)
        subjects = asked_for(subject_ids, runner)
        return explain(NextPurchases(definition, view, runner, _model(run), subjects))


def _learnt(
    definition: NextPurchaseDefinition, view: AsOf, runner: Runner, before: PopulationRun | None
) -> tuple[ir.Table, PopulationRun]:
    kept = before.model if before is not None and _serves(before, definition) else None
    model = kept if kept is not None and _is_young(definition, kept, view) else _fit(definition, view, kept, runner)
    told = NextPurchases(definition, view, runner, Model.from_json(model.text) if model else None)
    rows = runner.cache(told.rows())
    return rows, population_run(rows, score=definition.name, as_of=view.at, runner=runner, model=model)


def _serves(run: PopulationRun, definition: NextPurchaseDefinition) -> bool:
    """Whether the model of a run was learnt for what the definition asks (a draft may ask for something else)."""
    model = _model(run)
    return run.model is None if model is None else model.more.get("learnt_for") == definition.learnt_for


def _model(run: PopulationRun) -> Model | None:
    """The model of a run; None where it has none, or one of another kind of score."""
    return Model.from_json(run.model.text) if run.model is not None and _MARK in run.model.text else None


def _is_young(definition: NextPurchaseDefinition, model: FittedModel, view: AsOf) -> bool:
    return view.at - model.checked_at < timedelta(days=definition.refit_days)


def _fit(
    definition: NextPurchaseDefinition, view: AsOf, kept: FittedModel | None, runner: Runner
) -> FittedModel | None:
    """A new model; the one kept, checked again, where that hit more often in the newest horizon."""
    if missing_tables(view):
        return None
    more = {"hours": learn_hours(definition, view, runner=runner), "learnt_for": definition.learnt_for}
    if kept is not None and _was_better(definition, Model.from_json(kept.text), view, runner):
        return replace(kept, checked_at=view.at)
    model = learn(definition, view, until=view.at, runner=runner, more=more)
    return FittedModel(fitted_at=view.at, checked_at=view.at, text=model.to_json()) if model else None


def _was_better(definition: NextPurchaseDefinition, kept: Model, view: AsOf, runner: Runner) -> bool:
    """Whether a model learnt the same way a horizon ago would have hit less often since than the one kept."""
    cut_off = view.at - timedelta(days=definition.horizon_days)
    anew = learn(definition, view, until=cut_off, runner=runner)
    if anew is None:
        return True
    rates = [
        hit_rates(definition, model, view, cut_off=cut_off, runner=runner, ks=(_CHECKED_AT,))[0].ours.rate
        for model in (kept, anew)
    ]
    return rates[0] is not None and rates[1] is not None and rates[0] > rates[1]
