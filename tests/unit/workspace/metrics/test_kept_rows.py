"""Rows kept for dashboards: same figures, made anew when data come in, never older than they say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rapport.workspace.crm.lake import publish
from rapport.workspace.crm.records.changes import write
from rapport.workspace.metrics import dashboards, kept_rows
from rapport.workspace.metrics.dashboards import Asked, compute
from rapport.workspace.metrics.kept_rows import keep_rows, usable
from rapport.workspace.metrics.models import Dashboard, Tile

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(kept_rows, "home_folder", lambda: tmp_path)
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))
    settings.BASE_CURRENCY = "EUR"


@pytest.fixture
def board() -> Dashboard:
    made = Dashboard.objects.create(slug="own", title="Own")
    tiles = (("revenue", "value", ""), ("orders", "bars", "channel"), ("average_basket_value", "line", ""))
    for place, (metric, display, by) in enumerate(tiles):
        Tile.objects.create(dashboard=made, metric=metric, display=display, by=by, position=place)
    return made


def _sold(name: str, *, days: int, amount: int, channel: str = "store", now: datetime = NOW) -> None:
    at = now - timedelta(days=days)
    person = {"id": name, "first_name": name, "created_at": at, "recorded_at": at}
    write("contacts", [person], source="shop", by="shop", at=at)
    order = {"id": f"{name}-{days}", "contact_id": name, "ordered_at": at, "recorded_at": at}
    order |= {"created_at": at, "amount": Decimal(amount), "currency": "EUR", "channel": channel, "status": "paid"}
    assert not write("orders", [order], source="shop", by="shop", at=at).refused
    publish()


def test_figures_from_kept_rows_are_those_of_the_tables(board: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    _sold("kim", days=5, amount=100)
    _sold("lee", days=40, amount=60, channel="web")
    asked = Asked(period="30d")
    live = compute([board], asked, now=NOW)[0]
    assert keep_rows(now=NOW)
    kept = compute([board], asked, now=NOW)[0]
    assert kept.tiles == live.tiles
    assert [tile.value for tile in live.tiles] == [100.0, 1.0, 100.0]
    made = usable(NOW)
    assert made is not None
    assert {file.stem for file in made.folder.glob("*.parquet")} == {"sales"}


def test_a_filter_by_what_is_kept_reads_it_too(board: Dashboard) -> None:
    _sold("kim", days=5, amount=100)
    _sold("lee", days=6, amount=60, channel="web")
    keep_rows(now=NOW)
    found = compute([board], Asked(period="30d", filters={"channel": "web"}), now=NOW)[0]
    assert found.tiles[0].value == 60.0


def test_a_metric_put_on_a_dashboard_since_is_told_from_the_tables_until_its_rows_are_kept(
    board: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_rows, "_SHARE", 0)
    _sold("kim", days=5, amount=100)
    keep_rows(now=NOW)
    Tile.objects.create(dashboard=board, metric="items_per_basket", position=9)  # the same rows, another column
    shown = Dashboard.objects.get(pk=board.pk)
    assert compute([shown], Asked(period="30d"), now=NOW)[0].tiles[0].value == 100.0
    assert keep_rows(now=NOW + timedelta(minutes=10))
    assert not keep_rows(now=NOW + timedelta(minutes=20))


def test_rows_are_made_again_when_data_came_in(board: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_rows, "_SHARE", 0)
    _sold("kim", days=5, amount=100)
    assert keep_rows(now=NOW)
    assert not keep_rows(now=NOW + timedelta(minutes=10))
    _sold("lee", days=6, amount=60)
    later = NOW + timedelta(minutes=20)
    assert dashboards.figures(board, Asked(period="30d"), now=later).tiles[0].value == 100.0
    assert keep_rows(now=later)
    assert dashboards.figures(board, Asked(period="30d"), now=later).tiles[0].value == 160.0


def test_rows_of_older_data_are_shown_for_half_an_hour_at_most(board: Dashboard) -> None:
    _sold("kim", days=5, amount=100)
    keep_rows(now=NOW)
    _sold("lee", days=6, amount=60)
    assert usable(NOW + timedelta(minutes=29)) is not None
    late = NOW + timedelta(minutes=31)
    assert usable(late) is None
    assert dashboards.figures(board, Asked(period="30d"), now=late).tiles[0].value == 160.0


def test_rows_of_yesterday_are_not_shown(board: Dashboard) -> None:
    _sold("kim", days=5, amount=100)
    keep_rows(now=NOW)
    assert usable(NOW + timedelta(days=1)) is None
    assert keep_rows(now=NOW + timedelta(days=1))


def test_making_them_takes_a_small_share_of_the_time(board: Dashboard) -> None:
    _sold("kim", days=5, amount=100)
    keep_rows(now=NOW)
    _sold("lee", days=6, amount=60)
    assert not keep_rows(now=NOW + timedelta(milliseconds=1))


def test_what_failed_half_way_leaves_nothing(board: Dashboard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _sold("kim", days=5, amount=100)
    keep_rows(now=NOW)
    before = usable(NOW)
    _sold("lee", days=6, amount=60)
    monkeypatch.setattr(kept_rows, "_SHARE", 0)

    def _broken(*args: object, **kwargs: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(kept_rows, "rows_to_keep", _broken)
    with pytest.raises(OSError, match="no space"):
        keep_rows(now=NOW + timedelta(minutes=5))
    assert usable(NOW + timedelta(minutes=6)) == before
    assert before is not None
    assert [folder for folder in (tmp_path / "metrics").iterdir() if folder.is_dir()] == [before.folder]
