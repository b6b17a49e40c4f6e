"""Making and changing own dashboards. Everything here asks first whether the user may."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.text import slugify

from rapport.engine.errors import DefinitionError
from rapport.engine.metrics.registry import METRICS
from rapport.workspace.lib.ids import new_id
from rapport.workspace.metrics.boards.access import audiences, may_edit
from rapport.workspace.metrics.models import DISPLAYS, Audience, Dashboard, Tile
from rapport.workspace.team.models import Team, User

MOST_TILES = 60
_AFTER_THE_READY_MADE = 1000
_SPLIT, _OVER_TIME = frozenset({"bars", "table"}), ""


def make(
    *, title: str, purpose: str = "", owner: User, audience: str = Audience.PRIVATE, team: Team | None = None
) -> Dashboard:
    """An own dashboard without tiles. Raises DefinitionError without a title, PermissionDenied for an audience."""
    made = Dashboard(owner=owner, slug=_slug(title), position=_AFTER_THE_READY_MADE)
    _describe(made, title=title, purpose=purpose, user=owner, audience=audience, team=team)
    made.save()
    return made


@transaction.atomic
def copy(dashboard: Dashboard, *, owner: User) -> Dashboard:
    """The same tiles on a private dashboard of one's own."""
    made = make(title=f"{dashboard.title} (copy)"[:200], purpose=dashboard.purpose, owner=owner)
    Tile.objects.bulk_create(
        Tile(dashboard=made, metric=t.metric, title=t.title, display=t.display, by=t.by, position=place)
        for place, t in enumerate(dashboard.tiles.all())
    )
    return made


def describe(
    dashboard: Dashboard, *, title: str, purpose: str, user: User, audience: str, team: Team | None = None
) -> None:
    """Change title, purpose and who sees it."""
    _check(user, dashboard)
    _describe(dashboard, title=title, purpose=purpose, user=user, audience=audience, team=team)
    dashboard.save(update_fields=["title", "purpose", "audience", "team"])


def delete(dashboard: Dashboard, *, user: User) -> None:
    """With its notes, links and mail."""
    _check(user, dashboard)
    dashboard.delete()


@transaction.atomic
def add_tile(
    dashboard: Dashboard, *, user: User, metric: str, display: str = "value", by: str = "", title: str = ""
) -> Tile:
    """A tile at the end."""
    _check(user, dashboard)
    places = list(dashboard.tiles.values_list("position", flat=True))
    if len(places) >= MOST_TILES:
        raise DefinitionError(
            "That is as many tiles as a dashboard holds.",
            received=len(places) + 1,
            allowed=str(MOST_TILES),
            next_step="Make a second dashboard.",
        )
    tile = Tile(dashboard=dashboard, metric=metric, position=max(places, default=-1) + 1)
    _set(tile, display=display, by=by, title=title)
    tile.save()
    return tile


def change_tile(tile: Tile, *, user: User, display: str, by: str, title: str) -> None:
    """How a tile shows its metric. bars need a dimension; the first one is taken where none is chosen."""
    _check(user, tile.dashboard)
    _set(tile, display=display, by=by, title=title)
    tile.save(update_fields=["display", "by", "title"])


def remove_tile(tile: Tile, *, user: User) -> None:
    _check(user, tile.dashboard)
    tile.delete()


@transaction.atomic
def move_tile(tile: Tile, *, user: User, by: int) -> None:
    """Earlier (negative) or later by so many places, as far as there are places."""
    _check(user, tile.dashboard)
    order = list(tile.dashboard.tiles.values_list("pk", flat=True))
    place = order.index(tile.pk)
    order.insert(max(0, place + by), order.pop(place))
    _keep_order(tile.dashboard, order)


def _keep_order(dashboard: Dashboard, order: Sequence[str]) -> None:
    tiles = {tile.pk: tile for tile in dashboard.tiles.all()}
    for place, key in enumerate(order):
        tiles[key].position = place
    Tile.objects.bulk_update(tiles.values(), ["position"])


def _describe(dashboard: Dashboard, *, title: str, purpose: str, user: User, audience: str, team: Team | None) -> None:
    title = title.strip()
    if not title:
        raise DefinitionError("A dashboard needs a title.", where="title")
    allowed = [value for value, _ in audiences(user)]
    if audience not in allowed and audience != dashboard.audience:
        raise PermissionDenied("Your role does not allow to share a dashboard.")
    if audience == Audience.TEAM and team is None:
        raise DefinitionError("Choose the team that sees it.", where="team")
    dashboard.title, dashboard.purpose, dashboard.audience = title[:200], purpose.strip()[:1000], audience
    dashboard.team = team if audience == Audience.TEAM else None


def _set(tile: Tile, *, display: str, by: str, title: str) -> None:
    if tile.metric not in METRICS:
        raise DefinitionError("There is no such metric.", where="metric", received=tile.metric)
    if display not in DISPLAYS:
        raise DefinitionError("There is no such display.", where="display", received=display, allowed=DISPLAYS)
    dimensions = METRICS[tile.metric].dimensions
    if display not in _SPLIT:
        by = _OVER_TIME
    elif by and by not in dimensions:
        raise DefinitionError(
            f"{METRICS[tile.metric].name} cannot be split by that.", where="by", received=by, allowed=dimensions
        )
    if display == "bars" and not by:
        if not dimensions:
            raise DefinitionError(f"{METRICS[tile.metric].name} cannot be split, so it has no bars.", where="display")
        by = dimensions[0]
    tile.display, tile.by, tile.title = display, by, title.strip()[:200]


def _check(user: User, dashboard: Dashboard) -> None:
    if not may_edit(user, dashboard):
        raise PermissionDenied("Only its owner changes a dashboard. Make a copy of your own.")


def _slug(title: str) -> str:
    """Never that of a ready-made one or of a page beside: own ones end in part of an id."""
    return f"{slugify(title)[:60].strip('-') or 'dashboard'}-{new_id().replace('-', '')[-8:]}"
