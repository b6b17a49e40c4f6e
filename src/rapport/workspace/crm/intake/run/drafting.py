"""A row of a file as a draft of a record, before its references are found."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rapport.engine.crm.tables import TABLES
from rapport.workspace.crm.intake.mapping.mapping import MappedColumn, Mapping
from rapport.workspace.crm.intake.run.derived import derive
from rapport.workspace.crm.intake.values.readers import UnknownWordError, reader
from rapport.workspace.crm.records.values import UnfitError


@dataclass(slots=True)
class Drafted:
    """A row on its way.

    Attributes:
        number: of the row in the file.
        cells: as the file has them.
        draft: for `changes.write`, references still missing.
        references: by column, the names of the other row by kind of name: {"account_id": {"name": "Acme"}}.
        problem: why it cannot be taken; "" while it can.
    """

    number: int
    cells: Sequence[Any]
    draft: dict[str, Any] = field(default_factory=dict)
    references: dict[str, dict[str, str]] = field(default_factory=dict)
    problem: str = ""


class Drafter:
    """Makes drafts of rows by a mapping that is settled."""

    def __init__(self, mapping: Mapping, header: Sequence[str], *, at: datetime) -> None:
        self._mapping = mapping
        self._at = at
        zone = ZoneInfo(mapping.time_zone)
        positions = {name: position for position, name in enumerate(header)}
        used = [column for column in mapping.columns if column.target and column.header in positions]
        self._columns = [(positions[c.header], c, reader(mapping, c, zone=zone)) for c in used]
        self._constants = [
            (c, reader(mapping, c, zone=zone)(value))
            for c, value in (
                (MappedColumn(header="", target=target), value) for target, value in mapping.constants.items()
            )
        ]
        self._custom = "properties" in TABLES[mapping.table].columns

    def draft(self, number: int, cells: Sequence[Any]) -> Drafted:
        drafted = Drafted(number, cells)
        values: dict[str, Any] = {}
        try:
            for position, column, read in self._columns:
                cell = cells[position]
                if cell is None or cell == "":
                    continue
                self._take(drafted, values, column, cell, read)
            for column, value in self._constants:
                if value is not None and values.get(column.target) is None:
                    values[column.target] = value
            drafted.draft = derive(self._mapping.table, values, at=self._at)
        except UnfitError as error:
            drafted.problem = str(error)
        return drafted

    def _take(
        self, drafted: Drafted, values: dict[str, Any], column: MappedColumn, cell: Any, read: Callable[[Any], Any]
    ) -> None:
        try:
            value = read(cell)
        except UnknownWordError:
            if not self._custom:
                raise
            values.setdefault("properties", {})[column.target] = str(cell).strip()  # kept, though no choice of ours
            return
        except UnfitError as error:
            raise UnfitError(f"{column.header}: {error}") from error
        if value is None or value == "":
            return
        if column.by:
            drafted.references.setdefault(column.target, {})[column.by] = value
        elif column.target.startswith("properties."):
            values.setdefault("properties", {})[column.target[len("properties.") :]] = value
        elif column.target not in values:
            values[column.target] = value


def row_key(row: Drafted) -> str:
    """A key made of all that a row says, for rows that nothing else names."""
    said = "\x1f".join("" if cell is None else str(cell) for cell in row.cells)
    return "row:" + hashlib.sha256(said.encode(errors="surrogateescape")).hexdigest()[:40]


__all__ = ["Drafted", "Drafter", "row_key"]
