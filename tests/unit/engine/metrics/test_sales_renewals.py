"""Renewals: early, late, within the grace, by themselves, for less and for more."""

from __future__ import annotations

from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import MetricValue, Period, measure
from tiny_company import Company, Row, utc

JUNE = Period.month(2024, 6)
BOTH = ["renewal_rate", "renewal_rate_value"]


def contract(name: str, started: str, term_end: str | None = None, **columns: object) -> Row:
    """Of a customer of its own unless told otherwise; ended with its term."""
    told = {"id": name, "account_id": name[0], "started_at": started, "term_end_at": term_end, "ended_at": term_end}
    return {**told, "monthly_amount": 100, **columns}


def measured(snapshot: object, runner: DuckdbRunner, as_of: str = "2024-12-31") -> list[MetricValue]:
    return measure(BOTH, snapshot, period=JUNE, as_of=utc(as_of), runner=runner)  # type: ignore[arg-type]


def test_who_renews_early_in_time_late_or_never(company: Company, runner: DuckdbRunner) -> None:
    contracts = [
        contract("a1", "2023-06-15", "2024-06-15", ended_at="2024-05-01"),
        contract("a2", "2024-05-01", "2025-05-01"),  # early: counts for June
        contract("b1", "2023-06-15", "2024-06-15"),
        contract("b2", "2024-07-14", "2025-07-14"),  # 29 days later, within the grace
        contract("c1", "2023-06-15", "2024-06-15"),
        contract("c2", "2024-07-20", "2025-07-20"),  # 35 days later
        contract("d1", "2023-06-15", "2024-06-15"),  # never
        contract("e1", "2023-06-15", "2024-06-15", ended_at=None),  # runs on: by itself
        contract("f1", "2023-06-15", "2026-06-15", ended_at=None),  # three years: not due
        contract("g1", "2023-06-15", "2024-06-15", product_id="phone"),
        contract("g2", "2024-06-15", "2025-06-15", product_id="mail"),  # another product
    ]
    rate, _ = measured(company(contracts=contracts), runner)
    assert (rate.numerator, rate.denominator, rate.maturity) == (3, 6, 1.0)


def test_the_contract_it_names_counts_even_long_before_and_not_after_the_grace(
    company: Company, runner: DuckdbRunner
) -> None:
    contracts = [
        contract("a1", "2023-06-15", "2024-06-15", ended_at="2024-01-01", renewed_by_contract_id="x1"),
        contract("x1", "2024-01-01", "2026-01-01"),  # of another account, five months before
        contract("b1", "2023-06-15", "2024-06-15", renewed_by_contract_id="b2"),
        contract("b2", "2024-09-01", "2025-09-01"),
    ]
    rate, _ = measured(company(contracts=contracts), runner)
    assert (rate.numerator, rate.denominator) == (1, 2)


def test_inside_the_grace_it_is_pending(company: Company, runner: DuckdbRunner) -> None:
    """On 1 July: one renewed already, one due on 20 June may still come, and runs on so far."""
    contracts = [
        contract("a1", "2023-06-20", "2024-06-20", ended_at=None),
        contract("b1", "2023-06-01", "2024-06-01"),
        contract("b2", "2024-06-01", "2025-06-01"),
    ]
    snapshot = company(contracts=contracts)
    rate, _ = measured(snapshot, runner, "2024-07-01")
    assert (rate.numerator, rate.denominator, rate.maturity) == (1, 2, 0.5)
    assert "immature" in rate.flags
    later, _ = measured(snapshot, runner, "2024-07-21")
    assert (later.numerator, later.maturity) == (2, 1.0)


def test_value_takes_the_smaller_of_old_and_new_at_one_rate(company: Company, runner: DuckdbRunner) -> None:
    """100 for 100 by itself, 60 for 100, 100 for 150, 0 for a lost 100, and 200 dollars for 100 euros at 2 to 1."""
    contracts = [
        contract("a1", "2023-06-15", "2024-06-15", ended_at=None),
        contract("b1", "2023-06-15", "2024-06-15"),
        contract("b2", "2024-06-15", "2025-06-15", monthly_amount=60),
        contract("c1", "2023-06-15", "2024-06-15"),
        contract("c2", "2024-06-15", "2025-06-15", monthly_amount=150),
        contract("d1", "2023-06-15", "2024-06-15"),
        contract("e1", "2023-06-15", "2024-06-15", currency="EUR"),
        contract("e2", "2024-07-01", "2025-06-15", monthly_amount=200, currency="USD"),
        contract("f1", "2023-06-15", "2024-06-15"),
        contract("f2", "2024-06-15", "2025-06-15", monthly_amount=None),
        contract("g1", "2023-06-15", "2024-06-15"),
        contract("g2", "2024-06-15", "2025-06-15", currency="GBP"),
    ]
    rates = [
        {"date": "2024-01-01", "currency": "USD", "per_base": "2"},
        {"date": "2024-07-01", "currency": "USD", "per_base": "4"},  # after the end of the term: not taken
    ]
    rate, value = measured(company(contracts=contracts, exchange_rates=rates), runner)
    assert (rate.numerator, rate.denominator) == (6, 7)
    assert (float(value.numerator or 0), float(value.denominator or 0)) == (360, 500)
    assert (value.n_missing_amount, value.n_unconverted) == (1, 1)
