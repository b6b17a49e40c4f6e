"""Satisfaction as a kind of score: what people answered, or measures that stand in for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.runner import Runner
from rapport.engine.scores.explanation import Explanation
from rapport.engine.scores.population import FittedModel, PopulationRun, points_of, population_run
from rapport.engine.scores.satisfaction.agreement import Agreement, agreement
from rapport.engine.scores.satisfaction.explain import explain_measures, explain_survey
from rapport.engine.scores.satisfaction.measures import Measures
from rapport.engine.scores.satisfaction.spec import SatisfactionDefinition
from rapport.engine.scores.satisfaction.survey import survey_rows
from rapport.engine.scores.subject_rows import asked_for, finished


class SatisfactionKind:
    """Scores and explains by `SatisfactionDefinition`."""

    learns = False

    def score(
        self,
        definition: SatisfactionDefinition,
        view: AsOf,
        *,
        runner: Runner,
        run: PopulationRun | None = None,
        subjects: ir.Table | None = None,
    ) -> ir.Table:
        """One row per subject; see `kind.Kind`. Of an account's survey also low and high, a 90 % interval."""
        if run is None and subjects is None:
            return self.everyone(definition, view, runner=runner)[0]
        run = run or self.population(definition, view, runner=runner)
        return _finished(definition, _rows(definition, view, runner, subjects), run, runner)

    def population(
        self, definition: SatisfactionDefinition, view: AsOf, *, runner: Runner, before: PopulationRun | None = None
    ) -> PopulationRun:
        """The run of all subjects; with `check_against`, `model` holds how the measures agree with the answers."""
        return _measured(definition, view, runner)[1]

    def everyone(
        self, definition: SatisfactionDefinition, view: AsOf, *, runner: Runner, before: PopulationRun | None = None
    ) -> tuple[ir.Table, PopulationRun]:
        """The scores of all subjects and the run they are ranked in."""
        rows, run = _measured(definition, view, runner)
        return _finished(definition, rows, run, runner, members=True), run

    def explain(
        self,
        definition: SatisfactionDefinition,
        view: AsOf,
        *,
        subject_ids: Sequence[str],
        runner: Runner,
        run: PopulationRun | None = None,
    ) -> Mapping[str, Explanation]:
        """The reasons of a few subjects; those that do not stand are left out."""
        if definition.survey is not None:
            return explain_survey(definition, view, subject_ids=subject_ids, runner=runner)
        subjects = asked_for(subject_ids, runner)
        told = explain_measures(Measures(definition, view, runner, subjects))
        if run is None or run.model is None:
            return told
        facts = {"beside their answers": Agreement.from_json(run.model.text).sentence}
        return {subject: replace(one, facts={**one.facts, **facts}) for subject, one in told.items()}


def _rows(definition: SatisfactionDefinition, view: AsOf, runner: Runner, subjects: ir.Table | None) -> ir.Table:
    if definition.survey is not None:
        return runner.cache(survey_rows(definition, view, runner=runner, subjects=subjects))
    return Measures(definition, view, runner, subjects).totals


def _measured(definition: SatisfactionDefinition, view: AsOf, runner: Runner) -> tuple[ir.Table, PopulationRun]:
    rows = _rows(definition, view, runner, None)
    found = agreement(definition, view, rows, runner=runner)
    model = FittedModel(fitted_at=view.at, checked_at=view.at, text=found.to_json()) if found else None
    return rows, population_run(rows, score=definition.name, as_of=view.at, runner=runner, model=model)


def _finished(
    definition: SatisfactionDefinition, rows: ir.Table, run: PopulationRun, runner: Runner, *, members: bool = False
) -> ir.Table:
    if definition.survey is None:
        return finished(definition, rows, run=run, runner=runner, members=members)
    rows = rows.mutate(low=points_of(rows.low_micro), high=points_of(rows.high_micro))
    return finished(definition, rows, run=run, runner=runner, more=("low", "high"), members=members)
