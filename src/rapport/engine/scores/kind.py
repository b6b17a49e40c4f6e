"""What every kind of score can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.runner import Runner
from rapport.engine.scores.explanation import Explanation
from rapport.engine.scores.population import PopulationRun


class Kind(Protocol):
    """One kind of score. `definition` is the model that `DEFINITION_TYPES` gives for it.

    Attributes: learns, whether its scores rest on a model that is fitted to history (`PopulationRun.model`).
    """

    learns: bool

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
        reason_null. value is null exactly where reason_null is not. A kind that knows how sure it is adds
        low and high (decimal(18,6), a 90 % interval of the value); further columns are the kind's own.
        """
        ...

    def population(
        self, definition: Any, view: AsOf, *, runner: Runner, before: PopulationRun | None = None
    ) -> PopulationRun:
        """The run of all subjects at the view's instant: what later scores are ranked and cut by until the next.

        Parameters: before, the run in force. A kind that learns keeps its model while it is young
            (`refit_days`) and where a new fit is worse on the newest period; None fits anew, from facts
            known at the view's instant alone.
        """
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


@runtime_checkable
class AtOnce(Protocol):
    """A kind that measures everyone once for both the scores and the run they are ranked in."""

    def everyone(
        self, definition: Any, view: AsOf, *, runner: Runner, before: PopulationRun | None = None
    ) -> tuple[ir.Table, PopulationRun]:
        """`score` of all subjects, and `population`."""
        ...


def everyone(
    kind: Kind, definition: Any, view: AsOf, *, runner: Runner, before: PopulationRun | None = None
) -> tuple[ir.Table, PopulationRun]:
    """The scores of all subjects at the view's instant, and the run that they are ranked in."""
    if isinstance(kind, AtOnce):
        return kind.everyone(definition, view, runner=runner, before=before)
    run = kind.population(definition, view, runner=runner, before=before)
    return kind.score(definition, view, runner=runner, run=run), run
