"""Points as a kind of score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.crm.narrowed import FEW, narrowed
from rapport.engine.runner import Runner
from rapport.engine.scores.explanation import Explanation
from rapport.engine.scores.points.explain import explain
from rapport.engine.scores.points.expression import Points
from rapport.engine.scores.points.spec import PointsDefinition
from rapport.engine.scores.population import PopulationRun, population_run, with_percentile

_COLUMNS = ("subject_id", "value", "fit", "engagement", "matrix", "band", "percentile", "reason_null")


class PointsKind:
    """Groups of criteria, each giving points."""

    learns = False

    def score(
        self,
        definition: PointsDefinition,
        view: AsOf,
        *,
        runner: Runner,
        run: PopulationRun | None = None,
        subjects: ir.Table | None = None,
    ) -> ir.Table:
        """One row per subject; see `kinds.Kind`."""
        if run is None and subjects is None:
            return self.everyone(definition, view, runner=runner)[0]
        near = view
        if subjects is not None:
            few = runner.to_arrow(subjects.select("subject_id").distinct().limit(FEW + 1))["subject_id"].to_pylist()
            near = narrowed(view, definition.subject, few, runner=runner)
        scores = Points(definition, near, runner, subjects).scores()
        if run is None and subjects is not None:
            run = self.population(definition, view, runner=runner)
        return with_percentile(scores, run=run, runner=runner).select(*_COLUMNS)

    def population(
        self, definition: PointsDefinition, view: AsOf, *, runner: Runner, before: PopulationRun | None = None
    ) -> PopulationRun:
        """The run of all subjects at the view's instant."""
        return self.everyone(definition, view, runner=runner)[1]

    def everyone(
        self, definition: PointsDefinition, view: AsOf, *, runner: Runner, before: PopulationRun | None = None
    ) -> tuple[ir.Table, PopulationRun]:
        """`score` of all subjects and the run they are ranked in, with what they did read once."""
        scores = runner.cache(Points(definition, view, runner).scores())
        run = population_run(scores, score=definition.name, as_of=view.at, runner=runner)
        return with_percentile(scores, run=run, runner=runner, members=True).select(*_COLUMNS), run

    def explain(
        self,
        definition: PointsDefinition,
        view: AsOf,
        *,
        subject_ids: Sequence[str],
        runner: Runner,
        run: PopulationRun | None = None,
    ) -> Mapping[str, Explanation]:
        """The reasons for a few subjects' scores; `run` changes nothing here."""
        return explain(definition, view, subject_ids=subject_ids, runner=runner)
