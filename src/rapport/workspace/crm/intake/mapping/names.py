"""Names of columns, folded: case, spaces and punctuation do not count."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from rapport.engine.crm.tables import TABLES
from rapport.workspace.crm.intake.dictionaries import COMMON_NAMES, DICTIONARIES, ENTITY_WORDS, NOISE

_PREFIXES = re.compile(r"^(property_|properties\.|hs_)")
_SUFFIX = re.compile(r"(__c|_c)$")
_OTHER = re.compile(r"[^0-9a-z]+")


def fold(name: str) -> str:
    """`Associated Company IDs (Primary)` and `associated_company_ids_primary` alike: letters and digits only."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode() if not name.isascii() else name
    return _OTHER.sub("", _SUFFIX.sub("", _PREFIXES.sub("", plain.strip().lower()))) or name.strip().casefold()


def is_noise(header: str) -> bool:
    return fold(header).startswith(NOISE)


@cache
def names_of(table: str) -> dict[str, tuple[str, int]]:
    """Folded name -> (target, rank): rank 0 is the name a target is best told by. Own names before common ones."""
    known: dict[str, tuple[str, int]] = {}
    for target, names in DICTIONARIES.get(table, {}).items():
        for rank, name in enumerate(names):
            known.setdefault(fold(name), (target, rank))
    for column in TABLES[table].own_columns:
        if column.refers_to is None and column.name != "properties":
            known.setdefault(fold(column.name), (column.name, 50))
    for target, names in COMMON_NAMES.items():
        for rank, name in enumerate(names, start=20):
            known.setdefault(fold(name), (target, rank))
    return known


def look_up(table: str, header: str) -> tuple[str, int, float] | None:
    """(target, rank, confidence) of a header in a table; None where nothing is known of it.

    A header is also tried without the table's own word in front: "Deal - Value" as "value".
    """
    known = names_of(table)
    folded = fold(header)
    if folded in known:
        return (*known[folded], 1.0)
    for word in ENTITY_WORDS.get(table, ()):
        rest = folded.removeprefix(fold(word))
        if rest != folded and rest in known and known[rest][0] != "external_id":
            return (*known[rest], 0.8)
    return None
