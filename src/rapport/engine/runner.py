"""What it takes to execute an expression: implemented in `execution/`, handed in where something must run midway."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import ibis.expr.types as ir
import pyarrow as pa

BatchFunction = Callable[[pa.RecordBatch], pa.RecordBatch]
Tell = Callable[[Sequence[str]], pa.Table]


class Runner(Protocol):
    """Executes Ibis expressions on one engine."""

    name: str

    def to_arrow(self, expression: ir.Table) -> pa.Table:
        """The rows of an expression."""
        ...

    def cache(self, expression: ir.Table) -> ir.Table:
        """The same rows, computed once and kept until the runner closes."""
        ...

    def from_arrow(self, rows: pa.Table) -> ir.Table:
        """Rows in memory as a table of this engine."""
        ...

    def view(self, expression: ir.Table) -> ir.Table:
        """The same rows under a name, until `drop`: what is built on them is written out without how they are made."""
        ...

    def drop(self, view: ir.Table) -> None:
        """Forget a view; nothing built on it may be executed any more."""
        ...

    def map_batches(self, expression: ir.Table, apply: BatchFunction, schema: pa.Schema) -> ir.Table:
        """What `apply` makes of the rows, batch by batch, kept until the runner closes.

        Parameters: apply, a pure function of one record batch that returns one of `schema`; on a cluster
            it is pickled and runs beside the data.
        """
        ...

    def can(self, ability: str) -> bool:
        """Whether the engine has an ability; the one place where engines are told apart."""
        ...

    def close(self) -> None:
        """Give back what is held."""
        ...


@runtime_checkable
class LiveRunner(Runner, Protocol):
    """A runner that writes down what it is asked, to do the same again over other rows.

    What happens midway must then not depend on the rows, except by `told`.
    """

    def told(self, texts: ir.Table, tell: Tell) -> ir.Table:
        """What `tell` makes of the texts (column `value`, distinct), each time anew.

        `tell` raises Unforeseen for texts that the expression was not built for; these are then among `examples`.
        """
        ...

    def examples(self, texts: ir.Table) -> Sequence[str]:
        """Texts that an expression about to be built should be ready for."""
        ...


class Unforeseen(Exception):
    """Texts came that an expression was not built for."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        super().__init__(f"{len(texts)} texts of a new kind")
