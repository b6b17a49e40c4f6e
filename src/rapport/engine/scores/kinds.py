"""The kinds of score, each with how it is computed and explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.runner import Runner
from rapport.engine.scores.explanation import Explanation
from rapport.engine.scores.points.kind import PointsKind
from rapport.engine.scores.population import PopulationRun
from rapport.engine.scores.rfm.kind import RfmKind


class Kind(Protocol):
    """One kind of score. `definition` is the model that `DEFINITION_TYPES` gives for it."""

    def score(
        self,
        definition: Any,
        view: AsOf,
        *,
        runner: Runner,
        run: PopulationRun | None = None,
        subjects: ir.Table | None = None,
    ) -> ir.Table:
        """One row per subject that stands at the view's instant.

        Parameters: run, what ranks and cut points are taken from; None makes it of all subjects.
            subjects, with the column `subject_id`: only those.
        Columns: subject_id, value, fit, engagement (decimal(18,6)), matrix, band, percentile (0..100),
        reason_null. value is null exactly where reason_null is not.
        """
        ...

    def population(self, definition: Any, view: AsOf, *, runner: Runner) -> PopulationRun:
        """The run of all subjects at the view's instant: what later scores are ranked and cut by until the next."""
        ...

    def explain(
        self,
        definition: Any,
        view: AsOf,
        *,
        subject_ids: Sequence[str],
        runner: Runner,
        run: PopulationRun | None = None,
    ) -> Mapping[str, Explanation]:
        """The reasons for each of a few subjects' scores; subjects that do not stand are left out."""
        ...


KINDS: dict[str, Kind] = {"points": PointsKind(), "rfm": RfmKind()}
