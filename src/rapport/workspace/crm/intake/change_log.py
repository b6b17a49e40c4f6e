"""What an import leaves for people to read and for undoing: verdicts on rows, and records made or changed."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import Any

from rapport.engine.crm.tables import TABLES
from rapport.workspace.crm.intake.models import Import, RecordChange, RowVerdict
from rapport.workspace.crm.intake.run.chunk import DUPLICATE, ChunkResult
from rapport.workspace.crm.records.changes import Step, Verdict
from rapport.workspace.crm.records.values import as_text
from rapport.workspace.lib import bulk

EXAMPLES = 200
"""Rows kept of a verdict that needs no one's attention, in a dry run."""

_CELL_SHOWN = 10_000
_VERDICT_COLUMNS = ("of_id", "of_check", "row", "verdict", "reason", "record_id", "first_row", "original")
_CHANGE_COLUMNS = ("of_id", "row", "table", "record_id", "made", "old", "new")


def log_verdicts(found: Import, result: ChunkResult, *, of_check: bool) -> None:
    """Keep every refused and doubled row with its cells, and in a dry run examples of the others."""
    counted = Counter(found.checked_counts if of_check else {})
    rows = []
    for row in result.results:
        counted[row.verdict] += 1
        if row.verdict in ("error", DUPLICATE) or (of_check and counted[row.verdict] <= EXAMPLES):
            record_id = "" if of_check and row.verdict == "new" else row.record_id
            rows.append(
                (found.pk, of_check, row.row, row.verdict, row.reason, record_id, row.first_row, _shown(row.cells))
            )
    bulk.insert(RowVerdict, _VERDICT_COLUMNS, rows)


def log_changes(found: Import, result: ChunkResult) -> None:
    """Keep which records were made, and the old and new values of those that were changed."""
    rows = []
    for row, table, step in result.made:
        made = step.verdict is Verdict.NEW
        old, new = ({}, {}) if made else changed_texts(table, step)
        rows.append((found.pk, row, table, step.id, made, old, new))
    bulk.insert(RecordChange, _CHANGE_COLUMNS, rows)


def changed_texts(table: str, step: Step) -> tuple[dict[str, str | None], dict[str, str | None]]:
    """Old and new value as text, by attribute; custom fields one by one."""
    old: dict[str, str | None] = {}
    new: dict[str, str | None] = {}
    for name, value in step.values.items():
        before = step.old.get(name)
        if name == "properties":
            for key in {**(before or {}), **(value or {})}:
                if (before or {}).get(key) != (value or {}).get(key):
                    old[f"properties.{key}"] = (before or {}).get(key)
                    new[f"properties.{key}"] = (value or {}).get(key)
        else:
            kind = TABLES[table].columns[name].type
            old[name], new[name] = as_text(kind, before), as_text(kind, value)
    return old, new


def _shown(cells: Any) -> list[str]:
    """The cells as text that any database keeps: without NUL and lone bytes, cut where they are huge."""
    return [_plain(cell) for cell in cells]


def _plain(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, (date, datetime)):
        return cell.isoformat()
    text = str(cell)[:_CELL_SHOWN].replace("\x00", "\ufffd")
    return text if text.isascii() else text.encode(errors="replace").decode()
