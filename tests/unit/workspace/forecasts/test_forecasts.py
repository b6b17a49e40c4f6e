"""Forecasts of the workspace: as asked, as kept, as shown, and only to whom may see the deals."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rapport.engine.errors import DefinitionError
from rapport.engine.forecasting.pipeline.book import Book, in_days
from rapport.engine.metrics.measure import measure
from rapport.engine.metrics.period import Period
from rapport.workspace.crm.lake import open_snapshot
from rapport.workspace.crm.records.models import Contact
from rapport.workspace.crm.sales.models import Order
from rapport.workspace.metrics.forecasts import asked, keeping, past
from rapport.workspace.metrics.forecasts.asked import choices, name_of, owners_of, period_named
from rapport.workspace.metrics.models import ForecastSnapshot
from small_company import SmallCompany
from workspace_deals import write_deals

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
QUARTER = Period.quarter(2026, 1)


@pytest.fixture(autouse=True)
def _workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))
    settings.BASE_CURRENCY = "EUR"
    settings.REPORTING_TIME_ZONE = "Europe/Stockholm"
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    monkeypatch.setattr(keeping, "SERIES", ("deals_created",))  # one series is as good as four


@pytest.fixture
def deals(company: SmallCompany) -> Book:
    people = company.people
    return write_deals([people["alice"].pk, people["charlie"].pk, None], now=NOW)


class TestNames:
    def test_periods_are_named_as_metrics_know_them(self) -> None:
        assert name_of(Period.month(2026, 11)) == "2026-11"
        assert name_of(Period.quarter(2026, 4)) == "2026-Q4"
        assert period_named("2026-Q4") == Period.quarter(2026, 4)
        assert period_named("2026-11") == Period.month(2026, 11)
        with pytest.raises(DefinitionError, match="not a month or quarter"):
            period_named("2026-W4")

    def test_this_and_the_next_are_offered_over_the_turn_of_a_year(self) -> None:
        assert list(choices(date(2026, 12, 31))) == ["2026-12", "2027-01", "2026-Q4", "2027-Q1"]


class TestAsked:
    def test_what_was_won_and_will_be_is_told(self, company: SmallCompany, deals: Book) -> None:
        told = asked.forecast(QUARTER, None, now=NOW)
        start, end = (in_days(at) for at in QUARTER.instants("Europe/Stockholm"))
        now = in_days(NOW)
        assert told.forecast.whole.won == pytest.approx(deals.amount[deals.won_between(start, now)].sum(), rel=1e-5)
        came = deals.amount[deals.won_between(start, end)].sum()
        assert told.forecast.whole.total.low_95 < came < told.forecast.whole.total.high_95
        assert told.changed is not None
        assert sum(told.changed.sums.values()) == pytest.approx(told.changed.now - told.changed.before)
        week = deals.won & (deals.closed > now - 7) & (deals.closed <= now)
        assert told.changed.counts["won"] == week.sum()  # type: ignore[index]

    def test_owners_sum_to_the_whole_and_each_sees_their_own(self, company: SmallCompany, deals: Book) -> None:
        whole = asked.forecast(QUARTER, None, now=NOW).forecast
        people = company.people
        parts = {p.value: p.total.expected for p in whole.parts["owner"]}
        assert sum(parts.values()) == pytest.approx(whole.whole.total.expected)
        assert owners_of(people["ada"]) is None
        assert owners_of(people["alice"]) == {people["alice"].pk}
        assert owners_of(people["bob"]) == {people["alice"].pk, people["bob"].pk, None}
        alone = asked.forecast(QUARTER, owners_of(people["alice"]), now=NOW).forecast
        assert alone.whole.total.expected == pytest.approx(parts[people["alice"].pk])

    def test_is_computed_once_an_hour(
        self, company: SmallCompany, deals: Book, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = asked.forecast(QUARTER, None, now=NOW)
        monkeypatch.setattr(asked, "pipeline_forecast", None)
        assert asked.forecast(QUARTER, None, now=NOW + timedelta(minutes=50)) == first
        with pytest.raises(TypeError):
            asked.forecast(QUARTER, None, now=NOW + timedelta(hours=1))


class TestKept:
    def test_every_day_once_with_bands_and_the_run_rate(self, company: SmallCompany, deals: Book) -> None:
        kept = keeping.keep_forecasts(now=NOW)
        rows = {(r.forecast, r.period): r for r in ForecastSnapshot.objects.all()}
        assert kept.rows == len(rows)
        whole, narrow, wide = (rows[name, "2026-Q2"] for name in ("bookings", "bookings:50", "bookings:95"))
        assert wide.lower < whole.lower < narrow.lower < whole.value < narrow.upper < whole.upper < wide.upper
        assert rows["bookings:run_rate", "2026-Q2"].value > 0
        owned = rows[f"bookings:owner={company.people['alice'].pk}", "2026-Q2"]
        assert 0 < owned.value < whole.value
        assert keeping.keep_forecasts(now=NOW).rows == kept.rows
        assert ForecastSnapshot.objects.count() == len(rows)

    def test_those_made_before_a_period_s_second_day_are_frozen(self, company: SmallCompany, deals: Book) -> None:
        keeping.keep_forecasts(now=NOW)
        frozen = dict(ForecastSnapshot.objects.filter(forecast="bookings").values_list("period", "is_frozen"))
        assert frozen == {"2026-03": False, "2026-04": True, "2026-Q1": False, "2026-Q2": True}

    def test_the_metrics_of_accuracy_find_what_was_kept(self, company: SmallCompany, deals: Book) -> None:
        keeping.keep_forecasts(now=NOW)
        kept = ForecastSnapshot.objects.get(forecast="bookings", period="2026-Q2")
        owned = ForecastSnapshot.objects.get(forecast=f"bookings:owner={company.people['alice'].pk}", period="2026-Q2")
        with open_snapshot() as (snapshot, runner):
            asked_for = {"period": Period.quarter(2026, 2), "as_of": NOW + timedelta(days=100), "runner": runner}
            (whole,) = measure(["forecast_at_start"], snapshot, **asked_for)
            parts = measure(["forecast_at_start"], snapshot, by=["owner"], **asked_for)
        assert float(whole.value or 0) == pytest.approx(kept.value, abs=0.01)
        of_alice = {p.dimensions["owner"]: p.value for p in parts}[company.people["alice"].pk]
        assert float(of_alice or 0) == pytest.approx(owned.value, abs=0.01)

    def test_a_frozen_one_is_held_against_what_was_won(self, company: SmallCompany, deals: Book) -> None:
        made = datetime(2026, 2, 1, 3, tzinfo=UTC)
        for name, value in (("bookings", 100_000.0), ("bookings:run_rate", 90_000.0)):
            ForecastSnapshot.objects.create(
                forecast=name, period="2026-02", value=value, made_at=made, recorded_at=made, is_frozen=True, version=1
            )
        (found,) = past.past(now=NOW).frozen
        start, end = (in_days(at) for at in Period.month(2026, 2).instants("Europe/Stockholm"))
        assert found.came == pytest.approx(deals.amount[deals.won_between(start, end)].sum(), rel=1e-5)
        assert (found.value, found.run_rate) == (100_000, 90_000)
        tried = past.past(now=NOW).tried
        assert tried is not None
        assert len(tried.origins) == 6
        assert tried.methods["run_rate"].wape is not None


class TestPage:
    def test_shows_the_run_rate_beside_what_is_expected(self, company: SmallCompany, deals: Book) -> None:
        client = company.client("ada")
        page = client.get("/deals/forecast/").content.decode()
        assert "/deals/forecast/figures/?period=2026-Q1" in page
        part = client.get("/deals/forecast/figures/?period=2026-Q1").content.decode()
        for words in ("Expected", "Run rate of the last 90 days", "80 % band", "Commit", "Since last week", "By owner"):
            assert words in part
        again = client.get("/deals/forecast/?period=2026-Q1").content.decode()
        assert "Run rate of the last 90 days" in again
        assert "forecast-fan" in again

    def test_a_member_sees_no_one_else_s_deals(self, company: SmallCompany, deals: Book) -> None:
        part = company.client("alice").get("/deals/forecast/figures/").content.decode()
        assert "Alice Test" in part
        assert "Charlie Test" not in part
        assert "No owner" not in part
        assert (
            "told to those who see every deal" in company.client("alice").get("/deals/forecast/past/").content.decode()
        )

    def test_a_wrong_period_is_said(self, company: SmallCompany) -> None:
        page = company.client("ada").get("/deals/forecast/?period=<b>").content.decode()
        assert "not a month or quarter" in page
        assert "<b>" not in page

    def test_the_past_is_told_with_every_method(self, company: SmallCompany, deals: Book) -> None:
        page = company.client("ada").get("/deals/forecast/past/").content.decode()
        assert "As it would have been made" in page
        assert "This forecast" in page
        assert "Run rate of the last 90 days" in page

    def test_what_else_is_to_come_is_told_where_it_can_be(self, company: SmallCompany) -> None:
        at = NOW - timedelta(days=200)
        for number in range(60):
            person = Contact.objects.create(id=f"b{number}", created_at=at, recorded_at=at)
            for order in range(1 + number % 4):
                when = at + timedelta(days=(7 * number) % 60 + 30 * order)
                Order.objects.create(
                    contact=person, ordered_at=when, recorded_at=when, amount=40 + number, currency="EUR"
                )
        page = company.client("ada").get("/deals/forecast/beyond/").content.decode()
        assert "Revenue from existing customers" in page
        assert "Mar 2026" in page
        assert "/dashboards/metrics/orders/" in page
        assert "Revenue" not in company.client("alice").get("/deals/forecast/beyond/").content.decode()
