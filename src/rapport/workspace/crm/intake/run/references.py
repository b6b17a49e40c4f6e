"""Finding the rows that other rows name, by id in their source, e-mail address or name, and making missing ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rapport.engine.crm.tables import TABLES
from rapport.workspace.crm.intake.run.drafting import Drafted
from rapport.workspace.crm.records.changes import Step, Verdict, write_batch
from rapport.workspace.crm.records.table_models import model_of
from rapport.workspace.lib.sort_key import SortKey

MADE = frozenset({"accounts", "contacts", "users", "teams", "campaigns", "products"})
"""Tables whose rows are made when a row names one that is not there: a name is all they need."""

_REMEMBERED = 200_000
_PREFERENCE = ("id", "external_id", "email", "domain", "sku", "name")
_DRY = "new:"

Key = tuple[str, str, str]
"""(table, by, name folded)"""


def folded(by: str, name: str) -> str:
    """A name as it is compared: ids exactly, all others without regard to case."""
    return name if by in ("id", "external_id") else name.casefold()


class References:
    """Resolves references of chunk after chunk, remembering what it found.

    Parameters: dry, make nothing: a missing row gets an id that says so.
    """

    def __init__(self, table: str, *, source: str, by: str, at: datetime, dry: bool) -> None:
        self._table = TABLES[table]
        self._source, self._by, self._at, self._dry = source, by, at, dry
        self._known: dict[Key, str] = {}

    def find(self, rows: Sequence[Drafted]) -> None:
        """Look up what a chunk's drafts name. A row has a problem where that is not there and cannot be made."""
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        self._find({key for row in rows for column in row.references for key in self._keys(row, column)})
        for row in rows:
            row.problem = row.problem or self._missing(row)

    def fill(self, rows: Sequence[Drafted]) -> list[tuple[str, Step]]:
        """Put the ids into the drafts, after making the rows that are only named.

        Returns: the rows made, as (table, step).
        """
        made = [] if self._dry else self._make_missing(rows)
        for row in rows:
            for column in row.references:
                self._fill(row, column)
        return made

    def _missing(self, row: Drafted) -> str:
        """Why a row cannot be taken: what it names is not there."""
        for column in row.references:
            keys = self._keys(row, column)
            if keys[0][0] not in MADE and not any(key in self._known for key in keys):
                table, by, _ = keys[0]
                name = next(iter(row.references[column].values()))
                return f"there is no row of {table} with {by.replace('_', ' ')} {name!r} yet: import {table} first"
        return ""

    def _keys(self, row: Drafted, column: str) -> list[Key]:
        table = self._table.columns[column].refers_to or ""
        names = row.references[column]
        return [(table, by, folded(by, names[by])) for by in _PREFERENCE if by in names]

    def _fill(self, row: Drafted, column: str) -> None:
        keys = self._keys(row, column)
        found = next((self._known[key] for key in keys if key in self._known), None)
        row.draft[column] = found or f"{_DRY}{keys[0][0]}:{keys[0][2][:60]}"

    def _find(self, wanted: Iterable[Key]) -> None:
        by_kind: dict[tuple[str, str], set[str]] = defaultdict(set)
        for key in wanted:
            if key not in self._known:
                by_kind[key[:2]].add(key[2])
        for (table, by), names in by_kind.items():
            for name, row_id in look_up(table, by, names, source=self._source).items():
                self._known[table, by, name] = row_id

    def _make_missing(self, rows: Sequence[Drafted]) -> list[tuple[str, Step]]:
        wanted: dict[str, dict[Key, dict[str, Any]]] = defaultdict(dict)
        for row in rows:
            for column, names in row.references.items():
                keys = self._keys(row, column)
                if keys[0][0] in MADE and not any(key in self._known for key in keys):
                    self._want(wanted[keys[0][0]], keys, names, row.draft)
        return [made for table, drafts in wanted.items() for made in self._make(table, drafts)]

    def _want(
        self, wanted: dict[Key, dict[str, Any]], keys: list[Key], names: dict[str, str], row: dict[str, Any]
    ) -> None:
        draft = _stub(keys[0][0], names)
        known_at = row.get(self._table.occurred_at or "") or row.get("created_at") or row.get("recorded_at")
        draft["recorded_at"] = draft["modified_at"] = min(known_at or self._at, self._at)
        standing = wanted.setdefault(keys[0], draft)
        if draft["recorded_at"] < standing["recorded_at"]:
            standing["recorded_at"] = standing["modified_at"] = draft["recorded_at"]
        for name, value in draft.items():
            standing.setdefault(name, value)

    def _make(self, table: str, wanted: dict[Key, dict[str, Any]]) -> list[tuple[str, Step]]:
        made: list[tuple[str, Step]] = []
        keys, drafts = list(wanted), list(wanted.values())
        for draft in drafts:
            draft["recorded_at_assumed"] = True
        for start in range(0, len(drafts), 1000):
            found = write_batch(table, drafts[start : start + 1000], source=self._source, by=self._by, at=self._at)
            for key, step in zip(keys[start : start + 1000], found, strict=True):
                if step.verdict is not Verdict.ERROR:
                    self._known[key] = step.id
                    made.append((table, step))
        return made


def _stub(table: str, names: dict[str, str]) -> dict[str, Any]:
    """What is known of a row that is only named."""
    draft: dict[str, Any] = {}
    if "external_id" in names:
        draft["external_id"] = names["external_id"]
    if "email" in names:
        draft["email"] = names["email"]
    if "domain" in names:
        draft["domain"] = names["domain"]
    if "sku" in names:
        draft["sku"] = names["sku"]
    if "name" in names:
        draft["last_name" if table == "contacts" else "name"] = names["name"]
    if table == "users" and "name" not in draft:
        draft["name"] = names.get("email") or names["external_id"]
    return draft


def look_up(table: str, by: str, names: Iterable[str], *, source: str) -> dict[str, str]:
    """Ids of standing rows by a name of theirs, folded. Of several with one name, the oldest row."""
    rows = model_of(table)._default_manager.filter(deleted_at__isnull=True)
    wanted = list(names)
    found: Iterable[tuple[str | None, str]]
    if by == "id":
        found = rows.filter(pk__in=wanted).values_list("id", "id")
    elif by == "external_id":
        found = rows.filter(source=source, external_id__in=wanted).values_list("external_id", "id")
    else:
        column = "last_name" if (table, by) == ("contacts", "name") else by
        same = rows.annotate(same=SortKey(column)).filter(same__in=sort_keys(wanted))
        found = same.order_by("-id").values_list(column, "id")
    return {folded(by, str(name)): row_id for name, row_id in found}


def sort_keys(names: Iterable[str]) -> set[str]:
    """The names as the databases fold them for `SortKey`: SQLite folds A to Z only."""
    keys = set()
    for name in names:
        keys.add(name.lower())
        if not name.isascii():
            keys.add("".join(letter.lower() if letter.isascii() else letter for letter in name))
    return keys
