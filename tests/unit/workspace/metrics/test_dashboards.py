"""Dashboards: ready-made ones, figures with comparison and series, and the cache."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rapport.engine.metrics.registry import METRICS
from rapport.workspace.crm.lake import publish
from rapport.workspace.crm.records.changes import write
from rapport.workspace.crm.records.models import Contact
from rapport.workspace.metrics import dashboards
from rapport.workspace.metrics.dashboards import Asked, compute, figures, kept_figures, opened, warm
from rapport.workspace.metrics.figures import Figure
from rapport.workspace.metrics.models import Dashboard, DashboardValues, Tile
from rapport.workspace.metrics.ready_made import PLANS, ensure_ready_made
from rapport.workspace.metrics.rows import exported, row_page
from rapport.workspace.team.models import Role, User

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))
    settings.BASE_CURRENCY = "EUR"


@pytest.fixture
def orders() -> None:
    """In the 30 days to 30 March: 100 and 50 by kim in the store, 30 by lee on the web; 60 in the 30 days before."""
    long_ago = NOW - timedelta(days=400)
    people = [{"id": n, "first_name": n, "created_at": long_ago, "recorded_at": long_ago} for n in ("kim", "lee")]
    write("contacts", people, source="shop", by="shop", at=long_ago)
    bought = [("kim", 5, 100, "store"), ("kim", 10, 50, "store"), ("lee", 20, 30, "web"), ("lee", 40, 60, "web")]
    for number, (contact, days, amount, channel) in enumerate(bought):
        at = NOW - timedelta(days=days)
        order = {
            "id": f"o{number}",
            "contact_id": contact,
            "ordered_at": at,
            "recorded_at": at,
            "created_at": at,
            "amount": Decimal(amount),
            "currency": "EUR",
            "channel": channel,
            "status": "paid",
        }
        assert not write("orders", [order], source="shop", by="shop", at=at).refused


def _dashboard(*tiles: tuple[str, str, str], slug: str = "own") -> Dashboard:
    dashboard = Dashboard.objects.create(slug=slug, title="Own")
    for place, (metric, display, by) in enumerate(tiles):
        Tile.objects.create(dashboard=dashboard, metric=metric, display=display, by=by, position=place)
    return dashboard


def _figure(*tile: str, asked: Asked = Asked()) -> Figure:  # noqa: B008 -- frozen
    return figures(_dashboard(tile), asked, now=NOW).tiles[0]  # type: ignore[arg-type]


class TestReadyMade:
    def test_has_only_metrics_and_dimensions_that_exist(self) -> None:
        for dashboard in ensure_ready_made():
            for tile in dashboard.tiles.all():
                assert tile.metric in METRICS
                assert tile.by == "" or tile.by in METRICS[tile.metric].dimensions

    def test_plans_name_no_metric_twice_in_a_row_of_values(self) -> None:
        for plan in PLANS:
            assert len(set(plan.values)) == len(plan.values)

    def test_made_again_nothing_changes(self) -> None:
        ensure_ready_made()
        before = list(Tile.objects.order_by("id").values_list("id", flat=True))
        ensure_ready_made()
        assert list(Tile.objects.order_by("id").values_list("id", flat=True)) == before

    def test_own_dashboards_are_left_alone(self) -> None:
        owner = User.objects.create(username="ann")
        Dashboard.objects.create(slug="mine", title="Mine", owner=owner)
        ensure_ready_made()
        assert Dashboard.objects.filter(slug="mine").exists()


@pytest.mark.usefixtures("orders")
class TestFigures:
    def test_value_comparison_and_change(self) -> None:
        figure = _figure("revenue", "value", "")
        assert (figure.value, figure.compared, figure.change) == (180.0, 60.0, 2.0)

    def test_without_comparison_there_is_no_change(self) -> None:
        figure = _figure("revenue", "value", "", asked=Asked(comparison="none"))
        assert (figure.value, figure.compared, figure.change) == (180.0, None, None)

    def test_series_has_24_months_up_to_the_period_s_end(self) -> None:
        series = _figure("revenue", "line", "").series
        assert (len(series), series[-1].label, series[-1].value) == (24, "2026-03-01", 180.0)
        assert series[-2].value == 60.0

    def test_parts_by_a_dimension_are_the_largest_first(self) -> None:
        parts = _figure("revenue", "bars", "channel").parts
        assert [(p.label, p.value) for p in parts] == [("store", 150.0), ("web", 30.0)]

    def test_a_filter_keeps_one_value_of_a_dimension(self) -> None:
        assert _figure("revenue", "value", "", asked=Asked(filters={"channel": "web"})).value == 30.0

    def test_what_the_data_cannot_tell_is_unknown_with_its_reason(self) -> None:
        figure = _figure("win_rate", "value", "")
        assert figure.value is None
        assert "deals" in (figure.reason or "")

    def test_several_dashboards_are_measured_together_and_kept_apart(self) -> None:
        one = _dashboard(("revenue", "value", ""))
        two = Dashboard.objects.create(slug="two", title="Two")
        Tile.objects.create(dashboard=two, metric="orders")
        found = compute([one, two], Asked(), now=NOW)
        assert [[t.value for t in f.tiles] for f in found] == [[180.0], [3.0]]


@pytest.mark.usefixtures("orders")
class TestCache:
    def test_figures_are_computed_once_for_the_same_data(self, monkeypatch: pytest.MonkeyPatch) -> None:
        dashboard = _dashboard(("revenue", "value", ""))
        first = figures(dashboard, Asked(), now=NOW)
        monkeypatch.setattr(dashboards, "compute", lambda *_a, **_k: pytest.fail("computed again"))
        assert figures(dashboard, Asked(), now=NOW + timedelta(hours=1)) == first

    def test_another_question_or_day_is_another_figure(self) -> None:
        dashboard = _dashboard(("revenue", "value", ""))
        figures(dashboard, Asked(), now=NOW)
        assert kept_figures(dashboard, Asked(period="7d"), now=NOW) is None
        assert kept_figures(dashboard, Asked(filters={"channel": "web"}), now=NOW) is None
        assert kept_figures(dashboard, Asked(), now=NOW + timedelta(days=1)) is None

    def test_newly_published_data_make_it_stale(self) -> None:
        dashboard = _dashboard(("revenue", "value", ""))
        figures(dashboard, Asked(), now=NOW)
        publish(tables=["orders"])
        assert kept_figures(dashboard, Asked(), now=NOW) is None

    def test_warming_forgets_old_figures(self) -> None:
        dashboard = _dashboard(("revenue", "value", ""))
        figures(dashboard, Asked(), now=NOW - timedelta(days=4))
        assert warm(now=NOW) == len(Dashboard.objects.filter(owner=None))
        assert not DashboardValues.objects.filter(computed_at__lt=NOW - timedelta(days=3)).exists()

    def test_own_dashboards_that_were_opened_lately_are_computed_ahead(self) -> None:
        ada = User.objects.create(username="ada")
        looked_at, forgotten = (_dashboard(("revenue", "value", ""), slug=slug) for slug in ("looked-at", "forgotten"))
        Dashboard.objects.filter(pk__in=[looked_at.pk, forgotten.pk]).update(owner=ada)
        opened(Dashboard.objects.get(pk=looked_at.pk), now=NOW - timedelta(days=13))
        opened(Dashboard.objects.get(pk=forgotten.pk), now=NOW - timedelta(days=15))
        warm(now=NOW)
        assert kept_figures(looked_at, Asked(), now=NOW) is not None
        assert kept_figures(forgotten, Asked(), now=NOW) is None


@pytest.mark.usefixtures("orders")
class TestRows:
    def test_of_a_value_are_the_newest_first_with_names_for_ids(self) -> None:
        admin = User.objects.create(username="ada", role=Role.ADMIN)
        found = row_page("revenue", period=Asked().picked(NOW).period, filters={}, user=admin, now=NOW)
        assert [(row["id"], row["contact_id"], row["numerator"]) for row in found.rows] == [
            ("o0", "kim", 100),
            ("o1", "kim", 50),
            ("o2", "lee", 30),
        ]
        assert not found.more

    def test_a_member_sees_only_those_of_their_own_records(self) -> None:
        ann = User.objects.create(username="ann")
        Contact.objects.filter(id="lee").update(owner=ann)
        found = row_page("revenue", period=Asked().picked(NOW).period, filters={}, user=ann, now=NOW)
        assert [row["id"] for row in found.rows] == ["o2"]

    def test_are_exported_with_a_header(self) -> None:
        admin = User.objects.create(username="ada", role=Role.ADMIN)
        rows = list(exported("revenue", period=Asked().picked(NOW).period, filters={}, user=admin, now=NOW))
        assert (rows[0][0], len(rows)) == ("id", 4)
