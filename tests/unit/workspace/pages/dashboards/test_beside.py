"""Notes, goals, filters and what stands out, as pages show them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory

from rapport.engine.metrics.contributions import Contribution
from rapport.engine.metrics.period import Period
from rapport.engine.metrics.registry import METRICS
from rapport.workspace.metrics.boards.explaining import Explanation
from rapport.workspace.metrics.boards.targets import Target
from rapport.workspace.metrics.dashboards import Asked
from rapport.workspace.metrics.figures import Figure, Figures, Point
from rapport.workspace.metrics.models import Dashboard
from rapport.workspace.pages.dashboards.asking import asking
from rapport.workspace.pages.dashboards.charts import Mark, chart_of
from rapport.workspace.pages.dashboards.tiles import Beside, board
from rapport.workspace.pages.dashboards.watching import reason
from small_company import SmallCompany

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))
    settings.BASE_CURRENCY = "EUR"


def _figures() -> Figures:
    """Orders: about 100 a month, 300 in February 2026; shown as a number and as a line."""
    months = [date(2024 + n // 12, n % 12 + 1, 1).isoformat() for n in range(3, 27)]
    values = [100.0 + n % 5 for n in range(22)] + [300.0, 40.0]
    series = tuple(Point(label=m, value=v) for m, v in zip(months, values, strict=True))
    tiles = tuple(Figure(metric="orders", display=d, value=40.0, n=40, series=series) for d in ("value", "line"))
    return Figures(first=date(2026, 3, 1), end=date(2026, 3, 31), computed_at=NOW, data_through=NOW, tiles=tiles)


class TestShown:
    @pytest.mark.django_db
    def test_what_stands_out_is_said_once_in_a_sentence(self) -> None:
        found = board(_figures(), Asked())
        told = found.tiles[0].alarm
        assert told is not None
        assert told.sentence.startswith("February 2026: 300, above the expected ")
        assert (told.is_good, told.month) == (True, "2026-02-01")
        assert "period=2026-02-01..2026-02-28" in told.query
        assert found.charts[0].alarm is None

    @pytest.mark.django_db
    def test_the_tile_says_so_and_asks_why_but_not_outside(self) -> None:
        ask = asking(RequestFactory().get("/"), now=NOW)
        context = {"board": board(_figures(), ask.asked), "ask": ask, "dashboard": Dashboard(slug="own")}
        inside = render_to_string("dashboards/figures.html", context)
        outside = render_to_string("dashboards/figures.html", {**context, "is_outside": True})
        for page in (inside, outside):
            assert "Unusually high" in page
            assert "February 2026: 300, above the expected" in page
        assert "/dashboards/metrics/orders/why/?period=2026-02-01..2026-02-28" in inside
        assert "&amp;month=2026-02-01&amp;seasonal=" in inside
        assert "/why/" not in outside
        assert "/dashboards/" not in outside

    @pytest.mark.django_db
    def test_a_goal_stands_on_the_tile(self) -> None:
        target = Target(target=1_200_000.0, due_at=datetime(2027, 1, 1, tzinfo=UTC), direction="")
        found = board(_figures(), Asked(), Beside(targets={"orders": target}))
        assert found.tiles[0].goal == "1.2\u00a0M by 31 Dec 2026"

    @pytest.mark.django_db
    def test_a_metric_that_a_filter_does_not_reach_says_so(self) -> None:
        flags = board(_figures(), Asked(filters={"priority": "x"})).flags
        assert [str(flag) for flag in flags] == ["not by priority"]

    def test_notes_are_marked_in_the_chart_where_it_has_their_day(self) -> None:
        marks = [Mark(day=date(2026, 2, 14), number=1, text="<b>"), Mark(day=date(2020, 1, 1), number=2, text="old")]
        chart = chart_of(METRICS["orders"], _figures().tiles[1], {}, marks)
        assert chart is not None
        assert chart["layer"][-1]["data"]["values"] == [{"day": "2026-02-14T00:00:00", "number": "1", "note": "<b>"}]

    def test_the_reason_names_the_part_and_leads_to_it(self) -> None:
        told = Contribution(part="web", moved=-8, by_rate=None, by_mix=None, weight=0.5, share=0.82)
        found = reason(
            METRICS["orders"],
            Explanation(dimension="channel", contribution=told, before=Period(date(2025, 8, 1), date(2026, 2, 1))),
            Asked(),
        )
        assert found.sentence == "Mostly channel web: 82\u00a0% of the difference to the six months before."
        assert found.query.endswith("f.channel=web")


class TestPages:
    def test_a_note_is_written_listed_escaped_and_removed(self, company: SmallCompany) -> None:
        client = company.client("alice")
        client.get("/dashboards/")
        client.get("/dashboards/sales/figures/")
        answer = client.post("/dashboards/sales/notes/?period=90d", {"day": "2026-03-01", "text": "<script>x"})
        assert answer["Location"].startswith("/dashboards/sales/?period=90d")
        page = client.get("/dashboards/sales/").content.decode()
        assert "&lt;script&gt;x" in page
        note = page.split("/notes/")[1].split("/")[0]
        assert company.client("bob").post(f"/dashboards/sales/notes/{note}/delete/").status_code == 403
        assert company.client("bob").post(f"/dashboards/executive/notes/{note}/delete/").status_code == 404
        client.post(f"/dashboards/sales/notes/{note}/delete/")
        assert "script&gt;x" not in client.get("/dashboards/sales/").content.decode()

    def test_a_note_without_a_day_is_told(self, company: SmallCompany) -> None:
        client = company.client("alice")
        client.get("/dashboards/")
        client.post("/dashboards/sales/notes/", {"day": "soon", "text": "x"})
        assert "That is no day" in client.get("/dashboards/sales/").content.decode()

    def test_the_filter_offers_shared_dimensions_then_values(self, company: SmallCompany) -> None:
        client = company.client("alice")
        client.get("/dashboards/")
        assert "Owner (" in client.get("/dashboards/sales/filter/").content.decode()
        part = client.get("/dashboards/sales/filter/?dimension=owner&f.stage=Won").content.decode()
        assert 'name="f.owner"' in part
        assert '<input type="hidden" name="f.stage" value="Won">' in part

    def test_why_answers_in_words(self, company: SmallCompany) -> None:
        client = company.client("alice")
        at = "/dashboards/metrics/orders/why/"
        assert "No single part" in client.get(at, {"month": "2026-03-01"}).content.decode()
        assert "That is no day" in client.get(at, {"month": "soon"}).content.decode()
        assert client.get("/dashboards/metrics/nothing/why/").status_code == 404
