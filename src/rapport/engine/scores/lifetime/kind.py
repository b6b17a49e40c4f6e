"""Lifetime as a kind of score: one row per subject, and the reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.runner import Runner
from rapport.engine.scores.explanation import Explanation
from rapport.engine.scores.lifetime.explain import explanations
from rapport.engine.scores.lifetime.measures import FIGURES
from rapport.engine.scores.lifetime.rows import fitted_model, subject_rows
from rapport.engine.scores.lifetime.spec import CustomerDefinition, LifetimeDefinition
from rapport.engine.scores.population import PopulationRun, points_of, population_run
from rapport.engine.scores.subject_rows import COLUMNS, finished


class LifetimeKind:
    """Scores and explains by `LifetimeDefinition`."""

    learns = True

    def score(
        self,
        definition: LifetimeDefinition,
        view: AsOf,
        *,
        runner: Runner,
        run: PopulationRun | None = None,
        subjects: ir.Table | None = None,
    ) -> ir.Table:
        """One row per subject; `matrix` names the customer: strong, steady, at risk or lost.

        Further columns: low, high; probability_alive (0..1), expected_purchases, expected_value_per_purchase and
        lifetime_value_so_far (money, null where unknown).
        """
        if run is None and subjects is not None:
            run = self.population(definition, view, runner=runner)
        model = run.model if run is not None else fitted_model(definition, view, runner=runner)
        rows = subject_rows(definition, view, model, measure=definition.measure, runner=runner, subjects=subjects)
        return with_interval(definition, rows.mutate(matrix=rows.segment), run=run, runner=runner, more=FIGURES)

    def population(
        self, definition: LifetimeDefinition, view: AsOf, *, runner: Runner, before: PopulationRun | None = None
    ) -> PopulationRun:
        """The run of all subjects at the view's instant, with the model fitted then or kept."""
        return customer_population(definition, view, measure=definition.measure, runner=runner, before=before)

    def explain(
        self,
        definition: LifetimeDefinition,
        view: AsOf,
        *,
        subject_ids: Sequence[str],
        runner: Runner,
        run: PopulationRun | None = None,
    ) -> Mapping[str, Explanation]:
        """The reasons of a few subjects; those that do not stand are left out."""
        run = run or self.population(definition, view, runner=runner)
        return explanations(definition, view, run, measure=definition.measure, subject_ids=subject_ids, runner=runner)


def customer_population(
    definition: CustomerDefinition, view: AsOf, *, measure: str, runner: Runner, before: PopulationRun | None
) -> PopulationRun:
    model = fitted_model(definition, view, runner=runner, before=before)
    rows = subject_rows(definition, view, model, measure=measure, runner=runner, subjects=None)
    return population_run(rows, score=definition.name, as_of=view.at, runner=runner, model=model)


def with_interval(
    definition: CustomerDefinition,
    rows: ir.Table,
    *,
    run: PopulationRun | None,
    runner: Runner,
    more: Sequence[str],
) -> ir.Table:
    """The columns of a score, low and high, and `more`; bands by rank where the definition says so."""
    wide = rows.mutate(low=points_of(rows.low_micro), high=points_of(rows.high_micro))
    told = finished(definition, wide, run=run, runner=runner, more=("low", "high", *more))
    if definition.banded_by_rank:
        told = told.mutate(band=_band_by_rank(definition, told.percentile))
    return told.select(*COLUMNS, "low", "high", *more)


def _band_by_rank(definition: CustomerDefinition, percentile: ir.FloatingValue) -> ir.StringValue:
    *upper, lowest = definition.bands
    branches = [(percentile >= float(band.from_), band.label) for band in upper]
    return ibis.cases((percentile.isnull(), ibis.null("string")), *branches, else_=lowest.label)
