"""The dashboards that come with the product, limited to the metrics that exist."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction

from rapport.engine.metrics.registry import METRICS
from rapport.workspace.metrics.models import Dashboard, Tile


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A ready-made dashboard: `values` are tiles, `lines` charts over time, `bars` charts as (metric, dimension)."""

    slug: str
    title: str
    purpose: str
    values: Sequence[str]
    lines: Sequence[str] = ()
    bars: Sequence[tuple[str, str]] = ()

    @property
    def tiles(self) -> Iterator[tuple[str, str, str]]:
        """(metric, display, dimension), in order, of the metrics and dimensions that exist."""
        yield from ((metric, "value", "") for metric in self.values if metric in METRICS)
        yield from ((metric, "line", "") for metric in self.lines if metric in METRICS)
        for metric, by in self.bars:
            if metric in METRICS and by in METRICS[metric].dimensions:
                yield metric, "bars", by


PLANS = (
    Plan(
        slug="executive",
        title="Executive",
        purpose="How the company does with its customers, on one page.",
        values=(
            "new_customers",
            "average_basket_value",
            "repeat_customer_ratio",
            "win_rate",
            "pipeline_value",
            "campaign_revenue",
            "avg_time_to_resolution",
            "nps",
        ),
        lines=("new_customers", "win_rate", "average_basket_value"),
    ),
    Plan(
        slug="marketing",
        title="Marketing",
        purpose="What campaigns bring: leads, answers, revenue.",
        values=("leads", "campaign_responses", "campaign_response_rate", "campaign_revenue", "new_customers"),
        lines=("leads", "campaign_responses", "campaign_revenue"),
        bars=(("leads", "source"), ("campaign_responses", "campaign"), ("campaign_revenue", "campaign")),
    ),
    Plan(
        slug="sales",
        title="Sales",
        purpose="What is open, how fast it moves and how much is won.",
        values=("open_deals", "pipeline_value", "win_rate", "sales_cycle_length", "stage_duration", "new_customers"),
        lines=("win_rate", "pipeline_value", "sales_cycle_length"),
        bars=(("pipeline_value", "stage"), ("win_rate", "owner"), ("stage_duration", "stage")),
    ),
    Plan(
        slug="service",
        title="Service",
        purpose="How many cases wait, how fast they are solved and what customers say.",
        values=("backlog", "avg_time_to_resolution", "nps"),
        lines=("backlog", "avg_time_to_resolution", "nps"),
        bars=(("backlog", "priority"), ("avg_time_to_resolution", "type"), ("nps", "survey")),
    ),
    Plan(
        slug="customers",
        title="Customers",
        purpose="Who buys, how often and for how much.",
        values=(
            "new_customers",
            "repeat_customer_ratio",
            "repeat_customer_ratio_period",
            "average_basket_value",
            "purchase_frequency",
            "nps",
        ),
        lines=("new_customers", "average_basket_value", "purchase_frequency"),
        bars=(("average_basket_value", "channel"), ("new_customers", "segment")),
    ),
)


@transaction.atomic
def ensure_ready_made() -> list[Dashboard]:
    """The ready-made dashboards, made or brought in step with the product; safe to call again.

    A dashboard none of whose metrics exists is left out.
    """
    made = []
    for position, plan in enumerate(PLANS):
        tiles = list(plan.tiles)
        if tiles:
            made.append(_in_step(plan, tiles, position))
    Dashboard.objects.filter(owner=None).exclude(id__in=[d.id for d in made]).delete()
    return made


def _in_step(plan: Plan, tiles: Sequence[tuple[str, str, str]], position: int) -> Dashboard:
    dashboard, _ = Dashboard.objects.update_or_create(
        slug=plan.slug, defaults={"title": plan.title, "purpose": plan.purpose, "position": position, "owner": None}
    )
    if list(dashboard.tiles.values_list("metric", "display", "by")) != list(tiles):
        dashboard.tiles.all().delete()
        Tile.objects.bulk_create(
            Tile(dashboard=dashboard, metric=metric, display=display, by=by, position=place)
            for place, (metric, display, by) in enumerate(tiles)
        )
    return dashboard
