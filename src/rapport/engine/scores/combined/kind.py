"""Scores made of other scores."""

from __future__ import annotations

from collections.abc import Mapping

import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.runner import Runner
from rapport.engine.scores.combined.explain import explain
from rapport.engine.scores.combined.expression import Combined
from rapport.engine.scores.combined.spec import CombinedDefinition
from rapport.engine.scores.composed import ComposedKind
from rapport.engine.scores.explanation import Explanation
from rapport.engine.scores.parts import Parts


class CombinedKind(ComposedKind[CombinedDefinition, Combined]):
    """Other scores weighed, or laid out in a table; `matrix` is the cell's label, or that of fit and engagement."""

    def bound(
        self, definition: CombinedDefinition, view: AsOf, runner: Runner, parts: Parts, subjects: ir.Table | None
    ) -> Combined:
        return Combined(definition, view, runner, self.kinds, parts, subjects)

    def explained(self, bound: Combined) -> Mapping[str, Explanation]:
        return explain(bound)
