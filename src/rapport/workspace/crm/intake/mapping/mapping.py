"""A mapping: which column of a file goes where, and how its values are read."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from rapport.engine.crm.tables import TABLES
from rapport.engine.errors import DefinitionError

DERIVED = ("full_name", "website", "close_date", "is_won", "is_closed", "is_deleted", "modified_at")
BY = ("external_id", "name", "email", "domain", "sku", "id")


@dataclass(frozen=True, kw_only=True)
class MappedColumn:
    """One column of the file.

    Attributes:
        target: a column of the table, `properties.<name>`, or a derived one; "" leaves the column out.
        by: for a reference, which of the other row's values names it.
        dates: how dates are written: iso, dmy, mdy, ymd, unix_s, unix_ms, excel; "" where there are none.
        decimal: the decimal mark, "." or ",".
        percent: numbers are percentages, where ours are fractions.
        values: what a value of the file (folded) means, for columns of choices.
        confidence: of the guess, 0..1; 1 where a person chose.
        note: what a person should know.
    """

    header: str
    target: str = ""
    by: str = ""
    dates: str = ""
    decimal: str = "."
    percent: bool = False
    values: Dict[str, str] = field(default_factory=dict)
    confidence: float = 1.0
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """How a file becomes rows of a table.

    Attributes:
        constants: values that every row gets where the file has none, by column ({"currency": "BRL"}).
        country: where phone numbers without a country code are from (ISO 3166), "" unknown.
        time_zone: of instants without one.
    """

    table: str
    columns: tuple[MappedColumn, ...]
    constants: Dict[str, str] = field(default_factory=dict)
    country: str = ""
    time_zone: str = "UTC"

    def __post_init__(self) -> None:
        if self.table not in TABLES:
            raise DefinitionError("no table of the CRM", where="mapping", received=self.table, allowed=sorted(TABLES))
        for column in self.columns:
            _check_target(self.table, column)

    def column(self, header: str) -> MappedColumn | None:
        return next((column for column in self.columns if column.header == header), None)

    def targets(self) -> set[str]:
        return {column.target for column in self.columns if column.target} | set(self.constants)

    def with_columns(self, changes: Dict[str, Sequence[Dict[str, Any]]]) -> Mapping:
        """The mapping with some columns changed, by header; a column may go to several targets.

        A person's choice has full confidence.
        """
        headers = list(dict.fromkeys(column.header for column in self.columns))
        if unknown := sorted(set(changes) - set(headers)):
            raise DefinitionError("no such column in the file", where="mapping", received=unknown[0], allowed=headers)
        columns: list[MappedColumn] = []
        for column in self.columns:
            chosen = changes.get(column.header, [{}])
            fresh = {"confidence": 1.0, "note": ""} if column.header in changes else {}
            columns += [replace(column, **{**fresh, **_split(change)}) for change in chosen]
        return replace(self, columns=tuple(columns))

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, document: Dict[str, Any]) -> Mapping:
        known = {f.name for f in fields(MappedColumn)}
        columns = tuple(
            MappedColumn(**{k: v for k, v in _split(column).items() if k in known}) for column in document["columns"]
        )
        rest = {k: document[k] for k in ("constants", "country", "time_zone") if k in document}
        return cls(table=document["table"], columns=columns, **rest)


def _split(change: Dict[str, Any]) -> dict[str, Any]:
    """`account_id:name` as target and by."""
    target = change.get("target")
    if not isinstance(target, str) or target.startswith("properties.") or ":" not in target:
        return dict(change)
    column, _, by = target.partition(":")
    return {**change, "target": column, "by": by}


def _check_target(table: str, column: MappedColumn) -> None:
    declared = TABLES[table].columns
    custom = column.target.startswith("properties.") and "properties" in declared
    if column.target and column.target not in declared and column.target not in DERIVED and not custom:
        raise DefinitionError(
            f"{table} has no such column", where=f"mapping of {column.header!r}", received=column.target,
            allowed=sorted(declared),
        )  # fmt: skip
    if column.by and column.by not in BY:
        raise DefinitionError(
            "no way to name another row", where=f"mapping of {column.header!r}", received=column.by, allowed=BY
        )
