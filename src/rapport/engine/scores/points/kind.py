"""Points as a kind of score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.runner import Runner
from rapport.engine.scores.explanation import Explanation
from rapport.engine.scores.points.spec import PointsDefinition
from rapport.engine.scores.population import PopulationRun


class PointsKind:
    """Groups of criteria, each giving points."""

    def score(
        self,
        definition: PointsDefinition,
        view: AsOf,
        *,
        runner: Runner,
        run: PopulationRun | None = None,
        subjects: ir.Table | None = None,
    ) -> ir.Table:
        raise NotImplementedError

    def explain(
        self,
        definition: PointsDefinition,
        view: AsOf,
        *,
        subject_ids: Sequence[str],
        runner: Runner,
        run: PopulationRun | None = None,
    ) -> Mapping[str, Explanation]:
        raise NotImplementedError
