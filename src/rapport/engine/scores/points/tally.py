"""Interactions counted by stage of the buyer's journey: of one person, of buyers before they bought, of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from rapport.engine.crm.as_of import AsOf, as_known, as_restated
from rapport.engine.crm.conditions.grammar import EventMatch
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.runner import Runner
from rapport.engine.scores.outcome import happened, known, outcome_of
from rapport.engine.scores.points.event_codes import coded_events
from rapport.engine.scores.points.plan import match_key, source_of
from rapport.engine.scores.points.spec import PointsDefinition
from rapport.engine.statistics.auc import Floats
from rapport.engine.statistics.wilson import Share, share

Stages = Mapping[str, Sequence[EventMatch]]
Counts = Mapping[str, Floats]  # subject_id -> how many of each stage; absent: none

STAGES: Stages = {
    "attention": [EventMatch(event=e) for e in ("page_view", "email_open", "ad_click", "social", "video_view")],
    "interest": [
        EventMatch(event=e) for e in ("email_click", "content_download", "webinar", "product_view", "campaign_response")
    ],
    "decision": [
        EventMatch(event=e)
        for e in ("form_submit", "call", "meeting", "chat", "email_reply", "trial_start", "cart_add")
    ],
}
LOOK_BACK_DAYS = 90


@dataclass(frozen=True, kw_only=True)
class StageTally:
    """One stage.

    Attributes:
        buyers_mean: interactions of a buyer in the days before the first outcome, on average, none counted as 0.
        others_mean: those of somebody without the outcome, in the days before now.
        converted: of those with at least one such interaction at past cut-offs, who had the outcome in the window
            after; others_converted, of those without any. None without cut-offs.
    """

    stage: str
    buyers_mean: float
    others_mean: float
    converted: Share | None = None
    others_converted: Share | None = None


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How buyers and the others get through the journey. buyers, others: how many there are."""

    stages: tuple[StageTally, ...]
    buyers: int
    others: int
    look_back_days: int
    base: Share | None = None


def stages_of(definition: PointsDefinition) -> Stages:
    """The journey that the definition states, else the usual one (without what its subject cannot have)."""
    if definition.stages:
        return definition.stages
    if definition.subject != "deal":
        return STAGES
    return {name: [m for m in matches if m.event != "campaign_response"] for name, matches in STAGES.items()}


def tally(
    definition: PointsDefinition,
    snapshot: Snapshot,
    *,
    now: datetime,
    runner: Runner,
    cut_offs: Sequence[datetime] = (),
    look_back_days: int = LOOK_BACK_DAYS,
) -> Tally:
    """The journey of those who had the outcome, before they first had it, beside that of the others.

    What buyers did is as restated today; conversions are of those eligible at each cut-off by what was known then.
    Raises: DefinitionError without an outcome.
    """
    outcome_of(definition)
    view = as_restated(snapshot, now)
    first = known(definition, view, runner).first
    stages, days = _readable(stages_of(definition), snapshot), look_back_days
    reader = _Reader(stages=stages, subject=definition.subject, zone=definition.time_zone or snapshot.time_zone)
    bought = reader.counts(view, runner=runner, days=days, until=first)
    lately = reader.counts(view, runner=runner, days=days)
    everyone = _subjects(definition, view, runner)
    others = [subject for subject in everyone if subject not in first]
    conversions, base = _conversions(definition, snapshot, reader, cut_offs, now=now, runner=runner, days=days)
    buyers_mean, others_mean = _mean(bought, list(first), len(stages)), _mean(lately, others, len(stages))
    found = [
        StageTally(
            stage=stage,
            buyers_mean=float(buyers_mean[i]),
            others_mean=float(others_mean[i]),
            converted=conversions[i][0] if base is not None else None,
            others_converted=conversions[i][1] if base is not None else None,
        )
        for i, stage in enumerate(stages)
    ]
    return Tally(stages=tuple(found), buyers=len(first), others=len(others), look_back_days=days, base=base)


def tally_of(
    definition: PointsDefinition,
    view: AsOf,
    subject_ids: Sequence[str],
    *,
    runner: Runner,
    look_back_days: int = LOOK_BACK_DAYS,
) -> Mapping[str, Mapping[str, int]]:
    """Of a few subjects: how many interactions of each stage in the days before the view's instant."""
    stages = _readable(stages_of(definition), view.snapshot)
    zone = definition.time_zone or view.snapshot.time_zone
    subjects = ibis.memtable(pa.table({"subject_id": pa.array(list(subject_ids), pa.string())}))
    reader = _Reader(stages=stages, subject=definition.subject, zone=zone, subjects=subjects)
    counts = reader.counts(view, runner=runner, days=look_back_days)
    nothing = np.zeros(len(stages))
    return {s: {n: int(c) for n, c in zip(stages, counts.get(s, nothing), strict=True)} for s in subject_ids}


@dataclass(frozen=True, kw_only=True)
class _Reader:
    stages: Stages
    subject: str
    zone: str
    subjects: ir.Table | None = None

    def counts(
        self, view: AsOf, *, runner: Runner, days: int, until: Mapping[str, datetime] | None = None
    ) -> dict[str, Floats]:
        """Interactions by subject and stage in the days before the view's instant, or before each subject's own."""
        found: dict[str, Floats] = {}
        for source in dict.fromkeys(source_of(m) for matches in self.stages.values() for m in matches):
            wanted = {s: [m for m in matches if source_of(m) == source] for s, matches in self.stages.items()}
            for row in self._rows(view, source, wanted, runner, days, until):
                found.setdefault(row[0], np.zeros(len(self.stages)))[row[1]] += row[2]
        return found

    def _rows(
        self,
        view: AsOf,
        source: str,
        wanted: Stages,
        runner: Runner,
        days: int,
        until: Mapping[str, datetime] | None,
    ) -> list[tuple[str, int, int]]:
        """(subject, position of the stage, count); an interaction that two matches of a stage want counts once."""
        coded = coded_events(
            view,
            source,
            list({match_key(m): m for matches in wanted.values() for m in matches}.values()),
            subject=self.subject,
            subjects=self.subjects,
            runner=runner,
            needed_by="the tally by stage",
            time_zone=self.zone,
        )
        rows = _in_days(coded.rows, view.at, days, until)
        told = runner.to_arrow(rows.group_by(["subject_id", "code"]).aggregate(n=rows.count())).to_pylist()
        keys = [frozenset(match_key(m) for m in matches) for matches in wanted.values()]
        return [
            (row["subject_id"], position, row["n"])
            for row in told
            for position, own in enumerate(keys)
            if own & coded.matches.get(row["code"], frozenset())
        ]


def _in_days(rows: ir.Table, at: datetime, days: int, until: Mapping[str, datetime] | None) -> ir.Table:
    """Those in (end - days x 24 h, end]; the end is `at`, or each subject's own."""
    length = timedelta(hours=24 * days)
    if until is None:
        return rows.filter(rows.occurred_at > ibis.literal(at - length, type="timestamp('UTC', 6)"))
    own = pa.table(
        {
            "_who": pa.array(list(until), pa.string()),
            "_from": pa.array([end - length for end in until.values()], pa.timestamp("us", "UTC")),
            "_until": pa.array(list(until.values()), pa.timestamp("us", "UTC")),
        }
    )
    joined = rows.inner_join(ibis.memtable(own), [("subject_id", "_who")]).mutate()
    return joined.filter((joined.occurred_at > joined._from) & (joined.occurred_at <= joined._until))


def _conversions(
    definition: PointsDefinition,
    snapshot: Snapshot,
    reader: _Reader,
    cut_offs: Sequence[datetime],
    *,
    now: datetime,
    runner: Runner,
    days: int,
) -> tuple[list[tuple[Share, Share]], Share | None]:
    """By stage: conversion of those with an interaction of it and of those without; and of all."""
    if not cut_offs:
        return [], None
    truth = happened(definition, as_restated(snapshot, now), cut_offs, runner)
    tallied = np.zeros((len(reader.stages), 2, 2))  # stage, with or without, had it or all
    for cut_off in cut_offs:
        view = as_known(snapshot, cut_off)
        had = set() if outcome_of(definition).repeatable else known(definition, view, runner).had_by(cut_off)
        eligible = [s for s in _subjects(definition, view, runner) if s not in had]
        events = truth.flags(cut_off, truth.present_ids(eligible))
        counts = reader.counts(view, runner=runner, days=days)
        nothing = np.zeros(len(reader.stages))
        some = np.array([counts.get(s, nothing) > 0 for s in eligible]).reshape(len(eligible), -1).T
        for stage, own in enumerate(some):
            tallied[stage] += [[(own & events).sum(), own.sum()], [(~own & events).sum(), (~own).sum()]]
    everyone = tallied[0].sum(axis=0)
    return [(share(*t[0].tolist()), share(*t[1].tolist())) for t in tallied], share(*everyone.tolist())


def _subjects(definition: PointsDefinition, view: AsOf, runner: Runner) -> list[str]:
    rows = view.table(f"{definition.subject}s", needed_by="the tally by stage", columns=["id"])
    found: list[str] = runner.to_arrow(rows.select("id").order_by("id"))["id"].to_pylist()
    return found


def _mean(counts: Counts, subjects: Sequence[str], stages: int) -> Floats:
    total = np.zeros(stages)
    for subject in subjects:
        if subject in counts:
            total += counts[subject]
    return total / len(subjects) if subjects else total


def _readable(stages: Stages, snapshot: Snapshot) -> Stages:
    """Without the events whose table no source fills."""
    from_ = {"interactions": "interactions", "campaign_response": "campaign_members", "order_placed": "orders"}
    from_ |= {"deal_won": "deals", "deal_lost": "deals", "contract_ended": "contracts"}
    return {
        stage: [m for m in matches if snapshot.has(from_.get(source_of(m), "interactions"))]
        for stage, matches in stages.items()
    }
