"""Recurring revenue: what there is, what moved it, and how much of it stayed."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal

import pytest

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import MetricValue, Period, measure
from tiny_company import Company, changed, utc

NOW = utc("2025-06-30")
TOLD = {"data_through": NOW}
MOVEMENTS = ("new_mrr", "reactivation_mrr", "expansion_mrr", "contraction_mrr", "churned_mrr")
MARCH = Period.month(2024, 3)


def values(
    metrics: tuple[str, ...], snapshot: Snapshot, runner: DuckdbRunner, period: Period
) -> dict[str, MetricValue]:
    return {v.metric: v for v in measure(list(metrics), snapshot, period=period, as_of=NOW, runner=runner)}


def contract(
    who: str, started: str, ended: str | None = None, amount: object = 100, **more: object
) -> dict[str, object]:
    return {"account_id": who, "started_at": started, "ended_at": ended, "monthly_amount": amount, **more}


class TestChartMogulExample:
    """MRR 100; churn 10, contraction 10, expansion 10: gross churn 20 %, net 10 %, GRR 80 %, NRR 90 %."""

    CONTRACTS = (
        contract("gone", "2023-01-01", "2024-03-10", 10),
        contract("less", "2023-01-01", "2024-03-12", 30),
        contract("less", "2024-03-12", None, 20),
        contract("more", "2023-01-01", None, 60),
        contract("more", "2024-03-20", None, 10),
    )

    def test_rates_of_the_month(self, company: Company, runner: DuckdbRunner) -> None:
        metrics = ("revenue_churn_rate", "revenue_churn_rate_net", "revenue_churn_rate_lost_customers", *MOVEMENTS)
        told = values(metrics, company(contracts=self.CONTRACTS), runner, MARCH)
        assert told["revenue_churn_rate"].value == pytest.approx(0.2)
        assert told["revenue_churn_rate"].denominator == 100
        assert told["revenue_churn_rate_net"].value == pytest.approx(0.1)
        assert told["revenue_churn_rate_lost_customers"].value == pytest.approx(0.1)
        assert [told[m].value for m in MOVEMENTS] == [0, 0, 10, 10, 10]

    def test_retention_of_the_year(self, company: Company, runner: DuckdbRunner) -> None:
        told = values(("grr", "nrr", "grr_from_movements", "mrr"), company(contracts=self.CONTRACTS), runner, MARCH)
        assert told["grr"].value == pytest.approx(0.8)
        assert told["nrr"].value == pytest.approx(0.9)
        assert told["grr_from_movements"].value == pytest.approx(0.8)
        assert told["mrr"].value == 90


def test_arr_example(company: Company, runner: DuckdbRunner) -> None:
    """ARR 10.0 M, contraction 0.6, churn 0.9, expansion 1.8: GRR 85 %, NRR 103 %; a new customer changes neither."""
    million = 1_000_000 / 12
    contracts = [
        contract("gone", "2023-01-01", "2024-02-10", round(0.9 * million, 4)),
        contract("less", "2023-01-01", "2024-03-12", round(3 * million, 4)),
        contract("less", "2024-03-12", None, round(2.4 * million, 4)),
        contract("more", "2023-01-01", None, round(6.1 * million, 4)),
        contract("more", "2024-03-20", None, round(1.8 * million, 4)),
        contract("new", "2024-03-20", None, round(5 * million, 4)),
    ]
    told = values(("grr", "nrr", "arr"), company(contracts=contracts), runner, MARCH)
    assert told["grr"].value == pytest.approx(0.85)
    assert told["nrr"].value == pytest.approx(1.03)
    assert float(told["arr"].value or 0) == pytest.approx(15_300_000, rel=1e-6)


class TestMovements:
    def test_churn_is_dated_in_the_month_after_the_last_one_paid(self, company: Company, runner: DuckdbRunner) -> None:
        """Paid for January and February; back in May; more in June; less in July. Nothing else moves."""
        snapshot = company(
            contracts=[
                contract("a", "2024-01-15", "2024-03-02", 10),
                contract("a", "2024-05-20", "2024-06-20", 10),
                contract("a", "2024-06-20", "2024-07-05", 25),
                contract("a", "2024-07-05", None, 15),
            ]
        )
        months = measure(
            list(MOVEMENTS), snapshot, period=Period(date(2024, 1, 1), date(2024, 9, 1)), grain="month", as_of=NOW,
            runner=runner,
        )  # fmt: skip
        told = {(v.metric, v.period.start.month): v.value for v in months if v.value}
        assert told == {
            ("new_mrr", 1): 10,
            ("churned_mrr", 3): 10,
            ("reactivation_mrr", 5): 10,
            ("expansion_mrr", 6): 15,
            ("contraction_mrr", 7): 10,
        }

    def test_a_quarter_is_the_sum_of_its_months(self, company: Company, runner: DuckdbRunner) -> None:
        """Up by 20 in April and down by 20 in May: no net change, and both are told."""
        snapshot = company(
            contracts=[
                contract("a", "2024-01-01", None, 50),
                contract("a", "2024-04-10", "2024-05-10", 20),
            ]
        )
        told = values((*MOVEMENTS, "net_new_mrr", "revenue_churn_rate"), snapshot, runner, Period.quarter(2024, 2))
        assert [told[m].value for m in MOVEMENTS] == [0, 0, 20, 20, 0]
        assert told["net_new_mrr"].value == 0
        assert told["revenue_churn_rate"].value == pytest.approx(0.4)

    def test_amounts_are_those_of_the_time(self, company: Company, runner: DuckdbRunner) -> None:
        """A trial at 0 is no customer yet; the price rise is an expansion in the month it came."""
        history = [
            changed("contract", "k", "monthly_amount", 0, "2024-01-01"),
            changed("contract", "k", "monthly_amount", 40, "2024-02-10"),
            changed("contract", "k", "monthly_amount", 60, "2024-04-10"),
            changed("contract", "k", "currency", "EUR", "2024-01-01"),
        ]
        snapshot = company(contracts=[contract("a", "2024-01-01", id="k")], attribute_history=history, settings=TOLD)
        months = measure(
            ["mrr", "new_mrr", "expansion_mrr", "paying_customers"], snapshot,
            period=Period(date(2024, 1, 1), date(2024, 5, 1)), grain="month", as_of=NOW, runner=runner,
        )  # fmt: skip
        told = [[v.value for v in months if v.metric == m] for m in ("mrr", "new_mrr", "expansion_mrr")]
        assert told == [[0, 40, 40, 60], [0, 40, 0, 0], [0, 0, 0, 20]]
        assert [v.value for v in months if v.metric == "paying_customers"] == [0, 1, 1, 1]

    def test_a_currency_that_falls_is_no_churn(self, company: Company, runner: DuckdbRunner) -> None:
        rates = [
            {"date": "2024-01-01", "currency": "USD", "per_base": "1"},
            {"date": "2024-03-15", "currency": "USD", "per_base": "2"},
        ]
        snapshot = company(contracts=[contract("a", "2024-01-01", currency="USD")], exchange_rates=rates, settings=TOLD)
        told = values(("mrr", "revenue_churn_rate", "net_new_mrr", "nrr"), snapshot, runner, MARCH)
        assert told["mrr"].value == 50
        assert told["revenue_churn_rate"].value == 0
        assert told["net_new_mrr"].value == 0

    def test_without_amount_or_rate_is_told_and_left_out(self, company: Company, runner: DuckdbRunner) -> None:
        contracts = [
            contract("a", "2024-01-01"),
            contract("b", "2024-01-01", amount=None),
            contract("c", "2024-01-01", currency="XXX"),
        ]
        told = values(("mrr", "arpa"), company(contracts=contracts), runner, MARCH)
        assert (told["mrr"].value, told["mrr"].n_missing_amount, told["mrr"].n_unconverted) == (100, 1, 1)
        assert told["arpa"].value == 100

    def test_an_early_renewal_never_counts_twice(self, company: Company, runner: DuckdbRunner) -> None:
        contracts = [
            contract("a", "2023-01-01", "2024-06-30", id="k1", renewed_by_contract_id="k2"),
            contract("a", "2024-02-10", id="k2", amount=120),
        ]
        told = values(("mrr", "expansion_mrr"), company(contracts=contracts), runner, Period.month(2024, 2))
        assert (told["mrr"].value, told["expansion_mrr"].value) == (120, 20)


def test_movements_join_the_levels_and_grr_never_exceeds_1(company: Company, runner: DuckdbRunner) -> None:
    """On companies drawn at random: start + movements = end in every month, and for the year as for its months."""
    for seed in range(2):
        draw = random.Random(seed)
        contracts = [_drawn(draw) for _ in range(60)]
        snapshot = company(contracts=contracts, time_zone="Europe/Stockholm")
        year = Period(date(2023, 6, 1), date(2024, 6, 1))
        months = measure(
            ["mrr", *MOVEMENTS, "grr", "nrr"], snapshot, period=year, grain="month", as_of=NOW, runner=runner
        )
        told = {(v.metric, v.period.start): v for v in months}
        level = Decimal(str(values(("mrr",), snapshot, runner, Period.month(2023, 5))["mrr"].value))
        sums = dict.fromkeys(MOVEMENTS, Decimal(0))
        for month in sorted({start for _, start in told}):
            moved = {m: Decimal(str(told[m, month].value)) for m in MOVEMENTS}
            assert all(amount >= 0 for amount in moved.values())
            level += moved["new_mrr"] + moved["reactivation_mrr"] + moved["expansion_mrr"]
            level -= moved["contraction_mrr"] + moved["churned_mrr"]
            assert level == told["mrr", month].value
            sums = {m: sums[m] + moved[m] for m in MOVEMENTS}
            grr, nrr = told["grr", month].value, told["nrr", month].value
            assert grr is not None
            assert nrr is not None
            assert 0 <= grr <= min(1, float(nrr))
        assert sums == {m: v.value for m, v in values(MOVEMENTS, snapshot, runner, year).items()}


def _drawn(draw: random.Random) -> dict[str, object]:
    start = date(2022, 1, 1).toordinal() + draw.randrange(800)
    end = start + draw.randrange(1, 500) if draw.random() < 0.7 else None
    started, ended = (date.fromordinal(d).isoformat() if d else None for d in (start, end))
    return contract(f"a{draw.randrange(15)}", str(started), ended, draw.choice([10, 25, 70.5]))


def test_by_plan_it_is_the_plan_of_the_start(company: Company, runner: DuckdbRunner) -> None:
    contracts = [
        contract("a", "2023-01-01", "2024-03-10", 10, plan="basic"),
        contract("b", "2023-01-01", None, 30, plan="basic"),
        contract("c", "2023-01-01", None, 60, plan="pro"),
    ]
    found = measure(
        ["revenue_churn_rate", "mrr"], company(contracts=contracts), period=MARCH, as_of=NOW, runner=runner, by=["plan"]
    )
    told = {(v.metric, v.dimensions["plan"]): v.value for v in found}
    assert told[("revenue_churn_rate", "basic")] == pytest.approx(0.25)
    assert told[("revenue_churn_rate", "pro")] == 0
    assert told[("mrr", "basic")] == 30


class TestSimpleLifetimeValue:
    """100 a month, a quarter kept; of ten customers one left within the year: 25 / (1 - 0.9 ^ (1/12)) = 2859.86."""

    CONTRACTS = tuple(contract(f"a{i}", "2023-01-01", "2024-02-10" if i == 0 else None) for i in range(10))

    def test_margin_over_monthly_churn(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(contracts=self.CONTRACTS, settings={"gross_margin_percent": 25})
        told = values(("ltv_simple", "arpa_margin"), snapshot, runner, MARCH)
        assert told["arpa_margin"].value == 25
        assert told["ltv_simple"].value == pytest.approx(25 / (1 - 0.9 ** (1 / 12)))

    def test_what_is_kept_is_told_by_orders_or_unknown(self, company: Company, runner: DuckdbRunner) -> None:
        orders = [
            {"account_id": "b", "ordered_at": "2024-01-01", "amount": 80, "margin": 30},
            {"account_id": "b", "ordered_at": "2024-01-01", "amount": 20, "margin": 10},
            {"account_id": "b", "ordered_at": "2024-01-01", "amount": 20},
        ]
        assert values(("arpa_margin",), company(contracts=self.CONTRACTS, orders=orders), runner, MARCH)[
            "arpa_margin"
        ].value == pytest.approx(40)
        unknown = values(("ltv_simple", "mrr"), company(contracts=self.CONTRACTS), runner, MARCH)
        assert unknown["ltv_simple"].value is None
        assert "what is kept" in str(unknown["ltv_simple"].reason)
        assert unknown["mrr"].value == 900

    def test_where_nobody_left_it_is_undefined(self, company: Company, runner: DuckdbRunner) -> None:
        snapshot = company(contracts=self.CONTRACTS[1:], settings={"gross_margin_percent": 25})
        assert values(("ltv_simple",), snapshot, runner, MARCH)["ltv_simple"].value is None
