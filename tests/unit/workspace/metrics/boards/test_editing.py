"""Own dashboards: who sees and changes them, and how tiles are kept in order."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from rapport.engine.errors import DefinitionError
from rapport.workspace.metrics.boards.access import audiences, may_edit, seen_by
from rapport.workspace.metrics.boards.editing import (
    MOST_TILES,
    add_tile,
    change_tile,
    copy,
    delete,
    describe,
    make,
    move_tile,
    remove_tile,
)
from rapport.workspace.metrics.models import Audience, Dashboard, Tile
from rapport.workspace.metrics.ready_made import ensure_ready_made
from small_company import SmallCompany

pytestmark = pytest.mark.django_db


def _who_sees(company: SmallCompany, dashboard: Dashboard) -> list[str]:
    return sorted(n for n, user in company.people.items() if seen_by(user).filter(pk=dashboard.pk).exists())


class TestWhoSees:
    def test_a_private_one_is_its_owner_s_alone(self, company: SmallCompany) -> None:
        assert _who_sees(company, make(title="Mine", owner=company.people["bob"])) == ["bob"]

    def test_one_for_a_team_is_seen_by_the_team_by_managers_above_and_by_administrators(
        self, company: SmallCompany
    ) -> None:
        north = company.people["alice"].team
        made = make(title="North", owner=company.people["nora"], audience=Audience.TEAM, team=north)
        assert _who_sees(company, made) == ["ada", "alice", "bob", "nora"]

    def test_one_for_a_team_above_is_not_for_the_members_below(self, company: SmallCompany) -> None:
        nordics = company.people["nora"].team
        made = make(title="Nordics", owner=company.people["ada"], audience=Audience.TEAM, team=nordics)
        assert _who_sees(company, made) == ["ada", "nora"]

    def test_one_for_everyone_and_the_ready_made_are_seen_by_all(self, company: SmallCompany) -> None:
        made = make(title="All", owner=company.people["bob"], audience=Audience.ALL)
        for dashboard in (made, ensure_ready_made()[0]):
            assert _who_sees(company, dashboard) == sorted(company.people)

    def test_who_is_no_longer_active_sees_none(self, company: SmallCompany) -> None:
        alice = company.people["alice"]
        alice.is_active = False
        assert not seen_by(alice).exists()


class TestWhoChanges:
    def test_the_owner_and_of_shared_ones_an_administrator(self, company: SmallCompany) -> None:
        people = company.people
        private = make(title="Mine", owner=people["bob"])
        shared = make(title="All", owner=people["bob"], audience=Audience.ALL)
        assert [n for n, u in people.items() if may_edit(u, private)] == ["bob"]
        assert [n for n, u in people.items() if may_edit(u, shared)] == ["bob", "ada"]
        assert not any(may_edit(u, ensure_ready_made()[0]) for u in people.values())

    def test_every_change_is_refused_to_others(self, company: SmallCompany) -> None:
        bob, alice = company.people["bob"], company.people["alice"]
        made = make(title="All", owner=bob, audience=Audience.ALL)
        tile = add_tile(made, user=bob, metric="revenue")
        for change in (
            lambda: add_tile(made, user=alice, metric="orders"),
            lambda: change_tile(tile, user=alice, display="line", by="", title=""),
            lambda: move_tile(tile, user=alice, by=1),
            lambda: remove_tile(tile, user=alice),
            lambda: describe(made, title="x", purpose="", user=alice, audience=Audience.ALL),
            lambda: delete(made, user=alice),
        ):
            with pytest.raises(PermissionDenied):
                change()
        assert [t.metric for t in made.tiles.all()] == ["revenue"]

    def test_a_member_keeps_theirs_private(self, company: SmallCompany) -> None:
        alice = company.people["alice"]
        assert [value for value, _ in audiences(alice)] == ["private"]
        with pytest.raises(PermissionDenied):
            make(title="All", owner=alice, audience=Audience.ALL)


class TestTiles:
    def _board(self, company: SmallCompany, *metrics: str) -> tuple[Dashboard, list[Tile]]:
        bob = company.people["bob"]
        made = make(title="Mine", owner=bob)
        return made, [add_tile(made, user=bob, metric=metric) for metric in metrics]

    def _order(self, board: Dashboard) -> list[str]:
        return list(board.tiles.values_list("metric", flat=True))

    def test_move_one_place_and_stop_at_the_ends(self, company: SmallCompany) -> None:
        board, tiles = self._board(company, "revenue", "orders", "leads")
        bob = company.people["bob"]
        move_tile(tiles[2], user=bob, by=-1)
        assert self._order(board) == ["revenue", "leads", "orders"]
        move_tile(tiles[0], user=bob, by=-1)
        assert self._order(board) == ["revenue", "leads", "orders"]
        move_tile(tiles[0], user=bob, by=1)
        assert self._order(board) == ["leads", "revenue", "orders"]
        remove_tile(tiles[0], user=bob)
        assert self._order(board) == ["leads", "orders"]

    def test_bars_take_the_first_dimension_and_a_number_has_none(self, company: SmallCompany) -> None:
        _, (tile,) = self._board(company, "revenue")
        bob = company.people["bob"]
        change_tile(tile, user=bob, display="bars", by="", title=" Sales ")
        assert (tile.display, tile.by != "", tile.title) == ("bars", True, "Sales")
        change_tile(tile, user=bob, display="table", by="", title="")
        assert (tile.display, tile.by) == ("table", "")
        change_tile(tile, user=bob, display="value", by="channel", title="")
        assert tile.by == ""

    @pytest.mark.parametrize(
        "wrong", [{"metric": "nothing"}, {"display": "pie"}, {"display": "bars", "by": "shoe_size"}]
    )
    def test_what_does_not_exist_is_refused(self, company: SmallCompany, wrong: dict[str, str]) -> None:
        board, _ = self._board(company)
        with pytest.raises(DefinitionError):
            add_tile(board, user=company.people["bob"], **{"metric": "revenue", **wrong})

    def test_there_is_a_most(self, company: SmallCompany) -> None:
        board, _ = self._board(company)
        Tile.objects.bulk_create(Tile(dashboard=board, metric="orders", position=n) for n in range(MOST_TILES))
        with pytest.raises(DefinitionError, match="as many tiles"):
            add_tile(board, user=company.people["bob"], metric="revenue")

    def test_a_copy_has_the_same_tiles_and_is_private(self, company: SmallCompany) -> None:
        ready = ensure_ready_made()[0]
        made = copy(ready, owner=company.people["alice"])
        of = lambda d: list(d.tiles.values_list("metric", "display", "by"))  # noqa: E731
        assert of(made) == of(ready)
        assert (made.owner, made.audience) == (company.people["alice"], Audience.PRIVATE)

    def test_an_empty_title_is_refused(self, company: SmallCompany) -> None:
        with pytest.raises(DefinitionError, match="title"):
            make(title="  ", owner=company.people["bob"])
