"""Pages for making own dashboards: permission, catalogue, tiles, deletion."""

from __future__ import annotations

from pathlib import Path

import pytest

from rapport.workspace.metrics.boards.editing import add_tile, make
from rapport.workspace.metrics.models import Audience, Dashboard
from small_company import SmallCompany

_HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))


class TestMaking:
    def test_from_title_to_a_dashboard_with_a_tile(self, company: SmallCompany) -> None:
        client = company.client("alice")
        at = client.post("/dashboards/new/", {"title": "My <week>", "audience": "private"})["Location"]
        page = client.get(at).content.decode()
        assert "My &lt;week&gt;" in page
        assert "No tiles yet" in page
        slug = at.split("/")[2]
        part = client.post(f"/dashboards/{slug}/tiles/", {"metric": "revenue"}, headers=_HTMX).content.decode()
        assert "Added Revenue." in part
        tile = Dashboard.objects.get(slug=slug).tiles.get()
        part = client.post(
            f"/dashboards/{slug}/tiles/{tile.pk}/", {"display": "bars", "by": "channel"}, headers=_HTMX
        ).content.decode()
        assert '<option value="channel" selected>' in part
        assert "Revenue" in client.get(f"/dashboards/{slug}/figures/").content.decode()

    def test_without_scripts_a_change_leads_back_to_the_page(self, company: SmallCompany) -> None:
        board = make(title="Mine", owner=company.people["alice"])
        answer = company.client("alice").post(f"/dashboards/{board.slug}/tiles/", {"metric": "revenue"})
        assert (answer.status_code, answer["Location"]) == (302, f"/dashboards/{board.slug}/edit/")

    def test_a_wrong_wish_is_told(self, company: SmallCompany) -> None:
        board = make(title="Mine", owner=company.people["alice"])
        client = company.client("alice")
        assert "needs a title" in client.post(f"/dashboards/{board.slug}/edit/", {"title": ""}).content.decode()
        part = client.post(f"/dashboards/{board.slug}/tiles/", {"metric": "no"}, headers=_HTMX).content.decode()
        assert "There is no such metric." in part

    def test_the_catalogue_finds_by_words_and_room(self, company: SmallCompany) -> None:
        board = make(title="Mine", owner=company.people["alice"])
        get = lambda **q: company.client("alice").get(f"/dashboards/{board.slug}/catalogue/", q).content.decode()  # noqa: E731
        assert "Add Win rate" in get(q="RATE win")
        assert "Add Win rate" not in get(q="win rate", room="service")
        assert "No metric is called that." in get(q="zebra")

    def test_deleting_asks_first(self, company: SmallCompany) -> None:
        board = make(title="Mine", owner=company.people["alice"])
        client = company.client("alice")
        assert "cannot be undone" in client.get(f"/dashboards/{board.slug}/delete/").content.decode()
        assert Dashboard.objects.filter(pk=board.pk).exists()
        client.post(f"/dashboards/{board.slug}/delete/")
        assert not Dashboard.objects.filter(pk=board.pk).exists()

    def test_a_ready_made_one_is_copied_not_changed(self, company: SmallCompany) -> None:
        client = company.client("alice")
        client.get("/dashboards/")
        assert client.get("/dashboards/sales/edit/").status_code == 403
        at = client.post("/dashboards/sales/copy/")["Location"]
        assert "Sales (copy)" in client.get(at).content.decode()


class TestPermission:
    @pytest.mark.parametrize("path", ["", "figures/", "edit/", "delete/", "catalogue/"])
    def test_another_s_private_dashboard_is_not_found(self, company: SmallCompany, path: str) -> None:
        board = make(title="Secret plans", owner=company.people["bob"])
        for name in ("alice", "nora", "charlie", "ada"):
            assert company.client(name).get(f"/dashboards/{board.slug}/{path}").status_code == 404

    def test_lists_and_pages_agree(self, company: SmallCompany) -> None:
        north = company.people["alice"].team
        board = make(title="Northern lights", owner=company.people["bob"], audience=Audience.TEAM, team=north)
        add_tile(board, user=company.people["bob"], metric="revenue")
        for name, sees in (("alice", True), ("nora", True), ("ada", True), ("charlie", False)):
            client = company.client(name)
            assert ("Northern lights" in client.get("/dashboards/executive/").content.decode()) is sees
            assert (client.get(f"/dashboards/{board.slug}/").status_code == 200) is sees

    def test_who_only_sees_may_not_change(self, company: SmallCompany) -> None:
        board = make(title="All", owner=company.people["bob"], audience=Audience.ALL)
        tile = add_tile(board, user=company.people["bob"], metric="revenue")
        client = company.client("alice")
        assert client.get(f"/dashboards/{board.slug}/edit/").status_code == 403
        for path in ("tiles/", f"tiles/{tile.pk}/", f"tiles/{tile.pk}/move/", f"tiles/{tile.pk}/remove/", "delete/"):
            assert client.post(f"/dashboards/{board.slug}/{path}", {"metric": "orders"}).status_code == 403
        assert board.tiles.count() == 1
