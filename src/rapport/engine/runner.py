"""What it takes to execute an expression: implemented in `execution/`, handed in where something must run midway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import ibis.expr.types as ir
import pyarrow as pa

BatchFunction = Callable[[pa.RecordBatch], pa.RecordBatch]


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
