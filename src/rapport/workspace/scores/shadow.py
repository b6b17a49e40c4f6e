"""A draft that runs beside the live version: scored with it, kept apart from it, held against it once windows are over.

What a draft says in a shadow run is in no list, on no record and on no work list: it lies in `score_shadow_passes`
and is read here alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from rapport.engine.crm.local_day import local_day_of
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DefinitionError, RapportError
from rapport.engine.evaluation.shadow import Outcomes, SideBySide, SidePass, outcomes, side_by_side
from rapport.engine.runner import Runner
from rapport.engine.scores.definition import ScoreDefinition as Definition
from rapport.engine.scores.population import PopulationRun
from rapport.engine.statistics.auc import Floats
from rapport.workspace.scores.definitions import live, parsed, version_of
from rapport.workspace.scores.models import ScoreDefinition, ScoreRun, Shadow, ShadowPass, State
from rapport.workspace.scores.scored import Scored

_MICRO = 1_000_000
_MOST_PASSES = 12  # that are held against outcomes; more would say the same people over and over
_SCHEMA = pa.schema(
    [
        ("subject_id", pa.string()),
        ("live", pa.int64()),
        ("draft", pa.int64()),
        ("live_band", pa.string()),
        ("draft_band", pa.string()),
    ]
)


class Pass(Protocol):
    """What one pass of a version computed."""

    @property
    def rows(self) -> Sequence[Scored]: ...

    @property
    def population(self) -> PopulationRun | None: ...


Compute = Callable[[Definition, PopulationRun | None], Pass]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A shadow run as it stands. newest: None before its first pass; fates: None where no outcome is claimed."""

    shadow: Shadow
    pass_count: int
    newest: SideBySide | None
    fates: Outcomes | None


def start(name: str, version: int, *, by: str) -> Shadow:
    """Let a draft run beside the live version from its next run on. Another draft that did so is stopped.

    Raises DefinitionError where the version is no draft, is of another subject, or nothing is live.
    """
    draft, current = version_of(name, version), live(name)
    if draft.state != State.DRAFT:
        raise DefinitionError(
            f"Version {version} is {draft.state}; only a draft runs in the shadow.", where=name, received=draft.state
        )
    if current is None:
        raise DefinitionError(
            "No version is live, so there is nothing to run beside.",
            where=name,
            next_step="Prove the draft by a backtest and publish it.",
        )
    if current.subject != draft.subject:
        raise DefinitionError(
            "The live version is about another kind of record.",
            where=name,
            received=draft.subject,
            allowed=[current.subject],
        )
    with transaction.atomic():
        if (before := running(name)) is not None:
            stop(before, by=by, why=f"Version {version} takes its place.")
        return Shadow.objects.create(score=name, definition=draft, document=draft.document or "", started_by=by)


def stop(shadow: Shadow, *, by: str, why: str) -> Shadow:
    """End a shadow run; what it said stays for comparison."""
    if shadow.stopped_at is None:
        shadow.stopped_at, shadow.stopped_by, shadow.ended = timezone.now(), by, why.strip()
        shadow.save(update_fields=["stopped_at", "stopped_by", "ended"])
    return shadow


def running(name: str) -> Shadow | None:
    return Shadow.objects.filter(score=name, stopped_at=None).select_related("definition").first()


def newest(name: str, version: int | None = None) -> Shadow | None:
    """The shadow run of a version that began last (None: of any), running or not."""
    found = Shadow.objects.filter(score=name).select_related("definition").order_by("-started_at")
    return (found if version is None else found.filter(definition__version=version)).first()


def score_beside(run: ScoreRun, rows: Sequence[Scored], *, compute: Compute) -> ShadowPass | None:
    """Score the draft in the shadow of a run, if there is one. A draft that fails leaves the live run alone."""
    shadow = running(run.score)
    if shadow is None or not _still_valid(shadow, run):
        return None
    last = shadow.passes.order_by("-as_of").first()
    try:
        found = compute(parsed(shadow.definition), _population(last))
    except RapportError as error:
        shadow.error = error.sentence
        shadow.save(update_fields=["error"])
        return None
    if shadow.error:
        shadow.error = ""
        shadow.save(update_fields=["error"])
    return _keep(shadow, run, _together(rows, found.rows), found.population)


def compared(
    shadow: Shadow, *, capacity: int, now: datetime, snapshot: Snapshot | None = None, runner: Runner | None = None
) -> Comparison:
    """How the two differ now and, given a snapshot, which of them foresaw what happened."""
    kept = list(shadow.passes.order_by("-as_of")[:_MOST_PASSES])
    sides = [_side(p) for p in kept]
    definition = parsed(shadow.definition)
    fates = None
    if snapshot is not None and runner is not None and definition.outcome is not None:
        fates = outcomes(definition, snapshot, sides, capacity=capacity, now=now, runner=runner)
    return Comparison(
        shadow=shadow,
        pass_count=shadow.passes.count(),
        newest=side_by_side(sides[0], capacity=capacity) if sides else None,
        fates=fates,
    )


def _still_valid(shadow: Shadow, run: ScoreRun) -> bool:
    """A draft that was changed, published or removed meanwhile is another one: its shadow run ends."""
    draft: ScoreDefinition = shadow.definition
    if draft.state != State.DRAFT or draft.version == run.version:
        stop(shadow, by="rapport", why=f"Version {draft.version} is {draft.state}.")
    elif (draft.document or "") != shadow.document:
        stop(shadow, by="rapport", why="The draft was changed; start it anew to compare the changed one.")
    return shadow.stopped_at is None


def _together(live_rows: Sequence[Scored], draft_rows: Sequence[Scored]) -> pa.Table:
    ours, theirs = {r.subject_id: r for r in live_rows}, {r.subject_id: r for r in draft_rows}
    ids = sorted({*ours, *theirs})
    return pa.table(
        {
            "subject_id": ids,
            "live": [_micro(ours.get(s)) for s in ids],
            "draft": [_micro(theirs.get(s)) for s in ids],
            "live_band": [r.band if (r := ours.get(s)) else None for s in ids],
            "draft_band": [r.band if (r := theirs.get(s)) else None for s in ids],
        },
        schema=_SCHEMA,
    )


def _micro(row: Scored | None) -> int | None:
    return None if row is None or row.value is None else int(row.value * Decimal(_MICRO))


def _keep(shadow: Shadow, run: ScoreRun, values: pa.Table, population: PopulationRun | None) -> ShadowPass:
    sink = pa.BufferOutputStream()
    pq.write_table(values, sink, compression="zstd")
    return ShadowPass.objects.update_or_create(
        shadow=shadow,
        day=local_day_of(run.as_of, settings.REPORTING_TIME_ZONE),
        defaults={
            "as_of": run.as_of,
            "live_version": run.version,
            "subject_count": values.num_rows,
            "values": sink.getvalue().to_pybytes(),
            "population": zlib.compress(population.to_json().encode()) if population else None,
        },
    )[0]


def _population(last: ShadowPass | None) -> PopulationRun | None:
    if last is None or not last.population:
        return None
    return PopulationRun.from_json(zlib.decompress(bytes(last.population)).decode())


def _side(kept: ShadowPass) -> SidePass:
    rows = pq.read_table(pa.BufferReader(bytes(kept.values)))
    return SidePass(
        as_of=kept.as_of,
        subject_ids=tuple(rows["subject_id"].to_pylist()),
        live=_points(rows["live"]),
        draft=_points(rows["draft"]),
        live_bands=tuple(rows["live_band"].to_pylist()),
        draft_bands=tuple(rows["draft_band"].to_pylist()),
    )


def _points(column: pa.ChunkedArray) -> Floats:
    return np.array([np.nan if v is None else v / _MICRO for v in column.to_pylist()], dtype=float)
