"""On customers whose habits are known: probabilities come true on later time, and intervals cover as stated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from crm_rows import at
from rapport.engine.evaluation.backtest import backtest
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.lifetime.curves import Ahead
from rapport.engine.scores.lifetime.expectation import Histories, silent_of, value_of
from rapport.engine.scores.lifetime.fitted import Cohort, Known
from rapport.engine.scores.lifetime.learn import shrunk
from rapport.engine.scores.lifetime.models import GammaGamma, MbgNbd, SpendGroups
from shoppers import DAY, Habits, purchase_days, shoppers, subscribers

pytestmark = pytest.mark.slow

START = at(2022, 1, 1)
HABITS = Habits()
SIX_MONTHS = Ahead(horizon=180.0, rate=0.0003)


def calibration_of(text: str, snap: Any, runner: DuckdbRunner, *, days: int) -> Any:
    now = START + days * DAY
    cut_offs = [now - ago * DAY for ago in (181, 91)]
    return backtest(parse_definition(text), snap, cut_offs=cut_offs, now=now, runner=runner, baselines=()).score


def test_silence_comes_true(runner: DuckdbRunner) -> None:
    snap = shoppers(runner, start=START, days=900, customers=3000, seed=3)
    score = calibration_of("{name: churn, subject: contact, kind: churn, horizon_days: 90}", snap, runner, days=900)
    assert score.calibration.slope == pytest.approx(1, abs=0.1)
    assert score.calibration.intercept == pytest.approx(0, abs=0.1)
    assert score.calibration.skill > 0.35


def test_the_end_of_contracts_comes_true(runner: DuckdbRunner) -> None:
    """Contracts that differ much: what is told from age alone is right on average and on the log-odds scale."""
    snap = subscribers(runner, start=START, days=900, customers=6000, seed=3, a=0.5, b=1.5)
    text = "{name: churn, subject: contact, kind: churn, purchases: contracts, horizon_days: 90}"
    score = calibration_of(text, snap, runner, days=900)
    assert score.calibration.slope == pytest.approx(1, abs=0.2)
    assert score.calibration.intercept == pytest.approx(0, abs=0.15)


def test_the_interval_of_an_expectation_covers_the_true_one_nine_times_in_ten() -> None:
    """Eighty customers at a time: the true expectation given each history, by the habits they were drawn from."""
    certain = Cohort(
        customers=0,
        informative=0,
        known=Known(model=MbgNbd(HABITS.r, HABITS.alpha, HABITS.a, HABITS.b), covariance=np.eye(4) * 1e-12),
        spend=Known(model=GammaGamma(HABITS.p, HABITS.q, HABITS.v), covariance=np.eye(3) * 1e-12),
    )
    covered: dict[str, list[float]] = {"value": [], "silent": []}
    for seed in range(40):
        rows = _histories(80, seed)
        cohort = _fitted(rows)
        for name, figure in (("value", value_of), ("silent", silent_of)):
            truth, told = figure(certain, rows, SIX_MONTHS).value, figure(cohort, rows, SIX_MONTHS)
            covered[name].append(float(np.mean((told.low <= truth) & (truth <= told.high))))
    # customers of one sample share its error: 40 samples leave about 0.04 of chance
    assert np.mean(covered["value"]) == pytest.approx(0.9, abs=0.07)
    assert np.mean(covered["silent"]) == pytest.approx(0.9, abs=0.07)


def _histories(customers: int, seed: int) -> Histories:
    random = np.random.default_rng(1000 + seed)
    bought, rates = purchase_days(HABITS, customers, 600, random)
    rows = []
    for mine, rate in zip(bought, rates, strict=True):
        days = sorted(set(mine))
        amounts = random.gamma(HABITS.p, size=len(days)) / rate
        rows.append((len(days) - 1, days[-1] - days[0], 599 - days[0], len(days), amounts.mean()))
    x, t_x, age, count, spend = np.array(rows, dtype=float).T
    return Histories(x=x, t_x=t_x, age=age, spend_count=count, spend=spend)


def _fitted(rows: Histories) -> Cohort:
    repeat = int((rows.x > 0).sum())
    buying = shrunk(MbgNbd, rows.groups, informative=repeat)
    spending = shrunk(GammaGamma, SpendGroups(rows.spend_count, rows.spend), informative=repeat)
    return Cohort(
        customers=len(rows.x),
        informative=repeat,
        known=Known(model=buying.model, covariance=buying.covariance),
        spend=Known(model=spending.model, covariance=spending.covariance),
    )
