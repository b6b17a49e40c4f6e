"""Dashboard pages: figures in words, unknown said as unknown, questions in the address, rows and export."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import RequestFactory

from rapport.engine.metrics.registry import METRICS
from rapport.workspace.metrics.dashboards import Asked
from rapport.workspace.metrics.figures import Figure, Figures, Point
from rapport.workspace.metrics.ready_made import ensure_ready_made
from rapport.workspace.pages.dashboards.asking import asking
from rapport.workspace.pages.dashboards.tiles import board, show
from rapport.workspace.pages.dashboards.units import in_full, in_short
from small_company import SmallCompany

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))
    settings.BASE_CURRENCY = "EUR"


class TestWords:
    @pytest.mark.parametrize(
        ("metric", "value", "full", "short"),
        [
            ("revenue", 1234567.5, "€1,234,567.50", "€1.2\u00a0M"),
            ("win_rate", 0.125, "12.5\u00a0%", "12.5\u00a0%"),
            ("leads", 12345.0, "12,345", "12.3\u00a0k"),
            ("leads", 9999.0, "9,999", "9,999"),
            ("sales_cycle_length", 41.25, "41.2\u00a0days", "41.2\u00a0days"),
            ("nps", -12.0, "−12", "−12"),
            ("leads", 0.0, "0", "0"),
            ("leads", None, "unknown", "unknown"),
        ],
    )
    def test_of_a_value(self, metric: str, value: float | None, full: str, short: str) -> None:
        assert (in_full(METRICS[metric], value), in_short(METRICS[metric], value)) == (full, short)

    def test_a_fraction_changes_in_points_and_a_count_relatively(self) -> None:
        rate = show(Figure(metric="win_rate", display="value", value=0.3, difference=0.05, change=0.2), Asked())
        leads = show(Figure(metric="leads", display="value", value=12, difference=2, change=0.2), Asked())
        assert (rate.difference, rate.as_percent) == (5.0, False)
        assert (leads.difference, leads.as_percent) == (0.2, True)

    def test_an_immature_cohort_is_compared_with_nothing(self) -> None:
        figure = Figure(metric="win_rate_cohort", display="value", value=0.1, difference=-0.2, flags=("immature",))
        assert show(figure, Asked()).difference is None


class TestBoard:
    def _board(self, *tiles: Figure) -> Any:
        period = Asked().picked(NOW).period
        return board(
            Figures(first=period.start, end=period.end, computed_at=NOW, data_through=None, tiles=tiles), Asked()
        )

    def test_what_was_never_known_is_listed_with_its_reason(self) -> None:
        found = self._board(
            Figure(metric="leads", display="value", value=1.0),
            Figure(metric="nps", display="value", reason="nps needs survey_answers"),
            Figure(metric="nps", display="line", reason="nps needs survey_answers"),
        )
        assert [s.spec.id for s in found.tiles] == ["leads"]
        assert [(s.spec.id, s.figure.reason) for s in found.unknown] == [("nps", "nps needs survey_answers")]

    def test_what_is_unknown_now_but_was_known_stays_a_tile(self) -> None:
        series = (Point(label="2026-02-01", value=0.5), Point(label="2026-03-01", value=None))
        found = self._board(Figure(metric="win_rate", display="value", reason="nothing closed", series=series))
        assert [s.value for s in found.tiles] == ["unknown"]

    def test_a_flag_that_most_tiles_carry_is_said_once(self) -> None:
        found = self._board(
            Figure(metric="leads", display="value", value=1.0, flags=("partly covered",)),
            Figure(metric="orders", display="value", value=1.0, flags=("partly covered", "small sample")),
            Figure(metric="revenue", display="value", value=1.0),
        )
        assert [flag.words for flag in found.flags] == ["data cover part of it"]
        assert [[str(flag) for flag in s.flags] for s in found.tiles] == [[], ["few cases"], []]


class TestAsking:
    @pytest.mark.django_db
    def test_filters_and_days_come_from_the_address(self) -> None:
        query = {"period": "2026-01-01..2026-01-31", "compare": "year", "f.channel": "web"}
        ask = asking(RequestFactory().get("/", query), now=NOW)
        assert (ask.first, ask.last, dict(ask.asked.filters)) == ("2026-01-01", "2026-01-31", {"channel": "web"})
        assert ask.filters[0].without == "period=2026-01-01..2026-01-31&compare=year"

    @pytest.mark.parametrize("query", [{"period": "soon"}, {"period": "2026-02-01..2026-01-01"}, {"compare": "x"}])
    def test_nonsense_falls_back_to_the_last_30_days(self, query: dict[str, str]) -> None:
        ask = asking(RequestFactory().get("/", query), now=NOW)
        assert (ask.asked.period, ask.asked.comparison) == ("30d", "previous")
        assert bool(ask.problem) is ("period" in query)


class TestPages:
    def test_the_first_dashboard_is_the_way_in(self, company: SmallCompany) -> None:
        assert company.client("alice").get("/dashboards/")["Location"] == "/dashboards/executive/"

    def test_figures_are_fetched_where_they_are_not_at_hand(
        self, company: SmallCompany, django_assert_max_num_queries: Any
    ) -> None:
        ensure_ready_made()
        client = company.client("alice")
        with django_assert_max_num_queries(20):
            page = client.get("/dashboards/customers/?period=90d").content.decode()
        assert 'hx-get="/dashboards/customers/figures/?period=90d&amp;compare=previous"' in page
        assert "Revenue" in client.get("/dashboards/customers/figures/").content.decode()

    @pytest.mark.parametrize("metric", ["revenue", "win_rate", "nps"])
    def test_a_metric_has_its_definition(self, company: SmallCompany, metric: str) -> None:
        page = company.client("alice").get(f"/dashboards/metrics/{metric}/").content.decode()
        assert METRICS[metric].name in page

    def test_every_metric_is_in_the_catalogue(self, company: SmallCompany) -> None:
        page = company.client("alice").get("/dashboards/metrics/").content.decode()
        assert all(f"/dashboards/metrics/{metric}/" in page for metric in METRICS)

    def test_rows_are_those_that_one_sees(self, company: SmallCompany) -> None:
        ids = lambda name: [  # noqa: E731
            cells[0][0] for cells in company.client(name).get("/dashboards/metrics/open_deals/rows/").context["lines"]
        ]
        assert ids("alice") == ["deal-0"]
        assert sorted(ids("bob")) == ["deal-0", "deal-2"]
        assert sorted(ids("ada")) == ["deal-0", "deal-1", "deal-2"]

    def test_rows_link_to_their_records(self, company: SmallCompany) -> None:
        assert (
            '<a href="/deals/deal-0/">'
            in company.client("alice").get("/dashboards/metrics/open_deals/rows/").content.decode()
        )

    def test_export_is_csv_of_the_same_rows(self, company: SmallCompany) -> None:
        answer = company.client("alice").get("/dashboards/metrics/open_deals/rows.csv")
        lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[arg-type]
        assert lines[0].startswith("id,")
        assert [line.split(",")[0] for line in lines[1:]] == ["deal-0"]

    def test_what_is_not_there_is_not_found(self, company: SmallCompany) -> None:
        for address in ("/dashboards/nothing/", "/dashboards/metrics/nothing/", "/dashboards/metrics/nothing/rows/"):
            assert company.client("ada").get(address).status_code == 404
