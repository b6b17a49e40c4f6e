"""Churn as a kind of score: one row per subject, and the reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.runner import Runner
from rapport.engine.scores.churn.spec import ChurnDefinition
from rapport.engine.scores.explanation import Explanation
from rapport.engine.scores.lifetime.explain import explanations
from rapport.engine.scores.lifetime.kind import customer_population, with_interval
from rapport.engine.scores.lifetime.measures import FIGURES
from rapport.engine.scores.lifetime.rows import fitted_model, subject_rows
from rapport.engine.scores.population import PopulationRun, points_of

VALUE_AT_RISK = "value_at_risk"


class ChurnKind:
    """Scores and explains by `ChurnDefinition`."""

    learns = True

    def score(
        self,
        definition: ChurnDefinition,
        view: AsOf,
        *,
        runner: Runner,
        run: PopulationRun | None = None,
        subjects: ir.Table | None = None,
    ) -> ir.Table:
        """One row per subject; value in percent, `matrix` names the customer: strong, steady, at risk or lost.

        Further columns: low, high; value_at_risk (decimal(18,6), money: the probability times what the customer would
        bring within the horizon if it stayed; null where no amount is known); probability (0..1, of the definition's
        outcome; only where the score is that); the figures of a lifetime score.
        """
        if run is None and subjects is not None:
            run = self.population(definition, view, runner=runner)
        model = run.model if run is not None else fitted_model(definition, view, runner=runner)
        rows = subject_rows(definition, view, model, measure=definition.measure, runner=runner, subjects=subjects)
        rows = rows.mutate(matrix=rows.segment, value_at_risk=points_of(rows.at_risk_micro))
        told = with_interval(definition, rows, run=run, runner=runner, more=(VALUE_AT_RISK, *FIGURES))
        if not definition.tells_outcome:
            return told
        return told.mutate(probability=told.value.cast("float64") / 100.0)

    def population(
        self, definition: ChurnDefinition, view: AsOf, *, runner: Runner, before: PopulationRun | None = None
    ) -> PopulationRun:
        """The run of all subjects at the view's instant, with the model fitted then or kept."""
        return customer_population(definition, view, measure=definition.measure, runner=runner, before=before)

    def explain(
        self,
        definition: ChurnDefinition,
        view: AsOf,
        *,
        subject_ids: Sequence[str],
        runner: Runner,
        run: PopulationRun | None = None,
    ) -> Mapping[str, Explanation]:
        """The reasons of a few subjects, in percentage points; those that do not stand are left out."""
        run = run or self.population(definition, view, runner=runner)
        return explanations(definition, view, run, measure=definition.measure, subject_ids=subject_ids, runner=runner)


def value_at_risk(scores: ir.Table) -> ir.Table:
    """One row per band of `ChurnKind.score`: band, customers, value_at_risk (decimal; null where none is known)."""
    known = scores.filter(scores.value.notnull())
    told = known.group_by("band").aggregate(
        customers=known.count(), value_at_risk=known.value_at_risk.cast("decimal(38, 6)").sum()
    )
    return told.order_by(ibis.desc("value_at_risk"), "band")
