"""Dashboards as they are asked for: from the cache where the data are unchanged, else computed and kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from rapport.engine.metrics.registry import METRICS
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.metrics.computing import Question, computed
from rapport.workspace.metrics.data_version import data_version, measured_tables
from rapport.workspace.metrics.figures import Figures, from_json, to_json
from rapport.workspace.metrics.kept_rows import Kept, usable
from rapport.workspace.metrics.models import Dashboard, DashboardValues, Tile
from rapport.workspace.metrics.periods import DEFAULT_COMPARISON, DEFAULT_PERIOD, Chosen, chosen, compared_with
from rapport.workspace.metrics.ready_made import ensure_ready_made

_KEPT_FOR = timedelta(days=3)
_LATELY = timedelta(days=14)  # own dashboards that nobody opened since are computed when somebody does
_TO_THE = timedelta(hours=1)  # how exactly it is kept when a dashboard was opened


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A period by its name, what to compare it with, and dimension values to keep."""

    period: str = DEFAULT_PERIOD
    comparison: str = DEFAULT_COMPARISON
    filters: Mapping[str, str] = field(default_factory=dict)

    def picked(self, now: datetime) -> Chosen:
        """The period as of today in the reporting time zone."""
        return chosen(self.period, today=now.astimezone(reporting_zone()).date())

    def question(self, now: datetime) -> Question:
        picked = self.picked(now)
        return Question(
            period=picked.period, compared=compared_with(picked, self.comparison), filters=self.filters, as_of=now
        )


def reporting_zone() -> ZoneInfo:
    return ZoneInfo(settings.REPORTING_TIME_ZONE)


def kept_figures(dashboard: Dashboard, asked: Asked, *, now: datetime) -> Figures | None:
    """The figures of the published data, where they have been computed; None where they have not."""
    version = _version(usable(now))
    found = DashboardValues.objects.filter(key=_key(dashboard, asked.question(now)), data_version=version).first()
    return from_json(found.body) if found else None


def figures(dashboard: Dashboard, asked: Asked, *, now: datetime) -> Figures:
    """A dashboard's figures; computed only where the published data, the day or the question differ from before."""
    return kept_figures(dashboard, asked, now=now) or compute([dashboard], asked, now=now)[0]


def compute(dashboards: Sequence[Dashboard], asked: Asked, *, now: datetime) -> list[Figures]:
    """Several dashboards measured together, and kept."""
    kept = usable(now)
    question, version = replace(asked.question(now), as_of=kept.as_of if kept else now), _version(kept)
    boards = [measured_tiles(dashboard) for dashboard in dashboards]
    with open_snapshot(tables=measured_tables()) as (snapshot, runner):
        found = computed(boards, question, snapshot, runner=runner, kept=kept.open(runner) if kept else None)
    for dashboard, its in zip(dashboards, found, strict=True):
        DashboardValues.objects.update_or_create(
            key=_key(dashboard, question),
            defaults={"dashboard": dashboard, "data_version": version, "computed_at": now, "body": to_json(its)},
        )
    return found


def measured_tiles(dashboard: Dashboard) -> list[Tile]:
    """Its tiles in order, without those whose metric the product no longer has."""
    return [tile for tile in dashboard.tiles.all() if tile.metric in METRICS]


def opened(dashboard: Dashboard, *, now: datetime) -> None:
    """Keep that somebody looks at a dashboard, so that its figures are computed ahead from then on."""
    if dashboard.opened_at is None or now - dashboard.opened_at >= _TO_THE:
        Dashboard.objects.filter(pk=dashboard.pk).update(opened_at=now)


def warm(*, now: datetime | None = None) -> int:
    """Compute dashboards as they are first shown, and forget old figures; returns how many.

    They are the ready-made ones, and own ones that somebody opened within two weeks.
    """
    at = now or timezone.now()
    DashboardValues.objects.filter(computed_at__lt=at - _KEPT_FOR).delete()
    made = ensure_ready_made()
    lately = Dashboard.objects.filter(owner__isnull=False, opened_at__gte=at - _LATELY).prefetch_related("tiles")
    shown = [*made, *(own for own in lately if own.tiles.all())]
    compute(shown, Asked(), now=at)
    return len(shown)


def _version(kept: Kept | None) -> str:
    return kept.version if kept else data_version()


def _key(dashboard: Dashboard, question: Question) -> str:
    asked = {
        "dashboard": dashboard.id,
        "tiles": [(t.metric, t.display, t.by, t.title) for t in dashboard.tiles.all()],
        "period": str(question.period),
        "compared": str(question.compared),
        "filters": sorted(question.filters.items()),
        "zone": settings.REPORTING_TIME_ZONE,
    }
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()
