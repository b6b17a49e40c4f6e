"""The cases of one cut-off: who was eligible, what each score said of them, and what happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rapport.engine.crm.as_of import AsOf, as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.evaluation.lead_fields import lead_fields
from rapport.engine.evaluation.naive_bayes import naive_bayes
from rapport.engine.runner import Runner
from rapport.engine.scores.definition_base import ScoreDefinition
from rapport.engine.scores.kinds import KINDS
from rapport.engine.scores.outcome import Happened, Known, known, outcome_of
from rapport.engine.statistics.auc import Cases, Flags, Floats

_NO_REASON = "no value"


@dataclass(frozen=True, kw_only=True)
class CutOffCases:
    """One cut-off's cases, an entry each in the arrays and lists.

    Attributes:
        subject_ids: as known at the cut-off; present_ids, the same subjects today.
        values: of the score under test; live, of another version (-inf where it has none), or None.
        probabilities: what the score says of the outcome, 0..1, where the kind gives a column `probability`.
        learnt: probabilities of the naive Bayes baseline; None where it could not be trained.
        bands, labels: band and matrix label, None where there is none.
        subjects, had_before, unscored: everyone known; those left out, see `report.CutOff`.
    """

    as_of: datetime
    subject_ids: list[str]
    present_ids: list[str]
    events: Flags
    values: Floats
    bands: list[str | None]
    labels: list[str | None]
    live: Floats | None
    learnt: Floats | None
    probabilities: Floats | None
    subjects: int
    had_before: int
    unscored: Mapping[str, int]

    def ranked_by(self, scores: Floats) -> Cases:
        return Cases(scores=scores, events=self.events, clusters=np.array(self.present_ids, dtype=object))


def cases_at(
    cut_off: datetime,
    definition: ScoreDefinition,
    snapshot: Snapshot,
    *,
    truth: Happened,
    runner: Runner,
    live: ScoreDefinition | None,
    learn: bool,
) -> CutOffCases:
    """Everyone eligible at the cut-off as then known, scored in a population run of that instant."""
    view = as_known(snapshot, cut_off)
    outcome = outcome_of(definition)
    past = known(definition, view, runner) if learn or not outcome.repeatable else Known({}, {})
    rows = _scores(definition, view, runner)
    everyone: list[str] = rows["subject_id"].to_pylist()
    had = set() if outcome.repeatable else past.had_by(cut_off)
    has_value = rows["value"].is_valid().to_pylist()
    eligible = [s not in had for s in everyone]
    kept = pa.array([e and v for e, v in zip(eligible, has_value, strict=True)], pa.bool_())
    reasons = (r for r, e, v in zip(rows["reason_null"].to_pylist(), eligible, has_value, strict=True) if e and not v)
    scored = rows.filter(kept)
    subject_ids: list[str] = scored["subject_id"].to_pylist()
    present_ids = truth.present_ids(subject_ids)
    return CutOffCases(
        as_of=cut_off,
        subject_ids=subject_ids,
        present_ids=present_ids,
        events=truth.flags(cut_off, present_ids),
        values=_floats(scored["value"]),
        bands=scored["band"].to_pylist(),
        labels=scored["matrix"].to_pylist(),
        live=_live_values(live, view, runner, subject_ids) if live is not None else None,
        learnt=_learnt(definition, snapshot, cut_off, past, subject_ids, runner) if learn else None,
        probabilities=_floats(scored["probability"]) if "probability" in scored.column_names else None,
        subjects=len(everyone),
        had_before=len(everyone) - sum(eligible),
        unscored=Counter(reason or _NO_REASON for reason in reasons),
    )


def _scores(definition: ScoreDefinition, view: AsOf, runner: Runner) -> pa.Table:
    scores = KINDS[definition.kind].score(definition, view, runner=runner)
    return runner.to_arrow(scores.order_by("subject_id"))


def _live_values(live: ScoreDefinition, view: AsOf, runner: Runner, subject_ids: Sequence[str]) -> Floats:
    """Values of another version; who has none there ranks last."""
    rows = _scores(live, view, runner)
    found = dict(zip(rows["subject_id"].to_pylist(), _floats(rows["value"]).tolist(), strict=True))
    values = np.array([found.get(s, np.nan) for s in subject_ids], dtype=float)
    return np.where(np.isnan(values), -np.inf, values)


def _learnt(
    definition: ScoreDefinition,
    snapshot: Snapshot,
    cut_off: datetime,
    past: Known,
    subject_ids: Sequence[str],
    runner: Runner,
) -> Floats | None:
    """The baseline's probabilities, learnt from the last window that was over at the cut-off.

    Trained on the subjects eligible one window earlier, with their fields as known then; won are those
    of whom the event inside that window was known at the cut-off.
    """
    outcome = outcome_of(definition)
    origin = cut_off - timedelta(hours=24 * outcome.within_days)
    before = runner.to_arrow(lead_fields(as_known(snapshot, origin), definition.subject))
    had = set() if outcome.repeatable else past.had_by(origin)
    trained = before.filter(pa.array([s not in had for s in before["subject_id"].to_pylist()], pa.bool_()))
    won = past.had_after(origin)
    labels = np.array([(s in won) != outcome.absent for s in trained["subject_id"].to_pylist()], dtype=bool)
    model = naive_bayes(_texts(trained), labels)
    if model is None:
        return None
    now = runner.to_arrow(lead_fields(as_known(snapshot, cut_off), definition.subject))
    position = {s: i for i, s in enumerate(now["subject_id"].to_pylist())}
    picked = now.take(pa.array([position.get(s) for s in subject_ids], pa.int64()))
    return model.probabilities(_texts(picked))


def _texts(rows: pa.Table) -> dict[str, list[str | None]]:
    return {name: rows[name].to_pylist() for name in rows.column_names if name != "subject_id"}


def _floats(column: pa.ChunkedArray) -> Floats:
    values = pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
    return np.asarray(values, dtype=float)
