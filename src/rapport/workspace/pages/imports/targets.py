"""Where a column of a file can go, in the words of the page."""

from __future__ import annotations

from dataclasses import dataclass

from rapport.engine.crm.tables import TABLES, Table
from rapport.workspace.crm.intake.dictionaries import DICTIONARIES
from rapport.workspace.crm.intake.mapping.mapping import MappedColumn

IGNORE = ""
CUSTOM = "custom"

_ALWAYS = {
    "external_id": "ID in the source",
    "created_at": "Created",
    "modified_at": "Last modified",
    "is_deleted": "Deleted (yes or no)",
}
_DERIVED = {
    "contacts": {"full_name": "Full name"},
    "accounts": {"website": "Website"},
    "deals": {"close_date": "Close date", "is_won": "Is won", "is_closed": "Is closed"},
}
_NAMED_BY = {
    "accounts": ("name", "external_id", "domain"),
    "contacts": ("email", "external_id"),
    "users": ("name", "email", "external_id"),
    "products": ("name", "sku", "external_id"),
    "teams": ("name", "external_id"),
    "campaigns": ("name", "external_id"),
}
_BY = {
    "external_id": "ID in the source",
    "name": "name",
    "email": "e-mail",
    "domain": "domain",
    "sku": "article number",
}


@dataclass(frozen=True)
class Group:
    """Targets of one kind: (value, label) each."""

    label: str
    options: list[tuple[str, str]]


def tables() -> list[tuple[str, str]]:
    """The tables files can be of, with what a row of each is."""
    return [(name, f"{_said(name)}: {TABLES[name].grain}") for name in DICTIONARIES]


def groups(table: str) -> list[Group]:
    """Every target of a table."""
    declared = TABLES[table]
    plain = [(c.name, _said(c.name)) for c in declared.own_columns if c.refers_to is None and c.name != "properties"]
    found = [
        Group("Columns", [*plain, *_DERIVED.get(table, {}).items()]),
        Group("Belongs to", _references(declared)),
        Group("The row itself", list(_ALWAYS.items())),
    ]
    keep = [(CUSTOM, "Custom field")] if "properties" in declared.columns else []
    return [*(group for group in found if group.options), Group("Otherwise", [*keep, (IGNORE, "Leave out")])]


def value_of(column: MappedColumn) -> str:
    """The option that is chosen for a column."""
    if column.target.startswith("properties."):
        return CUSTOM
    return f"{column.target}:{column.by}" if column.by else column.target


def target_of(value: str, header: str) -> tuple[str, str]:
    """(target, by) that an option means."""
    if value == CUSTOM:
        return f"properties.{header[:150]}", ""
    target, _, by = value.partition(":")
    return target, by


def _references(declared: Table) -> list[tuple[str, str]]:
    return [
        (f"{column.name}:{by}", f"{_said(column.name.removesuffix('_id'))}, by {_BY[by]}")
        for column in declared.own_columns
        if column.refers_to
        for by in _NAMED_BY.get(column.refers_to, ("external_id",))
    ]


def _said(name: str) -> str:
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]
