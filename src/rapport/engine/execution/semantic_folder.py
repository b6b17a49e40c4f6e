"""A folder with the metric catalogue for other tools: rows as Parquet, definitions for MetricFlow and Ossie."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from rapport.engine.crm.local_day import local_day_of
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DataError
from rapport.engine.execution.checksum import checksum
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics.coverage import Coverage, coverage_of
from rapport.engine.metrics.period import Grain, Period
from rapport.engine.metrics.semantic_layer import (
    CALENDAR,
    Catalogue,
    LeftOut,
    catalogue_of,
    dataset_rows,
    left_out_of_ossie,
    metricflow_project,
    ossie_model,
)
from rapport.engine.metrics.spec import Metric

Progress = Callable[[int, "int | None", str], None]
FORMATS = ("metricflow", "ossie")
ROWS, METRICFLOW, OSSIE = "metric_rows", "metricflow", "OSI/rapport_metrics.json"
MANIFEST, NOT_EXPORTED = "metric_rows/_manifest.json", "not_exported.json"


@dataclass(frozen=True, kw_only=True)
class SemanticFolder:
    """What was written. asked: how many metrics there are; told, left_out: by format; rows: by table."""

    asked: int
    told: Mapping[str, tuple[str, ...]]
    left_out: Mapping[str, tuple[LeftOut, ...]]
    rows: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be written.

    Attributes:
        periods: whole ones of the grain, for which the rows that depend on a period are made.
    """

    metrics: Sequence[Metric]
    as_of: datetime
    periods: Sequence[Period]
    grain: Grain
    formats: Sequence[str] = FORMATS
    ossie_version: str = "0.1"


def write_semantic_layer(
    folder: Path,
    asked: Asked,
    snapshot: Snapshot,
    *,
    runner: DuckdbRunner,
    progress: Progress = lambda done, total, message: None,
) -> SemanticFolder:
    """Write rows and definitions; each file replaces the one before at once, the manifest last.

    Files that an export before has written and this one has not are removed; others in the folder stay.
    Metrics whose rows cannot be made from the company's data are left out, and told with the reason.
    """
    specs = list({spec.id: spec for metric in asked.metrics for spec in metric.counted}.values())
    coverage = coverage_of(specs, snapshot, as_of=asked.as_of, runner=runner)
    files = _Files(folder)
    catalogue = catalogue_of(asked.metrics, snapshot, coverage, grain=asked.grain)
    impossible = _rows(files, catalogue, asked, snapshot, runner, progress)
    if impossible:
        catalogue = catalogue_of(asked.metrics, snapshot, coverage, grain=asked.grain, impossible=impossible)
    files.rows(CALENDAR, _calendar(coverage, snapshot, asked.periods), runner)
    left_out = _definitions(files, catalogue, asked)
    found = SemanticFolder(
        asked=len(asked.metrics),
        told={form: _told(asked, catalogue, its) for form, its in left_out.items()},
        left_out=left_out,
        rows=dict(files.counts),
    )
    files.text(MANIFEST, _json(_manifest(files, found, asked, snapshot, coverage)))
    files.remove_former()
    return found


@dataclass
class _Files:
    """The folder, what it held before and what has been written."""

    folder: Path
    written: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    former: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        manifest = self.folder / MANIFEST
        if manifest.is_file():
            self.former = [file["name"] for file in json.loads(manifest.read_text("utf-8"))["files"]]

    def rows(self, name: str, rows: ibis.Table, runner: DuckdbRunner) -> None:
        path = f"{ROWS}/{name}.parquet"
        self._replaced(path, partial(runner.write, rows))
        self.counts[name] = pq.read_metadata(self.folder / path).num_rows

    def text(self, path: str, text: str) -> None:
        self._replaced(path, lambda whole: whole.write_text(text, "utf-8"))

    def remove_former(self) -> None:
        for path in set(self.former) - set(self.written):
            (self.folder / path).unlink(missing_ok=True)

    def _replaced(self, path: str, make: Callable[[Path], object]) -> None:
        """The file is there whole or as it was."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        whole = file.with_name(f".{file.name}.{uuid.uuid4().hex}")
        try:
            make(whole)
            whole.replace(file)
        finally:
            whole.unlink(missing_ok=True)
        self.written.append(path)


def _rows(
    files: _Files, catalogue: Catalogue, asked: Asked, snapshot: Snapshot, runner: DuckdbRunner, progress: Progress
) -> dict[str, str]:
    """Write the rows of all datasets; those that cannot be made, with the reason."""
    impossible = {}
    for number, dataset in enumerate(catalogue.datasets):
        progress(number, len(catalogue.datasets), dataset.name)
        try:
            rows = dataset_rows(dataset, snapshot, as_of=asked.as_of, periods=asked.periods, runner=runner)
            files.rows(dataset.name, rows, runner)
        except DataError as error:
            impossible[dataset.name] = error.sentence
    progress(len(catalogue.datasets), len(catalogue.datasets), "")
    return impossible


def _calendar(coverage: Coverage, snapshot: Snapshot, periods: Iterable[Period]) -> ibis.Table:
    """The local days from the first that any record tells of to the end of the periods."""
    told = list(periods)
    firsts = [local_day_of(at, snapshot.time_zone) for at in coverage.first.values()]
    first, end = min(*firsts, *(period.start for period in told)), max(period.end for period in told)
    days = [date.fromordinal(day) for day in range(first.toordinal(), end.toordinal())]
    return ibis.memtable(pa.table({"day": pa.array(days, pa.date32())}))


def _definitions(files: _Files, catalogue: Catalogue, asked: Asked) -> dict[str, tuple[LeftOut, ...]]:
    left_out = {}
    if "metricflow" in asked.formats:
        for path, text in metricflow_project(catalogue).items():
            files.text(f"{METRICFLOW}/{path}", text)
        left_out["metricflow"] = catalogue.left_out
    if "ossie" in asked.formats:
        files.text(OSSIE, _json(ossie_model(catalogue, version=asked.ossie_version)))
        left_out["ossie"] = (*catalogue.left_out, *left_out_of_ossie(catalogue))
    files.text(NOT_EXPORTED, _json({form: [asdict(one) for one in its] for form, its in left_out.items()}))
    return left_out


def _told(asked: Asked, catalogue: Catalogue, left_out: Iterable[LeftOut]) -> tuple[str, ...]:
    lost = {one.metric for one in left_out if one.what == "metric"}
    return tuple(metric.id for metric in asked.metrics if metric.id in catalogue.metrics and metric.id not in lost)


def _manifest(
    files: _Files, found: SemanticFolder, asked: Asked, snapshot: Snapshot, coverage: Coverage
) -> dict[str, object]:
    """What the rows are of, and checksums of the files."""
    return {
        "format": "rapport metric rows 1",
        "as_of": asked.as_of.isoformat(),
        "data_version": snapshot.version,
        "data_through": coverage.through.isoformat() if coverage.through else None,
        "time_zone": snapshot.time_zone,
        "currency": snapshot.currency,
        "grain": asked.grain.value,
        "periods": [[period.start.isoformat(), period.end.isoformat()] for period in asked.periods],
        "covered_from": {table: at.isoformat() for table, at in sorted(coverage.first.items())},
        "metrics": found.asked,
        "exported": {form: len(its) for form, its in found.told.items()},
        "files": [_file(files.folder, path) for path in files.written],
    }


def _file(folder: Path, path: str) -> dict[str, object]:
    file = folder / path
    told = {"name": path, "bytes": file.stat().st_size, "sha256": checksum(file)}
    if file.suffix != ".parquet":
        return told
    columns = {column.name: str(column.type) for column in pq.read_schema(file)}
    return {**told, "rows": pq.read_metadata(file).num_rows, "columns": columns}


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
