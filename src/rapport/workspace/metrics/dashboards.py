"""Dashboards as they are asked for: from the cache where the data are unchanged, else computed and kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from rapport.engine.crm.tables import TABLES
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.crm.lake.models import LakeBatch
from rapport.workspace.metrics.computing import Question, computed
from rapport.workspace.metrics.figures import Figures, from_json, to_json
from rapport.workspace.metrics.models import Dashboard, DashboardValues
from rapport.workspace.metrics.periods import (
    DEFAULT_COMPARISON,
    DEFAULT_PERIOD,
    Chosen,
    chosen,
    compared_with,
)
from rapport.workspace.metrics.ready_made import ensure_ready_made

_KEPT_FOR = timedelta(days=3)
MEASURED_TABLES = tuple(name for name, table in TABLES.items() if table.room not in ("scores", "actions"))
Progress = Callable[[int, int | None, str], None]


def reporting_zone() -> ZoneInfo:
    return ZoneInfo(settings.REPORTING_TIME_ZONE)


def pick(period: str = DEFAULT_PERIOD, *, now: datetime) -> Chosen:
    """A period by its name, as of today in the reporting time zone."""
    return chosen(period, today=now.astimezone(reporting_zone()).date())


def figures(
    dashboard: Dashboard,
    *,
    period: str = DEFAULT_PERIOD,
    comparison: str = DEFAULT_COMPARISON,
    filters: Mapping[str, str] | None = None,
    now: datetime | None = None,
    fresh: bool = False,
) -> Figures:
    """A dashboard's figures for a period; computed again only where the published data, the day or the
    question differ from before, or `fresh` asks for it."""
    at = now or timezone.now()
    picked = pick(period, now=at)
    question = Question(
        tiles=list(dashboard.tiles.all()),
        period=picked.period,
        compared=compared_with(picked, comparison),
        filters=filters or {},
        as_of=at,
    )
    key, version = _key(dashboard, question), data_version()
    kept = None if fresh else DashboardValues.objects.filter(key=key, data_version=version).first()
    if kept is not None:
        return from_json(kept.body)
    with open_snapshot(tables=MEASURED_TABLES) as (snapshot, runner):
        found = computed(question, snapshot, runner=runner)
    DashboardValues.objects.update_or_create(
        key=key,
        defaults={"dashboard": dashboard, "data_version": version, "computed_at": at, "body": to_json(found)},
    )
    return found


def warm(*, now: datetime | None = None, progress: Progress | None = None) -> int:
    """Compute every ready-made dashboard as it is first shown; returns how many."""
    at = now or timezone.now()
    DashboardValues.objects.filter(computed_at__lt=at - _KEPT_FOR).delete()
    made = ensure_ready_made()
    for done, dashboard in enumerate(made):
        if progress:
            progress(done, len(made), f"dashboard {dashboard.title}")
        figures(dashboard, now=at)
    return len(made)


def data_version() -> str:
    """What has been published of the tables that metrics read; changes with every batch of them."""
    batches = LakeBatch.objects.filter(table__in=MEASURED_TABLES).order_by("table").values_list("table", "batch")
    return hashlib.sha256(json.dumps(list(batches)).encode()).hexdigest()


def _key(dashboard: Dashboard, question: Question) -> str:
    asked = {
        "dashboard": dashboard.id,
        "tiles": [(t.metric, t.display, t.by, t.title) for t in question.tiles],
        "period": str(question.period),
        "compared": str(question.compared),
        "filters": sorted(question.filters.items()),
        "zone": settings.REPORTING_TIME_ZONE,
    }
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()
