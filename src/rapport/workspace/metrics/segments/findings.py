"""What distinguishes a segment, and its metrics beside everybody's; computed once per build and kept with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import RapportError
from rapport.engine.metrics.measure import measure
from rapport.engine.metrics.period import Period
from rapport.engine.metrics.query import Only
from rapport.engine.metrics.registry import METRICS
from rapport.engine.metrics.relation import SEGMENT
from rapport.engine.metrics.segments.distinguishing import distinguishing
from rapport.engine.metrics.value import MetricValue
from rapport.engine.runner import Runner
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.metrics.dashboards import reporting_zone
from rapport.workspace.metrics.data_version import measured_tables
from rapport.workspace.metrics.figures import number
from rapport.workspace.metrics.segments.building import READ_TABLES
from rapport.workspace.metrics.segments.definitions import definition_of
from rapport.workspace.metrics.segments.models import Segment
from rapport.workspace.metrics.segments.stays import standing

VALUE = "revenue"
BESIDE = (
    *("revenue", "orders", "average_basket_value", "purchase_frequency", "repeat_customer_ratio", "win_rate"),
    *("pipeline_value", "cases_opened", "avg_time_to_resolution", "nps", "csat"),
)
_DAYS = 365


def year_until(now: datetime) -> Period:
    return Period.last_days(_DAYS, until=now.astimezone(reporting_zone()).date())


def find(segment: Segment, *, now: datetime) -> dict[str, Any]:
    """What differs between members and others, and metrics of the year before for both; kept with the segment."""
    with open_snapshot(tables=READ_TABLES) as (snapshot, runner):
        found = {
            "as_of": now.isoformat(),
            "built_at": segment.built_at.isoformat() if segment.built_at else "",
            **_told(segment, snapshot, runner, now),
            "metrics": _metrics(segment, snapshot, runner, now),
        }
    Segment.objects.filter(pk=segment.pk).update(findings=found)
    return found


def are_current(segment: Segment) -> bool:
    """Whether what is kept was found after the newest build."""
    kept = segment.findings or {}
    return bool(kept) and kept.get("built_at") == (segment.built_at.isoformat() if segment.built_at else "")


def measure_values(*, now: datetime) -> None:
    """Revenue of every segment's members in the year before, while they were in it: one query for all."""
    with open_snapshot(tables=measured_tables()) as (snapshot, runner):
        told = measure([VALUE], snapshot, period=year_until(now), as_of=now, runner=runner, by=[SEGMENT])
    known = {value.dimensions.get(SEGMENT): number(value) for value in told}
    for segment in Segment.objects.filter(deleted_at__isnull=True):
        Segment.objects.filter(pk=segment.pk).update(value=known.get(segment.name))


def by_segment(metric: str, names: Iterable[str], *, period: Period, now: datetime) -> dict[str | None, MetricValue]:
    """A metric of each segment over a period; under the name None that of everybody."""
    wanted = tuple(names)
    with open_snapshot(tables=measured_tables()) as (snapshot, runner):
        asked: dict[str, Any] = {"period": period, "as_of": now, "runner": runner}
        whole = measure([metric], snapshot, **asked)[0]
        parts = measure([metric], snapshot, by=[SEGMENT], filters=[Only(SEGMENT, wanted)], **asked) if wanted else []
    return {None: whole, **{v.dimensions[SEGMENT]: v for v in parts if v.dimensions.get(SEGMENT)}}


def _told(segment: Segment, snapshot: Snapshot, runner: Runner, now: datetime) -> dict[str, Any]:
    definition = definition_of(segment)
    try:
        found = distinguishing(
            list(standing(segment)),
            as_known(snapshot, now),
            subject=segment.subject,
            runner=runner,
            ruled=definition.fields if definition else (),
        )
    except RapportError as error:
        return {"told": [], "problem": error.sentence}
    told = [{**asdict(one), "found": asdict(one.found)} for one in found.told]
    return {"told": told, "looked_at": found.looked_at, "members": found.members, "others": found.others}


def _metrics(segment: Segment, snapshot: Snapshot, runner: Runner, now: datetime) -> list[dict[str, Any]]:
    ids = [one for one in BESIDE if one in METRICS and SEGMENT in METRICS[one].dimensions]
    asked: dict[str, Any] = {"period": year_until(now), "as_of": now, "runner": runner}
    ours = measure(ids, snapshot, filters=[Only(SEGMENT, (segment.name,))], **asked)
    everybody = measure(ids, snapshot, **asked)
    return [_beside(one, other) for one, other in zip(ours, everybody, strict=True) if other.value is not None]


def _beside(ours: MetricValue, everybody: MetricValue) -> dict[str, Any]:
    return {
        "metric": ours.metric,
        "value": number(ours),
        "everybody": number(everybody),
        "reason": ours.reason,
        "n": ours.n,
    }


__all__: Sequence[str] = ("BESIDE", "are_current", "by_segment", "find", "measure_values", "year_until")
