"""Making and changing own dashboards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rapport.engine.errors import DefinitionError
from rapport.engine.metrics.registry import METRICS
from rapport.workspace.metrics.boards import editing
from rapport.workspace.metrics.boards.access import audiences
from rapport.workspace.metrics.models import DISPLAYS, Audience, Dashboard, Tile
from rapport.workspace.pages.dashboards.finding import dashboard_of, editable, found_metrics
from rapport.workspace.pages.lists.pages import reader
from rapport.workspace.team.models import Team

_WORDS = {"value": "Number", "line": "Line over time", "bars": "Bars by", "table": "Table"}


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A form for title, purpose and who sees it; then one picks metrics."""
    problem = ""
    if request.method == "POST":
        try:
            made = editing.make(owner=reader(request), **_described(request))
        except DefinitionError as error:
            problem = error.sentence
        else:
            return redirect("dashboards:edit", made.slug)
    return render(request, "dashboards/new.html", {**_form(request, None), "problem": problem})


@require_POST
def copy(request: HttpRequest, slug: str) -> HttpResponse:
    """A private copy of any dashboard one sees."""
    made = editing.copy(dashboard_of(request, slug), owner=reader(request))
    messages.success(request, "This copy is yours: change it as you like.")
    return redirect("dashboards:edit", made.slug)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """The tiles in their order, the catalogue beside them, and the description."""
    board, problem = editable(request, slug), ""
    if request.method == "POST":
        try:
            editing.describe(board, user=reader(request), **_described(request))
        except DefinitionError as error:
            problem = error.sentence
        else:
            messages.success(request, "Saved.")
            return redirect("dashboards:edit", slug)
    context = {**_form(request, board), **_tiles(board), **found_metrics(request), "problem": problem}
    return render(request, "dashboards/edit.html", context)


@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, slug: str) -> HttpResponse:
    """Asks first; what hangs on it is told."""
    board = editable(request, slug)
    if request.method == "POST":
        editing.delete(board, user=reader(request))
        messages.success(request, f"“{board.title}” is deleted.")
        return redirect("dashboards:index")
    return render(request, "dashboards/delete.html", {"dashboard": board})


@require_GET
def catalogue(request: HttpRequest, slug: str) -> HttpResponse:
    """A part of the page: the metrics that the typed words name, by room."""
    return render(
        request, "dashboards/catalogue.html", {"dashboard": editable(request, slug), **found_metrics(request)}
    )


@require_POST
def add_tile(request: HttpRequest, slug: str) -> HttpResponse:
    board = editable(request, slug)
    metric = request.POST.get("metric", "")

    def add() -> Tile:
        return editing.add_tile(
            board,
            user=reader(request),
            metric=metric,
            display=request.POST.get("display", "value"),
            by=request.POST.get("by", ""),
        )

    return _changed(request, board, add, "Added {}.")


@require_POST
def change_tile(request: HttpRequest, slug: str, tile_id: str) -> HttpResponse:
    board = editable(request, slug)
    tile = get_object_or_404(board.tiles, pk=tile_id)

    def change() -> Tile:
        editing.change_tile(
            tile,
            user=reader(request),
            display=request.POST.get("display", tile.display),
            by=request.POST.get("by", tile.by),
            title=request.POST.get("title", tile.title),
        )
        return tile

    return _changed(request, board, change, "Changed {}.")


@require_POST
def move_tile(request: HttpRequest, slug: str, tile_id: str) -> HttpResponse:
    board = editable(request, slug)
    tile = get_object_or_404(board.tiles, pk=tile_id)
    later = request.POST.get("to") == "later"

    def move() -> Tile:
        editing.move_tile(tile, user=reader(request), by=1 if later else -1)
        return tile

    return _changed(request, board, move, "Moved {} " + ("later." if later else "earlier."))


@require_POST
def remove_tile(request: HttpRequest, slug: str, tile_id: str) -> HttpResponse:
    board = editable(request, slug)
    tile = get_object_or_404(board.tiles, pk=tile_id)

    def remove() -> Tile:
        editing.remove_tile(tile, user=reader(request))
        return tile

    return _changed(request, board, remove, "Removed {}.")


def _changed(request: HttpRequest, board: Dashboard, change: Callable[[], Tile], told: str) -> HttpResponse:
    """The list of tiles after a change, and a sentence for screen readers; a whole page without scripts."""
    said, problem = "", ""
    try:
        tile = change()
        said = told.format(tile.title or METRICS[tile.metric].name if tile.metric in METRICS else tile.metric)
    except DefinitionError as error:
        problem = error.sentence
    if not request.headers.get("HX-Request"):
        (messages.error if problem else messages.success)(request, problem or said)
        return redirect("dashboards:edit", board.slug)
    context = {"dashboard": board, **_tiles(board), "said": said, "tile_problem": problem}
    return render(request, "dashboards/edit_tiles.html", context)


def _tiles(board: Dashboard) -> dict[str, Any]:
    tiles = [(tile, METRICS.get(tile.metric)) for tile in board.tiles.all()]
    return {"tiles": tiles, "displays": [(d, _WORDS[d]) for d in DISPLAYS], "most": editing.MOST_TILES}


def _described(request: HttpRequest) -> dict[str, Any]:
    audience = request.POST.get("audience", Audience.PRIVATE)
    team = Team.objects.filter(pk=request.POST.get("team") or "", deleted_at=None).first()
    return {
        "title": request.POST.get("title", ""),
        "purpose": request.POST.get("purpose", ""),
        "audience": audience,
        "team": team if audience == Audience.TEAM else None,
    }


def _form(request: HttpRequest, board: Dashboard | None) -> dict[str, Any]:
    """What the description's fields hold: what was sent, else what is kept."""
    kept = {
        "title": board.title if board else "",
        "purpose": board.purpose if board else "",
        "audience": board.audience if board else "",
        "team": board.team_id if board else reader(request).team_id,
    }
    return {
        "dashboard": board,
        "values": {name: request.POST.get(name, value) for name, value in kept.items()},
        "audiences": audiences(reader(request)),
        "teams": Team.objects.filter(deleted_at=None).order_by("name"),
    }
