"""Guessing the table a file is of and the column each of its columns is."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import PurePath
from typing import Any

from rapport.engine.crm.tables import TABLES
from rapport.engine.errors import DefinitionError
from rapport.workspace.crm.intake.dictionaries import DICTIONARIES, ENTITY_WORDS
from rapport.workspace.crm.intake.mapping.mapping import MappedColumn, Mapping
from rapport.workspace.crm.intake.mapping.names import fold, is_noise, look_up, names_of

GUESSABLE = tuple(DICTIONARIES)
_ENOUGH = 2
_CALLED_SO = 3.0
_TELLING = ("external_id", "created_at", "modified_at", "is_deleted")


@dataclass(frozen=True)
class TableGuess:
    """A table a file may be of; confidence 0..1 against the next likely one."""

    table: str
    confidence: float


def guess_table(header: Sequence[str], *, file_name: str = "") -> TableGuess:
    """The likeliest table, by the names of the columns and of the file.

    Raises: DefinitionError where nothing is recognised.
    """
    weights = sorted(((_likeness(table, header, file_name), table) for table in GUESSABLE), reverse=True)
    (best, table), (second, _) = weights[:2]
    if best < 1.0 or (_recognised(table, header) < _ENOUGH and _named(table, file_name) < _CALLED_SO):
        raise DefinitionError(
            "no table is recognised by the names of the columns", where=file_name or None,
            received=", ".join(header[:8]), allowed=sorted(GUESSABLE), next_step="Say which table it is.",
        )  # fmt: skip
    return TableGuess(table, round(best / (best + second), 2))


def guess_columns(table: str, header: Sequence[str]) -> tuple[MappedColumn, ...]:
    """Each column's likeliest target. What is not known becomes a custom field where the table has those."""
    found = {name: look_up(table, name) for name in header if not is_noise(name) or look_up(table, name)}
    taken: dict[str, tuple[int, str]] = {}
    for name, hit in found.items():
        if hit is not None and (hit[0] not in taken or hit[1] < taken[hit[0]][0]):
            taken[hit[0]] = (hit[1], name)
    return tuple(_column(table, name, found.get(name), taken, header) for name in header)


def guess_mapping(
    header: Sequence[str],
    *,
    table: str | None = None,
    file_name: str = "",
    changes: Dict[str, Sequence[Dict[str, Any]]] | None = None,
) -> Mapping:
    """The whole guess: table (unless it is told) and columns, then what a person changed."""
    table = table or guess_table(header, file_name=file_name).table
    if table not in TABLES:
        raise DefinitionError("no table of the CRM", received=table, allowed=sorted(GUESSABLE))
    mapping = Mapping(table=table, columns=guess_columns(table, header))
    return mapping.with_columns(changes) if changes else mapping


def _column(
    table: str, name: str, hit: tuple[str, int, float] | None, taken: Dict[str, tuple[int, str]], header: Sequence[str]
) -> MappedColumn:
    column = MappedColumn(header=name)
    if hit is not None and taken[hit[0]][1] == name:
        target, _, by = hit[0].partition(":")
        return replace(column, target=target, by=by, confidence=hit[2])
    if is_noise(name):
        return replace(column, note="left out: it says nothing of the record")
    also = f"{taken[hit[0]][1]!r} is taken for {hit[0].partition(':')[0]}" if hit else "not recognised"
    if "properties" in TABLES[table].columns:
        return replace(
            column, target=f"properties.{name[:150]}", confidence=0.5, note=f"kept as a custom field: {also}"
        )
    return replace(column, confidence=0.5, note=f"left out: {also}, and {table} have no custom fields")


def _likeness(table: str, header: Sequence[str], file_name: str) -> float:
    """How much a file looks like a table: recognised columns weigh the more, the fewer tables know their name."""
    hits: dict[str, float] = {}
    for name in header:
        hit = look_up(table, name)
        if hit is not None:
            weight = (0.2 if hit[0] in _TELLING and hit[1] >= 20 else 1.0) * hit[2] / _rarity(fold(name))
            hits[hit[0]] = max(hits.get(hit[0], 0.0), weight)
    required = [c.name for c in TABLES[table].own_columns if c.required]
    missing = sum(1 for name in required if not any(target.partition(":")[0] == name for target in hits))
    own_id = any(fold(f"{word} id") in map(fold, header) for word in ENTITY_WORDS.get(table, ()))
    return sum(hits.values()) - 1.0 * missing + 0.3 * own_id + _named(table, file_name)


def _recognised(table: str, header: Sequence[str]) -> int:
    """How many columns are told by a name of this table's own; ids and times that any row may have do not count."""
    hits = [hit for name in header if (hit := look_up(table, name))]
    return len({target.partition(":")[0] for target, rank, _ in hits if target not in _TELLING or rank < 20})


@cache
def _rarity(folded: str) -> float:
    known_by = sum(1 for table in GUESSABLE if folded in names_of(table))
    return math.sqrt(max(1.0, known_by))


def _named(table: str, file_name: str) -> float:
    """Whether the file is called like the table: `deals.csv`, `sf_opportunity_data.csv`."""
    words = re.split(r"[^a-z0-9]+", PurePath(file_name.lower()).name.split(".")[0])
    text = " ".join(word.removesuffix("s") for word in words if word not in ("data", "export", "dataset", "all", "sf"))
    spoken = [table.replace("_", " ").removesuffix("s"), *ENTITY_WORDS.get(table, ())]
    if any(text == word for word in spoken):
        return _CALLED_SO
    return 0.7 if any(f" {word} " in f" {text} " for word in spoken) else 0.0
