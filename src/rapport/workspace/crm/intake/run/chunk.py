"""What becomes of a chunk of rows: drafts, references, matches, then writing or, in a dry run, only the verdicts."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from rapport.engine.crm.tables import TABLES
from rapport.workspace.crm.intake.mapping.mapping import Mapping
from rapport.workspace.crm.intake.reading.rows import Line
from rapport.workspace.crm.intake.run.drafting import Drafted, Drafter
from rapport.workspace.crm.intake.run.matching import file_keys, match
from rapport.workspace.crm.intake.run.references import References
from rapport.workspace.crm.intake.run.seen import Seen
from rapport.workspace.crm.records.changes import Step, Verdict, write_batch
from rapport.workspace.crm.records.history import Dating
from rapport.workspace.crm.records.stage_visits import replace_kept_visits
from rapport.workspace.crm.records.steps import steps

DUPLICATE = "duplicate"
VERDICTS = ("new", "updated", "unchanged", DUPLICATE, "error")


class RowResult(NamedTuple):
    """What became of a row. record_id: what it became or doubles; first_row: the earlier row it doubles."""

    row: int
    verdict: str
    reason: str
    record_id: str
    first_row: int | None
    cells: Sequence[Any]


@dataclass
class ChunkResult:
    """results: one per row. made: rows written, as (row number, table, step)."""

    results: list[RowResult] = field(default_factory=list)
    made: list[tuple[int, str, Step]] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        found = dict.fromkeys(VERDICTS, 0)
        for result in self.results:
            found[result.verdict] += 1
        return found


class Chunks:
    """Takes the chunks of one file in order.

    by: what history says of who changed a value. dry: write nothing.
    """

    def __init__(
        self, mapping: Mapping, header: Sequence[str], *, source: str, by: str, at: datetime, dry: bool
    ) -> None:
        self._table = mapping.table
        self._source, self._by, self._at, self._dry = source, by, at, dry
        self._drafter = Drafter(mapping, header, at=at)
        self._references = References(mapping.table, source=source, by=by, at=at, dry=dry)
        self._seen = Seen()

    def close(self) -> None:
        self._seen.close()

    def pass_over(self, lines: Sequence[Line], refused: Container[int]) -> None:
        """Remember rows that were taken before, when an import is taken up again; not those that were refused."""
        self._doubled(self._drafted([line for line in lines if line.number not in refused], ChunkResult()))

    def take(self, lines: Sequence[Line]) -> ChunkResult:
        """Verdicts on a chunk of rows; writes them unless dry. Inside the caller's transaction."""
        result = ChunkResult()
        rows = self._drafted(lines, result)
        self._references.find(rows)
        rows = self._without_problems(rows, result)
        rows = self._without_doubles(rows, self._doubled(rows), result)
        for table, step in self._references.fill(rows):
            result.made.append((rows[0].number, table, step))
        doubles = match(self._table, rows, source=self._source)
        for row in rows:
            if row.number in doubles:
                reason = "its e-mail address is that of a record with another id"
                result.results.append(_result(row, DUPLICATE, reason, record_id=doubles[row.number]))
        self._write([row for row in rows if row.number not in doubles], result)
        result.results.sort()
        return result

    def _drafted(self, lines: Sequence[Line], result: ChunkResult) -> list[Drafted]:
        rows = []
        for line in lines:
            if line.problem:
                result.results.append(RowResult(line.number, "error", line.problem, "", None, line.cells))
            else:
                rows.append(self._drafter.draft(line.number, line.cells))
        return self._without_problems(rows, result)

    def _without_problems(self, rows: Sequence[Drafted], result: ChunkResult) -> list[Drafted]:
        result.results += [_result(row, "error", row.problem) for row in rows if row.problem]
        return [row for row in rows if not row.problem]

    def _doubled(self, rows: Sequence[Drafted]) -> dict[int, int]:
        return self._seen.first_rows([(row.number, file_keys(self._table, row)) for row in rows])

    def _without_doubles(self, rows: Sequence[Drafted], doubled: dict[int, int], result: ChunkResult) -> list[Drafted]:
        for row in rows:
            if row.number in doubled:
                first = doubled[row.number]
                result.results.append(_result(row, DUPLICATE, f"duplicate of row {first}", first_row=first))
        return [row for row in rows if row.number not in doubled]

    def _write(self, rows: Sequence[Drafted], result: ChunkResult) -> None:
        drafts = [row.draft for row in rows]
        if self._dry:
            found = steps(TABLES[self._table], drafts, source=self._source)
        else:
            found = write_batch(self._table, drafts, source=self._source, by=self._by, at=self._at)
            self._replace_visits(rows, found, result)
        for row, step in zip(rows, found, strict=True):
            result.results.append(_result(row, step.verdict.value, step.reason, record_id=step.id))
            if step.verdict in (Verdict.NEW, Verdict.UPDATED):
                result.made.append((row.number, self._table, step))

    def _replace_visits(self, rows: Sequence[Drafted], found: Sequence[Step], result: ChunkResult) -> None:
        """A source that tells the stays of its deals in stages knows them better than what was kept here."""
        if self._table != "deal_stage_visits":
            return
        told = {
            row.draft["deal_id"]: row.number
            for row, step in zip(rows, found, strict=True)
            if step.verdict is Verdict.NEW
        }
        gone = replace_kept_visits(told, by=self._by, dating=Dating(self._at, by_person=True))
        result.made += [(rows[0].number, self._table, step) for step in gone]


def _result(
    row: Drafted, verdict: str, reason: str = "", *, record_id: str = "", first_row: int | None = None
) -> RowResult:
    return RowResult(row.number, verdict, reason, record_id, first_row, row.cells)
