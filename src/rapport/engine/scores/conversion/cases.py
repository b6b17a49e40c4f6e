"""What a model learns from: subjects at past cut-offs as then known, and what came after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rapport.engine.crm.as_of import AsOf, as_known
from rapport.engine.crm.conditions.frame import SUBJECT_TABLES
from rapport.engine.crm.local_day import local_day_of, start_of_local_day
from rapport.engine.runner import Runner
from rapport.engine.scores.conversion.groups import groups
from rapport.engine.scores.conversion.spec import ConversionDefinition
from rapport.engine.scores.conversion.standing import standing
from rapport.engine.scores.cut_offs import window_end
from rapport.engine.scores.features.frame import Layout, feature_frame
from rapport.engine.scores.features.happenings import NEEDED_BY
from rapport.engine.scores.outcome import Happened, happened
from rapport.engine.scores.subject_rows import asked_for
from rapport.engine.statistics.additive import Features
from rapport.engine.statistics.auc import Flags

MOST_CASES = 100_000  # over all periods
MOST_PERIODS = 6
SHORTEST_STEP_DAYS = 30  # between cut-offs
_FEWEST_SUBJECTS = 20
_LEAST_SHARE = 20  # a period counts from a twentieth of the newest one's subjects on


@dataclass(frozen=True)
class Period:
    """The cases of one cut-off, an entry each.

    Attributes:
        subject_ids: as they are called today, so that cases of one subject are known to belong together.
        events: whether the outcome came in the window.
        group_names: None where the subject is in no group.
        eligible: how many there were; more than the cases where a sample was taken.
    """

    cut_off: datetime
    subject_ids: NDArray[np.object_]
    events: Flags
    features: Features
    group_names: NDArray[np.object_]
    eligible: int

    @property
    def count(self) -> int:
        return len(self.events)

    @property
    def event_count(self) -> int:
        return int(self.events.sum())


def training_cut_offs(definition: ConversionDefinition, view: AsOf, *, runner: Runner) -> tuple[datetime, ...]:
    """The newest cut-offs whose windows are over at the view's instant, the earliest first.

    At most six, first instants of local days, whose windows do not overlap and which lie at least 30 days
    apart; none at which fewer subjects were known than a twentieth of those of the newest, or than 20.
    """
    zone = definition.time_zone or view.snapshot.time_zone
    days = definition.outcome.within_days
    found, latest = [], view.at - timedelta(hours=24 * days)
    for _ in range(MOST_PERIODS):
        found.append(start_of_local_day(local_day_of(latest, zone), zone))
        latest = found[-1] - timedelta(days=max(days, SHORTEST_STEP_DAYS))
    rows = view.table(SUBJECT_TABLES[definition.subject], needed_by=NEEDED_BY, columns=["created_at", "recorded_at"])
    since = ibis.coalesce(ibis.greatest(rows.created_at, rows.recorded_at), rows.recorded_at, rows.created_at)
    counts = {f"n{i}": (since <= ibis.literal(c, type="timestamp('UTC', 6)")).sum() for i, c in enumerate(found)}
    told = runner.to_arrow(rows.aggregate(**counts)).to_pylist()[0]
    least = max(_FEWEST_SUBJECTS, (told["n0"] or 0) // _LEAST_SHARE)
    return tuple(sorted(c for i, c in enumerate(found) if (told[f"n{i}"] or 0) >= least))


@dataclass(frozen=True)
class Cases:
    """How cases are made at any of the cut-offs: the outcome of each is read once, as known at the view's instant."""

    definition: ConversionDefinition
    view: AsOf
    cut_offs: tuple[datetime, ...]
    truth: Happened
    runner: Runner
    most: int

    @classmethod
    def of(
        cls,
        definition: ConversionDefinition,
        view: AsOf,
        cut_offs: Sequence[datetime],
        *,
        runner: Runner,
        most: int = MOST_CASES,
    ) -> Cases:
        """Parameters: most, cases over all cut-offs."""
        truth = happened(definition, view, cut_offs, runner)
        return cls(definition, view, tuple(cut_offs), truth, runner, most)

    @property
    def time_zone(self) -> str:
        return self.definition.time_zone or self.view.snapshot.time_zone

    def window_end(self, cut_off: datetime) -> datetime:
        return window_end(cut_off, self.definition.outcome.within_days)

    def at(self, cut_off: datetime, layout: Layout) -> Period:
        """The cases of a cut-off: everyone eligible, or every k-th by id where they are many."""
        then = as_known(self.view.snapshot, cut_off)
        ids = self._eligible(then)
        most = max(1, self.most // len(self.cut_offs))
        chosen = ids[:: -(-len(ids) // most)] if ids else []
        subjects = asked_for(chosen, self.runner)
        frame = feature_frame(
            then,
            self.definition.subject,
            layout,
            time_zone=self.time_zone,
            runner=self.runner,
            subjects=self._only(subjects, ids, chosen),
        )
        rows = _in_order(self.runner.to_arrow(frame), chosen)
        present = self.truth.present_ids(chosen)
        return Period(
            cut_off=cut_off,
            subject_ids=np.array(present, dtype=object),
            events=self.truth.flags(cut_off, present),
            features=layout.read(rows),
            group_names=self._groups(then, chosen),
            eligible=len(ids),
        )

    def _eligible(self, then: AsOf) -> list[str]:
        rows = standing(self.definition, then, runner=self.runner)
        found = self.runner.to_arrow(rows.filter(rows.left_out.isnull()).select("subject_id"))
        return sorted(found["subject_id"].to_pylist())

    def _only(self, subjects: ir.Table, ids: Sequence[str], chosen: Sequence[str]) -> ir.Table | None:
        """Everyone's features are cheaper than those of most."""
        return subjects if len(chosen) * 2 < len(ids) else None

    def _groups(self, then: AsOf, chosen: Sequence[str]) -> NDArray[np.object_]:
        rows = groups(self.definition, then, runner=self.runner)
        if rows is None:
            return np.full(len(chosen), None, dtype=object)
        found = self.runner.to_arrow(rows).to_pydict()
        names = dict(zip(found["subject_id"], found["group_name"], strict=True))
        return np.array([names.get(key) for key in chosen], dtype=object)


def _in_order(rows: pa.Table, ids: Sequence[str]) -> pa.Table:
    place = {key: position for position, key in enumerate(rows["subject_id"].to_pylist())}
    return rows.take(pa.array([place[key] for key in ids], pa.int64()))
