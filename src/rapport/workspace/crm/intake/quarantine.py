"""Rows that were refused: mended by a person and taken after all, or as they are once what they name is there."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from rapport.workspace.crm.intake.change_log import log_changes
from rapport.workspace.crm.intake.importing import CHUNK, one_import_at_a_time
from rapport.workspace.crm.intake.mapping.mapping import Mapping
from rapport.workspace.crm.intake.models import Import, RowVerdict
from rapport.workspace.crm.intake.reading.rows import Line, checked
from rapport.workspace.crm.intake.run.chunk import ChunkResult, Chunks


def admit(import_id: str, mended: dict[int, Sequence[str]] | None = None) -> dict[str, int]:
    """Try refused rows again.

    mended: by row number, the cells as they should be; None tries every row in quarantine as it is.
    Returns: rows by verdict. What is refused again stays in quarantine with its new reason.
    """
    found = Import.objects.get(pk=import_id)
    waiting = found.verdicts.filter(of_check=False, verdict="error", admitted=False).order_by("row")
    if mended is not None:
        waiting = waiting.filter(row__in=list(mended))
    counts: dict[str, int] = {}
    rows = list(waiting.values_list("row", flat=True))
    for start in range(0, len(rows), CHUNK):
        with transaction.atomic():
            one_import_at_a_time()
            result = _admit(found, list(waiting.filter(row__in=rows[start : start + CHUNK])), mended or {})
        for verdict, count in result.counts().items():
            counts[verdict] = counts.get(verdict, 0) + count
    return counts


def _admit(found: Import, waiting: list[RowVerdict], mended: dict[int, Sequence[str]]) -> ChunkResult:
    for verdict in waiting:
        verdict.original = list(mended.get(verdict.row, verdict.original))
    width = len(found.header)
    lines: list[Line] = [checked(verdict.row, verdict.original, width) for verdict in waiting]
    mapping = Mapping.from_json(found.mapping)
    chunks = Chunks(mapping, found.header, source=found.source, by=found.mark, at=found.at, dry=False)
    try:
        result = chunks.take(lines)
    finally:
        chunks.close()
    log_changes(found, result)
    by_row = {row.row: row for row in result.results}
    for verdict in waiting:
        became = by_row[verdict.row]
        verdict.admitted = became.verdict != "error"
        verdict.reason = became.reason or verdict.reason
        verdict.record_id = became.record_id
    RowVerdict.objects.bulk_update(waiting, ["original", "admitted", "reason", "record_id"], batch_size=200)
    _count(found, result)
    return result


def _count(found: Import, result: ChunkResult) -> None:
    """Move the admitted rows from `error` to what they became."""
    locked = Import.objects.select_for_update().get(pk=found.pk)
    counts = dict(locked.counts)
    for verdict, count in result.counts().items():
        if verdict != "error":
            counts[verdict] = counts.get(verdict, 0) + count
            counts["error"] = counts.get("error", 0) - count
    locked.counts = counts
    locked.save(update_fields=["counts"])
