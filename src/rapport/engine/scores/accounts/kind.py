"""Scores of accounts made of their contacts' scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis.expr.types as ir
import pyarrow as pa

from rapport.engine.crm.as_of import AsOf
from rapport.engine.runner import Runner
from rapport.engine.scores.accounts.explain import explain
from rapport.engine.scores.accounts.expression import Accounts
from rapport.engine.scores.accounts.spec import AccountsDefinition
from rapport.engine.scores.explanation import Explanation
from rapport.engine.scores.parts import Kinds, Parts, parts_of_everyone
from rapport.engine.scores.population import PopulationRun, population_run
from rapport.engine.scores.subject_rows import finished


@dataclass(frozen=True)
class AccountsKind:
    """Contacts' scores rolled up to their accounts. Attributes: kinds, of the scores that it is made of."""

    kinds: Kinds
    learns = False

    def score(
        self,
        definition: AccountsDefinition,
        view: AsOf,
        *,
        runner: Runner,
        run: PopulationRun | None = None,
        subjects: ir.Table | None = None,
    ) -> ir.Table:
        """One row per account; `matrix` is the buying group's label, or that of fit and engagement."""
        if run is None and subjects is None:
            return self.everyone(definition, view, runner=runner)[0]
        run = run or self.population(definition, view, runner=runner)
        rows = Accounts(definition, view, runner, self.kinds, Parts(runs=run.parts), subjects).rows()
        return finished(definition, rows, run=run, runner=runner)

    def population(
        self, definition: AccountsDefinition, view: AsOf, *, runner: Runner, before: PopulationRun | None = None
    ) -> PopulationRun:
        """The run of all accounts at the view's instant, with the runs of the scores that it is made of."""
        return self._measured(definition, view, runner, before)[1]

    def everyone(
        self, definition: AccountsDefinition, view: AsOf, *, runner: Runner, before: PopulationRun | None = None
    ) -> tuple[ir.Table, PopulationRun]:
        """The scores of all accounts and the run they are ranked in; each part is measured once."""
        rows, run = self._measured(definition, view, runner, before)
        return finished(definition, rows, run=run, runner=runner), run

    def _measured(
        self, definition: AccountsDefinition, view: AsOf, runner: Runner, before: PopulationRun | None
    ) -> tuple[ir.Table, PopulationRun]:
        parts = parts_of_everyone(definition, view, runner=runner, kinds=self.kinds, before=before)
        rows = runner.cache(Accounts(definition, view, runner, self.kinds, parts).rows())
        return rows, population_run(rows, score=definition.name, as_of=view.at, runner=runner, parts=parts.runs)

    def explain(
        self,
        definition: AccountsDefinition,
        view: AsOf,
        *,
        subject_ids: Sequence[str],
        runner: Runner,
        run: PopulationRun | None = None,
    ) -> Mapping[str, Explanation]:
        """The reasons of a few accounts; those that do not stand are left out."""
        run = run or self.population(definition, view, runner=runner)
        subjects = runner.from_arrow(pa.table({"subject_id": pa.array(list(subject_ids), pa.string())}))
        return explain(Accounts(definition, view, runner, self.kinds, Parts(runs=run.parts), subjects))
