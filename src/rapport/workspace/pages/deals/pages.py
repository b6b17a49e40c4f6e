"""The board of deals."""

from __future__ import annotations

from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from rapport.workspace.crm.sales.models import Deal
from rapport.workspace.pages.deals.board import Stage, stages
from rapport.workspace.pages.lists.columns import live_of
from rapport.workspace.pages.lists.pages import reader
from rapport.workspace.team.access import visible


@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """Open deals by stage: mine, or all that I see; of one pipeline where there are several."""
    user = reader(request)
    deals = visible(Deal.objects.all(), user)
    pipelines = sorted(
        {name for (name,) in deals.filter(status="open").order_by().values_list("pipeline").distinct() if name}
    )
    pipeline = request.GET.get("pipeline", "")
    if pipeline in pipelines:
        deals = deals.filter(pipeline=pipeline)
    mine = request.GET.get("whose") == "mine"
    if mine:
        deals = deals.filter(owner=user)
    score = next((version.name for version in live_of("deal")), None)
    found = stages(deals, today=timezone.localdate(), score=score)
    context = {
        "stages": found,
        "totals": _totals(found),
        "count": sum(stage.count for stage in found),
        "pipelines": pipelines if len(pipelines) > 1 else [],
        "pipeline": pipeline,
        "mine": mine,
    }
    return render(request, "deals/board.html", context)


def _totals(found: list[Stage]) -> list[tuple[str, Decimal]]:
    """The sums of all stages by currency, the largest first."""
    sums: dict[str, Decimal] = {}
    for stage in found:
        for currency, amount in stage.amounts:
            sums[currency] = sums.get(currency, Decimal(0)) + amount
    return sorted(sums.items(), key=lambda pair: -pair[1])
