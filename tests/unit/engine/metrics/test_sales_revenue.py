"""New revenue in its parts, size bands, proposals and calls of deals."""

from __future__ import annotations

import random
from datetime import date

import pytest

from rapport.engine.errors import DefinitionError
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import MetricValue, Only, Period, measure
from tiny_company import Company, Row, utc

NOW = utc("2025-03-01")
YEAR = Period.year(2024)
NEW = ["new_revenue", "new_revenue_tcv", "new_revenue_recurring", "new_revenue_one_off", "bookings"]


def won(**columns: object) -> Row:
    return {"status": "won", "type": "new", "created_at": "2024-01-01", "closed_at": "2024-05-01", **columns}


def told(values: list[MetricValue]) -> list[float | None]:
    return [None if v.value is None else float(v.value) for v in values]


class TestNewRevenue:
    def test_three_years_are_one_year_and_what_is_paid_once(self, company: Company, runner: DuckdbRunner) -> None:
        """36,000 over 36 months, 900 a month of it recurring: 32,400 recurs, 3,600 is paid once."""
        deals = [won(amount=36_000, recurring_amount=900, term_months=36)]
        values = measure(NEW, company(deals=deals), period=YEAR, as_of=NOW, runner=runner)
        assert told(values) == [14_400, 36_000, 10_800, 3_600, 36_000]

    def test_without_terms_a_deal_counts_in_full_and_renewals_are_not_new(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        deals = [won(amount=500, recurring_amount=10, term_months=6), won(amount=70), won(amount=900, type="renewal")]
        values = measure(NEW, company(deals=deals), period=YEAR, as_of=NOW, runner=runner)
        assert told(values) == [570, 570, 60, 510, 1_470]

    def test_a_long_term_without_recurring_amount_recurs_as_a_whole(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        deals = [won(amount=2_400, term_months=24), won(amount=100, recurring_amount=50, term_months=12)]
        values = measure(NEW, company(deals=deals), period=YEAR, as_of=NOW, runner=runner)
        assert told(values) == [1_300, 2_500, 1_300, 0, 2_500]

    def test_parts_are_in_base_currency_and_gaps_in_rates_are_counted(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        """A rate of 2 dollars from April on: the deal of March has none, and is not taken one to one."""
        deals = [
            won(amount=3_600, recurring_amount=100, term_months=36, currency="USD"),
            won(amount=700, currency="USD", closed_at="2024-03-31"),
            won(amount=None),
        ]
        rates = [{"date": "2024-04-01", "currency": "USD", "per_base": "2"}]
        snapshot = company(deals=deals, exchange_rates=rates)
        values = measure(NEW, snapshot, period=YEAR, as_of=NOW, runner=runner)
        assert told(values) == [600, 1_800, 600, 0, 1_800]
        assert {(v.n_missing_amount, v.n_unconverted) for v in values} == {(1, 1)}

    def test_parts_need_recurring_amounts_and_the_whole_does_not(self, company: Company, runner: DuckdbRunner) -> None:
        values = measure(NEW, company(deals=[won(amount=500)]), period=YEAR, as_of=NOW, runner=runner)
        assert told(values) == [500, 500, None, None, 500]
        assert "recurring_amount" in (values[2].reason or "")

    def test_whatever_the_terms_the_parts_add_up_and_stay_within_the_whole(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        """Drawn deals, each an owner of its own, against the definition in plain arithmetic."""
        draw = random.Random(8)
        deals = [
            won(
                owner_id=f"u{i}",
                amount=draw.choice([0, 12.5, 990, 36_000.01]),
                recurring_amount=draw.choice([None, 0, 1, 77.7, 5_000]),
                term_months=draw.choice([None, 1, 12, 13, 36]),
            )
            for i in range(150)
        ]
        values = measure(NEW[:4], company(deals=deals), period=YEAR, as_of=NOW, runner=runner, by=["owner"])
        found = {(v.metric, v.dimensions["owner"]): float(v.value or 0) for v in values}
        for deal in deals:
            year, whole, recurring, one_off = (found[metric, str(deal["owner_id"])] for metric in NEW[:4])
            assert (recurring, one_off) == pytest.approx(parts_of(deal), abs=1e-3)
            assert year == pytest.approx(recurring + one_off, abs=1e-9)
            assert 0 <= year <= whole


def parts_of(deal: Row) -> tuple[float, float]:
    """What recurs in the first year, and what is paid once."""
    amount, monthly, term = deal["amount"], deal["recurring_amount"], deal["term_months"] or 12
    assert isinstance(amount, int | float)
    assert isinstance(term, int)
    assert monthly is None or isinstance(monthly, int | float)
    told = monthly is not None and amount > 0
    recurs = min(amount, (monthly or 0) * term) if told else amount * (term > 12)
    return recurs * min(1, 12 / term), amount - recurs


class TestSizeBands:
    def test_the_win_rate_of_small_and_large_deals(self, company: Company, runner: DuckdbRunner) -> None:
        lost = {"status": "lost"}
        deals = [
            won(amount=999.99),
            won(amount=1_000),
            won(amount=9_999, **lost),
            won(amount=100_000),
            won(amount=None),
        ]
        values = measure(["win_rate"], company(deals=deals), period=YEAR, as_of=NOW, runner=runner, by=["size_band"])
        found = {v.dimensions["size_band"]: (v.numerator, v.denominator) for v in values}
        assert found == {
            "under 1,000": (1, 1),
            "1,000 to 10,000": (1, 2),
            "100,000 and more": (1, 1),
            None: (1, 1),
        }

    def test_bands_are_a_setting(self, company: Company, runner: DuckdbRunner) -> None:
        deals = [won(amount=40), won(amount=60)]
        banded = company(deals=deals, settings={"deal_size_bands": [50]})
        only = [Only("size_band", ("50 and more",))]
        assert measure(["bookings"], banded, period=YEAR, as_of=NOW, runner=runner, filters=only)[0].value == 60
        wrong = company(deals=deals, settings={"deal_size_bands": "large"})
        with pytest.raises(DefinitionError, match="list of amounts"):
            measure(["bookings"], wrong, period=YEAR, as_of=NOW, runner=runner, filters=only)


class TestCallsPerDeal:
    def test_calls_count_for_the_deal_they_name_or_the_one_open_at_the_time(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        """Anna's first deal runs from January to March, her second from February on: the later one is meant."""
        deals = [
            {**won(), "id": "first", "contact_id": "anna", "closed_at": "2024-03-01"},
            {**won(), "id": "second", "contact_id": "anna", "created_at": "2024-02-01"},
            {**won(), "id": "other", "status": "lost", "contact_id": "bo"},
        ]
        calls = [
            {"type": "call", "contact_id": "anna", "occurred_at": "2024-01-10"},  # first
            {"type": "call", "contact_id": "anna", "occurred_at": "2024-02-10"},  # second
            {"type": "call", "deal_id": "first", "occurred_at": "2024-02-20"},  # first, by name
            {"type": "call", "deal_id": "first", "occurred_at": "2024-03-02"},  # after its close
            {"type": "call", "contact_id": "anna", "occurred_at": "2024-06-01"},  # none open any more
            {"type": "call", "contact_id": "carl", "occurred_at": "2024-02-01"},  # no deal
            {"type": "call", "contact_id": "bo", "case_id": "c", "occurred_at": "2024-02-01"},  # service
            {"type": "email_sent", "contact_id": "bo", "occurred_at": "2024-02-01"},
        ]
        snapshot = company(deals=deals, interactions=calls)
        metrics = ["sales_calls_per_deal", "sales_calls_unlinked", "sales_calls"]
        values = measure(metrics, snapshot, period=YEAR, as_of=NOW, runner=runner)
        assert (values[0].numerator, values[0].denominator) == (3, 3)
        assert (values[1].value, values[1].denominator) == (2, 6)
        assert values[2].value == 6

    def test_attention_for_open_deals(self, company: Company, runner: DuckdbRunner) -> None:
        """Two stood open when March began, one was made in it; 6 calls."""
        deals = [{"created_at": day, "status": "open"} for day in ("2024-01-05", "2024-02-05", "2024-03-05")]
        deals.append({"created_at": "2024-01-01", "status": "lost", "closed_at": "2024-02-01"})
        calls = [{"type": "call", "occurred_at": "2024-03-10"}] * 6
        march = Period(date(2024, 3, 1), date(2024, 4, 1))
        snapshot = company(deals=deals, interactions=[{**c, "id": str(i)} for i, c in enumerate(calls)])
        value = measure(["sales_calls_per_open_deal"], snapshot, period=march, as_of=NOW, runner=runner)[0]
        assert (value.value, value.numerator, value.denominator) == (2.0, 6.0, 3.0)


class TestProposals:
    def test_revisions_are_one_proposal_dated_by_the_first_and_worth_the_last(
        self, company: Company, runner: DuckdbRunner
    ) -> None:
        proposals = [
            {"deal_id": "d1", "number": "7", "amount": 100, "sent_at": "2024-02-01"},
            {"deal_id": "d1", "number": "7", "amount": 80, "sent_at": "2024-03-01"},
            {"deal_id": "d2", "number": "7", "amount": 50, "sent_at": "2024-03-02"},
            {"deal_id": "d2", "amount": 9, "sent_at": "2024-03-03"},
            {"deal_id": "d2", "amount": 1_000},  # never sent
        ]
        deals = [won(id="d1"), won(id="d2", status="lost", closed_at="2024-03-01"), won(id="d3")]
        snapshot = company(deals=deals, proposals=proposals)
        months = Period(date(2024, 2, 1), date(2024, 4, 1))
        metrics = ["proposals_made", "proposals_value"]
        values = measure(metrics, snapshot, period=months, as_of=NOW, runner=runner, grain="month")
        assert told(values) == [1, 2, 80, 59]

    def test_a_proposal_sent_after_the_close_decided_nothing(self, company: Company, runner: DuckdbRunner) -> None:
        proposals = [{"deal_id": "d1", "sent_at": "2024-02-01"}, {"deal_id": "d2", "sent_at": "2024-03-02"}]
        deals = [won(id="d1"), won(id="d2", status="lost", closed_at="2024-03-01"), won(id="d3")]
        value = measure(
            ["proposal_rate"], company(deals=deals, proposals=proposals), period=YEAR, as_of=NOW, runner=runner
        )[0]
        assert (value.numerator, value.denominator) == (1, 3)


def test_close_rate_of_leads_is_wins_for_each_lead(company: Company, runner: DuckdbRunner) -> None:
    contacts = [{"id": f"p{i}", "created_at": "2024-02-01"} for i in range(4)]
    snapshot = company(deals=[won()], contacts=contacts)
    assert measure(["close_rate_leads"], snapshot, period=YEAR, as_of=NOW, runner=runner)[0].value == 0.25


def test_the_cycle_of_lost_deals_begins_after_the_close_before(company: Company, runner: DuckdbRunner) -> None:
    """Won after 20 days; then lost 10 days after a touch that came 5 days before the deal was made."""
    deals = [
        won(account_id="a", created_at="2024-01-01", closed_at="2024-01-21"),
        won(account_id="a", status="lost", created_at="2024-03-06", closed_at="2024-03-11"),
    ]
    touches = [{"account_id": "a", "type": "call", "occurred_at": day} for day in ("2024-01-05", "2024-03-01")]
    values = measure(
        ["sales_cycle_length", "sales_cycle_length_with_lost"],
        company(deals=deals, interactions=touches),
        period=YEAR,
        as_of=NOW,
        runner=runner,
    )
    assert told(values) == [20.0, 15.0]
