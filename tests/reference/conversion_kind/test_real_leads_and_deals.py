"""Real leads and a real-looking pipeline: the guard finds what knows the outcome, and the score holds afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import raw_companies
from crm_rows import at
from rapport.engine.crm.as_of import as_known
from rapport.engine.evaluation.backtest import backtest
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.conversion.fit import fitted
from rapport.engine.scores.definition import parse_definition

pytestmark = pytest.mark.slow

LEADS = "{name: a, subject: contact, kind: conversion, outcome: {event: deal_won, within_days: 45}}"
DEALS = "{name: a, subject: deal, kind: conversion, outcome: {event: deal_won, within_days: 30}}"


@pytest.fixture
def duckdb() -> Iterator[DuckdbRunner]:
    with DuckdbRunner(threads=2) as runner:
        yield runner


def test_a_close_value_entered_as_the_amount_is_left_out(real_data: Path, duckdb: DuckdbRunner) -> None:
    """The published amount of a deal is its close value, 0 where it was lost: it ranks with AUC .9 by itself."""
    company = raw_companies.snapshot(real_data / "crm_sales_opportunities", duckdb)
    model = fitted(parse_definition(DEALS), as_known(company, at(2017, 11, 1)), runner=duckdb).model  # type: ignore[arg-type]
    assert [leak.name for leak in model.leaks if not leak.kept] == ["deal.amount"]
    assert "AUC 0.9" in model.left_out["deal.amount"]
    assert model.reason_null is None
    assert model.event_count > 1_000


def test_olist_leads_against_naive_bayes_and_a_constant(real_data: Path, duckdb: DuckdbRunner) -> None:
    """Only deals that were won are published, so that an open one says all: it is left out. What remains still ranks
    surely better than naive Bayes and a constant, on a window after everything it had learnt from.
    """
    company = raw_companies.snapshot(real_data / "olist", duckdb)
    rule, cut_off = parse_definition(LEADS), at(2018, 5, 1)
    model = fitted(rule, as_known(company, cut_off), runner=duckdb).model  # type: ignore[arg-type]
    assert {leak.name for leak in model.leaks if not leak.kept} >= {"deals.open.ever", "deals.open.days"}
    assert not any(f.name.startswith("deals.open") for f in model.features)
    report = backtest(rule, company, cut_offs=[cut_off], now=at(2018, 9, 1), runner=duckdb)
    assert report.score.auc.low is not None
    assert report.score.auc.low > 0.6
    for baseline in report.baselines:
        assert baseline.ahead is not None
        assert baseline.ahead.low is not None
        assert baseline.ahead.low > 0, baseline.name
    assert report.score.calibration is not None, "probabilities are held against what happened"
