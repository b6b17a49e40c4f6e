"""Kinds of score that are made of other scores: what they have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.runner import Runner
from rapport.engine.scores.explanation import Explanation
from rapport.engine.scores.parts import Kinds, Parts, ScoreOfScores, parts_of_everyone
from rapport.engine.scores.population import PopulationRun, population_run
from rapport.engine.scores.subject_rows import asked_for, finished

D = TypeVar("D", bound=ScoreOfScores)


@dataclass(frozen=True)
class ComposedRows(ABC, Generic[D]):
    """A definition bound to a view.

    Attributes:
        parts: the scores that it is made of.
        subjects: subject_id; only these, None for all.
    """

    definition: D
    view: AsOf
    runner: Runner
    kinds: Kinds
    parts: Parts
    subjects: ir.Table | None = None

    @property
    def needed_by(self) -> str:
        return f"the score {self.definition.name}"

    @property
    def time_zone(self) -> str:
        return self.definition.time_zone or self.view.snapshot.time_zone

    @abstractmethod
    def rows(self) -> ir.Table:
        """One row per subject, for `subject_rows.finished`."""


B = TypeVar("B", bound=ComposedRows[Any])


@dataclass(frozen=True)
class ComposedKind(ABC, Generic[D, B]):
    """A kind whose runs hold those of its parts. Attributes: kinds, of the scores that it is made of."""

    kinds: Kinds
    learns = False

    @abstractmethod
    def bound(self, definition: D, view: AsOf, runner: Runner, parts: Parts, subjects: ir.Table | None) -> B:
        """The definition bound to a view."""

    @abstractmethod
    def explained(self, bound: B) -> Mapping[str, Explanation]:
        """The reasons of the subjects that it is bound to."""

    def score(
        self,
        definition: D,
        view: AsOf,
        *,
        runner: Runner,
        run: PopulationRun | None = None,
        subjects: ir.Table | None = None,
    ) -> ir.Table:
        """One row per subject; see `kind.Kind`."""
        if run is None and subjects is None:
            return self.everyone(definition, view, runner=runner)[0]
        run = run or self.population(definition, view, runner=runner)
        rows = self.bound(definition, view, runner, Parts(runs=run.parts), subjects).rows()
        return finished(definition, rows, run=run, runner=runner)

    def population(
        self, definition: D, view: AsOf, *, runner: Runner, before: PopulationRun | None = None
    ) -> PopulationRun:
        """The run of all subjects at the view's instant, with the runs of the scores that it is made of."""
        return self._measured(definition, view, runner, before)[1]

    def everyone(
        self, definition: D, view: AsOf, *, runner: Runner, before: PopulationRun | None = None
    ) -> tuple[ir.Table, PopulationRun]:
        """The scores of all subjects and the run they are ranked in; each part is measured once."""
        rows, run = self._measured(definition, view, runner, before)
        return finished(definition, rows, run=run, runner=runner, members=True), run

    def _measured(
        self, definition: D, view: AsOf, runner: Runner, before: PopulationRun | None
    ) -> tuple[ir.Table, PopulationRun]:
        parts = parts_of_everyone(definition, view, runner=runner, kinds=self.kinds, before=before)
        rows = runner.cache(self.bound(definition, view, runner, parts, None).rows())
        return rows, population_run(rows, score=definition.name, as_of=view.at, runner=runner, parts=parts.runs)

    def explain(
        self,
        definition: D,
        view: AsOf,
        *,
        subject_ids: Sequence[str],
        runner: Runner,
        run: PopulationRun | None = None,
    ) -> Mapping[str, Explanation]:
        """The reasons of a few subjects; those that do not stand are left out."""
        run = run or self.population(definition, view, runner=runner)
        subjects = asked_for(subject_ids, runner)
        return self.explained(self.bound(definition, view, runner, Parts(runs=run.parts), subjects))
