"""Traps of sales metrics: re-opened deals, stocks from history, missing rates, first touches."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import MetricValue, Period, measure
from tiny_company import Company, changed, utc

NOW = utc("2024-12-31")
YEAR = Period.year(2024)
MONTHS = Period(date(2024, 1, 1), date(2024, 7, 1))


def value_of(metric: str, snapshot: Snapshot, runner: DuckdbRunner, period: Period = YEAR) -> MetricValue:
    return measure([metric], snapshot, period=period, as_of=NOW, runner=runner)[0]


def monthly(metric: str, snapshot: Snapshot, runner: DuckdbRunner) -> list[object]:
    values = measure([metric], snapshot, period=MONTHS, as_of=NOW, runner=runner, grain="month")
    return [v.value for v in values]


class TestWinRate:
    def test_three_won_and_one_lost_is_three_quarters_however_many_are_open(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        deals = [{"status": s, "closed_at": "2024-05-01", "created_at": "2024-01-01"} for s in ("won",) * 3 + ("lost",)]
        deals += [{"status": "open", "created_at": "2024-01-01"}] * 6
        value = value_of("win_rate", company(deals=deals), runner)
        assert (value.value, value.numerator, value.denominator, value.n) == (0.75, 3, 4, 4)

    def test_a_reopened_deal_counts_once_by_its_last_close(self, company: Company, runner: DuckdbRunner) -> None:
        """Lost in February, open again in March, won in May: nothing in February, one win in May."""
        history = [
            changed("deal", "d", "status", status, day)
            for status, day in (
                ("open", "2024-01-10"),
                ("lost", "2024-02-10"),
                ("open", "2024-03-10"),
                ("won", "2024-05-10"),
            )
        ]
        history += [
            changed("deal", "d", "closed_at", closed, day)
            for closed, day in (
                ("2024-02-10T00:00:00.000000+00:00", "2024-02-10"),
                (None, "2024-03-10"),
                ("2024-05-10T00:00:00.000000+00:00", "2024-05-10"),
            )
        ]
        deals = [{"id": "d", "created_at": "2024-01-10", "status": "won", "closed_at": "2024-05-10"}]
        snapshot = company(deals=deals, attribute_history=history)
        assert monthly("deals_lost", snapshot, runner) == [0, 0, 0, 0, 0, None]
        assert monthly("win_rate", snapshot, runner) == [None, None, None, None, 1.0, None]
        assert monthly("open_deals", snapshot, runner)[:5] == [1, 0, 1, 1, 0]

    def test_as_of_a_moment_between_the_closes_it_was_lost(self, company: Company, runner: DuckdbRunner) -> None:
        history = [
            changed("deal", "d", "status", "lost", "2024-02-10"),
            changed("deal", "d", "status", "won", "2024-05-10"),
        ]
        deals = [{"id": "d", "created_at": "2024-01-10", "status": "won", "closed_at": "2024-02-10"}]
        snapshot = company(deals=deals, attribute_history=history)
        then = measure(["win_rate"], snapshot, period=YEAR, as_of=utc("2024-03-01"), runner=runner)[0]
        assert then.value == 0.0

    def test_duplicates_and_disqualified_are_no_losses(self, company: Company, runner: DuckdbRunner) -> None:
        reasons = ("price", "Duplicate", "disqualified", None)
        deals = [
            {"status": "lost", "closed_at": "2024-05-01", "created_at": "2024-01-01", "lost_reason": r} for r in reasons
        ]
        deals.append({"status": "won", "closed_at": "2024-05-01", "created_at": "2024-01-01"})
        assert value_of("win_rate", company(deals=deals), runner).value == pytest.approx(1 / 3)
        kept = company(deals=deals, settings={"excluded_lost_reasons": []})
        assert value_of("win_rate", kept, runner).value == pytest.approx(1 / 5)

    def test_a_cohort_is_immature_until_its_window_has_passed(self, company: Company, runner: DuckdbRunner) -> None:
        """90 days: the deal of 1 January won on day 91 does not count; that of 1 November cannot be told yet."""
        deals = [
            {"created_at": "2024-01-01", "status": "won", "closed_at": "2024-04-01"},
            {"created_at": "2024-01-01", "status": "won", "closed_at": "2024-03-30"},
            {"created_at": "2024-11-01", "status": "open", "closed_at": None},
        ]
        value = value_of("win_rate_cohort", company(deals=deals), runner)
        assert value.value == pytest.approx(1 / 3)
        assert value.maturity == pytest.approx(2 / 3)
        assert "immature" in value.flags


class TestMoney:
    DEALS = (
        {"amount": 100, "currency": "EUR"},
        {"amount": 100, "currency": None},
        {"amount": 100, "currency": "USD"},
        {"amount": 100, "currency": "GBP"},
        {"amount": None, "currency": "EUR"},
    )
    RATES = (
        {"date": "2024-01-01", "currency": "USD", "per_base": "1.25"},
        {"date": "2024-05-02", "currency": "USD", "per_base": "2"},
    )

    def won(self) -> list[dict[str, object]]:
        return [{**d, "status": "won", "created_at": "2024-01-01", "closed_at": "2024-05-01 10:00"} for d in self.DEALS]

    def test_a_missing_rate_is_left_out_and_counted_never_taken_as_1(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        value = value_of("bookings", company(deals=self.won(), exchange_rates=self.RATES), runner)
        assert value.value == Decimal("280.0000")  # 100 + 100 + 100 / 1.25
        assert (value.n, value.n_missing_amount, value.n_unconverted) == (5, 1, 1)
        assert "1 without exchange rate" in value.flags

    def test_without_any_rates_only_base_currency_counts(self, company: Company, runner: DuckdbRunner) -> None:
        value = value_of("bookings", company(deals=self.won()), runner)
        assert (value.value, value.n_unconverted) == (Decimal(200), 2)

    def test_the_local_day_of_the_close_decides_the_rate(self, company: Company, runner: DuckdbRunner) -> None:
        """22:30Z on 1 May is 2 May in Stockholm, when a euro was 2 dollars."""
        deals = [
            {
                "amount": 100,
                "currency": "USD",
                "status": "won",
                "created_at": "2024-01-01",
                "closed_at": "2024-05-01 22:30",
            }
        ]
        snapshot = company(deals=deals, exchange_rates=self.RATES, time_zone="Europe/Stockholm")
        assert value_of("bookings", snapshot, runner).value == Decimal(50)

    def test_two_rates_for_one_day_do_not_double_the_amount(self, company: Company, runner: DuckdbRunner) -> None:
        """Fan-out: of two rates for one day the one recorded last counts."""
        rates = [
            {"date": "2024-01-01", "currency": "USD", "per_base": "9", "recorded_at": "2024-01-01"},
            {"date": "2024-01-01", "currency": "USD", "per_base": "2", "recorded_at": "2024-01-02"},
        ]
        snapshot = company(deals=self.won()[2:3], exchange_rates=rates)
        assert value_of("bookings", snapshot, runner).value == Decimal(50)

    def test_an_open_deal_is_converted_at_the_rate_of_the_day_it_is_looked_at(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        deals = [{"amount": 100, "currency": "USD", "status": "open", "created_at": "2024-01-01"}]
        snapshot = company(
            deals=deals, exchange_rates=self.RATES, contacts=[{"created_at": "2024-06-30", "email": "a@b.example"}]
        )
        assert monthly("pipeline_value", snapshot, runner) == [*[Decimal(80)] * 4, Decimal(50), Decimal(50)]

    def test_cents_add_up_exactly(self, company: Company, runner: DuckdbRunner) -> None:
        deals = [{"amount": "0.1", "status": "won", "created_at": "2024-01-01", "closed_at": "2024-05-01"}] * 30
        numbered = [{**deal, "id": f"d{i}"} for i, deal in enumerate(deals)]
        assert value_of("bookings", company(deals=numbered), runner).value == Decimal("3.0000")


class TestPipeline:
    def test_amounts_are_those_of_the_day_and_the_first_stands_in_before(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        """Open since January; 100 recorded in March, 250 from May on: 100 100 100 100 250 250."""
        history = [
            changed("deal", "d", "status", "open", "2024-01-10"),
            changed("deal", "d", "amount", 100, "2024-03-10"),
            changed("deal", "d", "amount", 250, "2024-05-10"),
            changed("deal", "d", "currency", "EUR", "2024-01-10"),
        ]
        deals = [{"id": "d", "created_at": "2024-01-10", "status": "open", "amount": 250}]
        snapshot = company(
            deals=deals,
            attribute_history=history,
            contacts=[{"created_at": "2024-06-30", "email": "a@b.example"}],
        )
        values = measure(["pipeline_value"], snapshot, period=MONTHS, as_of=NOW, runner=runner, grain="month")
        assert [v.value for v in values] == [Decimal(a) for a in (100, 100, 100, 100, 250, 250)]
        assert [v.n_assumed for v in values] == [1, 1, 0, 0, 0, 0]

    def test_omitted_deals_are_open_but_not_in_the_pipeline(self, company: Company, runner: DuckdbRunner) -> None:
        deals = [
            {"created_at": "2024-01-10", "status": "open", "amount": 10, "forecast_category": c, "probability": 0.5}
            for c in ("omitted", "commit", None)
        ]
        snapshot = company(deals=deals)
        january = Period.month(2024, 1)
        assert value_of("open_deals", snapshot, runner, january).value == 3
        assert value_of("pipeline_value", snapshot, runner, january).value == Decimal(20)
        assert value_of("weighted_pipeline", snapshot, runner, january).value == Decimal(10)

    def test_a_deal_closed_on_the_first_instant_of_a_month_was_open_before_it(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        deals = [{"created_at": "2024-01-10", "status": "lost", "closed_at": "2024-02-01"}]
        assert monthly("open_deals", company(deals=deals), runner)[:2] == [1, 0]
        assert monthly("deals_lost", company(deals=deals), runner)[:2] == [0, 1]

    def test_the_same_whether_history_is_there_or_not(self, company: Company, runner: DuckdbRunner) -> None:
        """An import dates a first value `won` by closed_at and tells nothing before: the deal was open till then."""
        deals = [{"id": "d", "created_at": "2024-01-10", "status": "won", "closed_at": "2024-03-10"}]
        history = [changed("deal", "d", "status", "won", "2024-03-10")]
        with_history = company(deals=deals, attribute_history=history)
        assert monthly("open_deals", with_history, runner)[:3] == [1, 1, 0]
        assert monthly("open_deals", company(deals=deals), runner)[:3] == [1, 1, 0]


class TestSalesCycle:
    DEAL = {
        "id": "d",
        "created_at": "2024-03-01",
        "status": "won",
        "closed_at": "2024-04-01",
        "contact_id": "p",
        "account_id": "a",
    }

    def cycle(self, company: Company, runner: DuckdbRunner, *interactions: dict[str, object]) -> MetricValue:
        dated = [{"type": "call", **interaction} for interaction in interactions]
        snapshot = company(
            deals=[self.DEAL],
            interactions=dated,
            contacts=[{"id": "q", "created_at": "2023-01-01", "account_id": "a"}],
        )
        return value_of("sales_cycle_length", snapshot, runner)

    def test_it_starts_with_the_first_touch_of_the_account_or_person(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        touches = (
            {"occurred_at": "2024-02-20", "contact_id": "p"},
            {"occurred_at": "2024-02-10", "contact_id": "q"},  # a colleague
            {"occurred_at": "2024-01-01", "contact_id": "x"},  # nobody of ours
        )
        assert self.cycle(company, runner, *touches).value == 51.0

    def test_a_touch_after_the_creation_does_not_shorten_it(self, company: Company, runner: DuckdbRunner) -> None:
        assert self.cycle(company, runner, {"occurred_at": "2024-03-20", "contact_id": "p"}).value == 31.0

    def test_without_a_touch_the_creation_stands_in_and_is_told(self, company: Company, runner: DuckdbRunner) -> None:
        value = self.cycle(company, runner, {"occurred_at": "2024-03-20", "contact_id": "x"})
        assert (value.value, value.n_assumed) == (31.0, 1)

    def test_many_touches_do_not_make_many_deals(self, company: Company, runner: DuckdbRunner) -> None:
        """Fan-out: three touches through deal, contact and account leave one deal."""
        touches = [
            {"occurred_at": f"2024-02-0{d}", "contact_id": "p", "account_id": "a", "deal_id": "d"} for d in (1, 2, 3)
        ]
        value = self.cycle(company, runner, *touches)
        assert (value.value, value.n) == (60.0, 1)

    def test_an_old_touch_belongs_to_the_deal_before(self, company: Company, runner: DuckdbRunner) -> None:
        earlier = {**self.DEAL, "id": "e", "created_at": "2023-02-01", "closed_at": "2023-03-01"}
        touches = [
            {"type": "call", "occurred_at": "2023-01-15", "contact_id": "p"},
            {"type": "call", "occurred_at": "2024-02-20", "contact_id": "p"},
        ]
        snapshot = company(deals=[self.DEAL, earlier], interactions=touches)
        assert value_of("sales_cycle_length", snapshot, runner).value == 41.0

    def test_a_close_before_the_creation_is_left_out(self, company: Company, runner: DuckdbRunner) -> None:
        odd = {**self.DEAL, "id": "e", "closed_at": "2024-02-01"}
        value = value_of("sales_cycle_length", company(deals=[self.DEAL, odd]), runner)
        assert (value.value, value.n) == (31.0, 1)


class TestStageDuration:
    VISITS = (
        {"deal_id": "d", "stage": "talk", "entered_at": "2024-01-01", "left_at": "2024-01-03"},
        {"deal_id": "d", "stage": "offer", "entered_at": "2024-01-03", "left_at": "2024-01-13"},
        {"deal_id": "d", "stage": "talk", "entered_at": "2024-01-13", "left_at": "2024-01-17"},
        {"deal_id": "d", "stage": "offer", "entered_at": "2024-01-17"},
    )

    def test_coming_back_is_another_visit_and_the_present_one_is_not_in_it(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        values = measure(
            ["stage_duration"],
            company(deal_stage_visits=self.VISITS, deals=[{"id": "d", "created_at": "2024-01-01"}]),
            period=YEAR,
            as_of=NOW,
            runner=runner,
            by=["stage"],
        )
        assert [(v.dimensions["stage"], v.value, v.n) for v in values] == [("offer", 10.0, 1), ("talk", 3.0, 2)]

    def test_without_visits_the_history_of_the_stage_tells_them(self, company: Company, runner: DuckdbRunner) -> None:
        history = [
            changed("deal", "d", "stage", stage, day)
            for stage, day in (
                ("talk", "2024-01-01"),
                ("offer", "2024-01-03"),
                ("talk", "2024-01-13"),
                ("offer", "2024-01-17"),
            )
        ]
        snapshot = company(attribute_history=history, deals=[{"id": "d", "created_at": "2024-01-01"}])
        assert value_of("stage_duration", snapshot, runner).value == 4.0
        assert value_of("stage_duration_mean", snapshot, runner).value == pytest.approx(16 / 3)


class TestLeads:
    def test_first_entry_counts_and_a_skipped_stage_by_the_next(self, company: Company, runner: DuckdbRunner) -> None:
        """p: visitor January, mql March (lead was skipped), lead again in May: one lead and one mql, in March."""
        history = [
            changed("contact", "p", "lifecycle_stage", stage, day)
            for stage, day in (("visitor", "2024-01-05"), ("mql", "2024-03-05"), ("lead", "2024-05-05"))
        ]
        contacts = [{"id": "p", "created_at": "2024-01-05"}, {"id": "z", "created_at": "2024-06-29"}]
        history.append(changed("contact", "z", "lifecycle_stage", "visitor", "2024-06-29"))
        snapshot = company(contacts=contacts, attribute_history=history)
        assert monthly("leads", snapshot, runner) == [0, 0, 1, 0, 0, 0]
        assert monthly("mqls", snapshot, runner) == [0, 0, 1, 0, 0, 0]
        assert monthly("sqls", snapshot, runner) == [0, 0, 0, 0, 0, 0]

    def test_imported_leads_keep_their_original_day(self, company: Company, runner: DuckdbRunner) -> None:
        """Created in January, imported in June as a lead: a lead of January, told as assumed."""
        snapshot = company(
            contacts=[{"id": "p", "created_at": "2024-01-05"}],
            attribute_history=[changed("contact", "p", "lifecycle_stage", "lead", "2024-06-05")],
        )
        value = value_of("leads", snapshot, runner, Period.month(2024, 1))
        assert (value.value, value.n_assumed) == (1, 1)

    def test_merged_people_are_one_lead_with_the_oldest_entry(self, company: Company, runner: DuckdbRunner) -> None:
        history = [
            changed("contact", "p", "lifecycle_stage", "lead", "2024-03-05"),
            changed("contact", "q", "lifecycle_stage", "lead", "2024-02-05"),
        ]
        contacts = [{"id": "p", "created_at": "2024-03-05"}, {"id": "q", "created_at": "2024-02-05"}]
        links = [{"entity": "contact", "from_id": "q", "to_id": "p", "kind": "merge", "recorded_at": "2024-06-01"}]
        apart = company(contacts=contacts, attribute_history=history)
        merged = company(contacts=contacts, attribute_history=history, identity_links=links)
        assert monthly("leads", apart, runner)[:4] == [None, 1, 1, None]
        assert monthly("leads", merged, runner)[:3] == [None, 1, 0]

    def test_leads_become_customers_in_time_or_not(self, company: Company, runner: DuckdbRunner) -> None:
        """p bought on day 90, q on day 91, r's account won a deal on day 10, s was a customer before: 2 of 5."""
        people = [("p", None), ("q", None), ("r", "a"), ("s", None), ("t", None)]
        snapshot = company(
            contacts=[{"id": who, "created_at": "2024-01-01", "account_id": a} for who, a in people],
            orders=[
                {"contact_id": "p", "ordered_at": "2024-03-31", "amount": 1},
                {"contact_id": "q", "ordered_at": "2024-04-01", "amount": 1},
                {"contact_id": "s", "ordered_at": "2023-04-01", "amount": 1},
            ],
            deals=[{"created_at": "2024-01-02", "status": "won", "closed_at": "2024-01-11", "account_id": "a"}],
        )
        value = value_of("lead_to_customer_rate", snapshot, runner)
        assert (value.numerator, value.denominator, value.maturity, value.n_assumed) == (2, 5, 1.0, 5)
        early = measure(["lead_to_customer_rate"], snapshot, period=YEAR, as_of=utc("2024-02-01"), runner=runner)[0]
        assert (early.numerator, early.maturity) == (1, 0.0)
