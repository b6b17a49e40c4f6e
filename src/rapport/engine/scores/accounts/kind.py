"""Scores of accounts made of their contacts' scores."""

from __future__ import annotations

from collections.abc import Mapping

import ibis.expr.types as ir

from rapport.engine.crm.as_of import AsOf
from rapport.engine.runner import Runner
from rapport.engine.scores.accounts.explain import explain
from rapport.engine.scores.accounts.expression import Accounts
from rapport.engine.scores.accounts.spec import AccountsDefinition
from rapport.engine.scores.composed import ComposedKind
from rapport.engine.scores.explanation import Explanation
from rapport.engine.scores.parts import Parts


class AccountsKind(ComposedKind[AccountsDefinition, Accounts]):
    """Contacts' scores rolled up to accounts; `matrix` is the buying group's label, or that of fit and engagement."""

    def bound(
        self, definition: AccountsDefinition, view: AsOf, runner: Runner, parts: Parts, subjects: ir.Table | None
    ) -> Accounts:
        return Accounts(definition, view, runner, self.kinds, parts, subjects)

    def explained(self, bound: Accounts) -> Mapping[str, Explanation]:
        return explain(bound)
