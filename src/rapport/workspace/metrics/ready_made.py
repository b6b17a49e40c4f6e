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
            *("revenue", "orders", "average_basket_value", "active_customers", "new_customers", "customers"),
            *("repeat_customer_ratio", "retention_rate", "mrr", "nrr", "customer_equity", "clv_predicted"),
            *("bookings", "deals_won", "win_rate", "average_deal_size", "sales_cycle_length", "pipeline_value"),
            *("weighted_pipeline", "leads", "sqls", "campaign_revenue", "acquisition_cost", "cac"),
            *("backlog", "cases_opened", "avg_time_to_resolution", "nps", "csat", "sla_compliance"),
        ),
        lines=("revenue", "new_customers", "bookings", "nps"),
    ),
    Plan(
        slug="marketing",
        title="Marketing",
        purpose="What campaigns bring: leads, answers, revenue.",
        values=(
            *("campaigns_active", "campaign_responses", "campaign_response_rate", "campaign_revenue"),
            *(
                "campaign_purchases",
                "campaign_new_customers",
                "campaign_roi",
                "leads",
                "mqls",
                "lead_velocity",
                "page_views",
                "visitors",
            ),
            *("email_open_rate", "email_click_rate", "email_unsubscribe_rate", "email_list_growth_rate"),
            *("marketing_cost", "cost_per_qualified_lead", "referral_new_customers"),
        ),
        lines=("campaign_responses", "campaign_revenue", "leads", "email_open_rate"),
        bars=(("campaign_revenue", "campaign"), ("campaign_responses", "campaign"), ("leads", "source")),
    ),
    Plan(
        slug="sales",
        title="Sales",
        purpose="What is open, how fast it moves and how much is won.",
        values=(
            *("pipeline_value", "weighted_pipeline", "open_deals", "win_rate", "deals_won", "bookings"),
            *("average_deal_size", "sales_cycle_length", "stage_duration", "overdue_deals_share", "pipeline_coverage"),
            *("sales_calls", "proposals_made", "speed_to_lead", "renewal_rate", "forecast_accuracy"),
        ),
        lines=("bookings", "win_rate", "pipeline_value"),
        bars=(("pipeline_value", "stage"), ("bookings", "owner"), ("stage_duration", "stage")),
    ),
    Plan(
        slug="service",
        title="Service",
        purpose="How many cases wait, how fast they are solved and what customers say.",
        values=(
            *("backlog", "backlog_days", "cases_opened", "cases_solved", "avg_time_to_resolution"),
            *("first_response_time", "first_contact_resolution", "sla_compliance", "reopen_rate"),
            *("service_calls_per_day", "call_abandonment_rate", "nps", "csat", "ces"),
        ),
        lines=("backlog", "avg_time_to_resolution", "nps"),
        bars=(("backlog", "priority"), ("cases_opened", "topic"), ("avg_time_to_resolution", "priority")),
    ),
    Plan(
        slug="customers",
        title="Customers",
        purpose="Who buys, how often and for how much.",
        values=(
            *("customers", "new_customers", "active_customers", "repeat_customer_ratio", "retention_rate"),
            *("repeat_customer_ratio_period", "purchase_frequency", "average_basket_value", "orders", "revenue"),
            *("mrr", "grr", "nrr", "clv_predicted", "p_alive", "cross_sell_ratio", "customer_profit", "nps"),
        ),
        lines=("revenue", "active_customers", "average_basket_value"),
        bars=(
            *(("revenue", "channel"), ("revenue", "industry"), ("new_customers", "source")),
            ("rfm_segment_share", "rfm_segment"),
        ),
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
