"""Hillstrom's e-mail test (2008), the even rows: 32,000 customers, two mailings against none.

Expected figures are written by hand from the counts: 1,920 of 10,529 (men's), 1,611 of 10,751 (women's) and 1,117 of
10,720 (none) visited.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from rapport.engine.evaluation.holdout.report import Arm, Design, Effect, HoldoutReport, holdout_report

_NOW = datetime(2008, 4, 1, tzinfo=UTC)
_NONE = "No E-Mail"


def _report(real_data: Path, outcome: str) -> HoldoutReport:
    rows = pd.read_csv(real_data / "hillstrom" / "hillstrom_even_rows.csv.gz")
    arms = [
        Arm(name=str(name), converted=g[outcome].to_numpy() == 1, revenue=g.spend.to_numpy(float), cost=0.1)
        for name, g in rows.groupby("segment")
    ]
    shares = {"": {arm.name: 1 / 3 for arm in arms}}
    return holdout_report(arms, Design(control=_NONE, shares=shares), now=_NOW, seed=1)


def _effects(report: HoldoutReport) -> dict[str, Effect]:
    return {effect.arm: effect for effect in report.effects}


def test_visits_that_each_mailing_brought(real_data: Path) -> None:
    found = _effects(_report(real_data, "visit"))
    men, women = found["Mens E-Mail"].difference, found["Womens E-Mail"].difference
    assert men is not None
    assert women is not None
    # 1920/10529 - 1117/10720, and 1.96 x sqrt(.18235 x .81765 / 10529 + .10420 x .89580 / 10720) = .00937
    assert (men.value, men.low, men.high) == pytest.approx((0.07816, 0.06878, 0.08753), abs=2e-5)
    # 1611/10751 - 1117/10720, and 1.96 x .004534 = .00889
    assert (women.value, women.low, women.high) == pytest.approx((0.04565, 0.03676, 0.05454), abs=2e-5)
    assert {e.verdict.word for e in found.values()} == {"pays"}


def test_visits_in_numbers_lift_and_cost(real_data: Path) -> None:
    men = _effects(_report(real_data, "visit"))["Mens E-Mail"]
    assert men.incremental is not None
    assert men.lift is not None
    assert men.incremental.value == pytest.approx(1920 - 10529 * 1117 / 10720, abs=1e-6)
    assert men.lift.value == pytest.approx((1920 / 10529) / (1117 / 10720) - 1)
    assert men.cost_per_incremental == pytest.approx(1052.9 / 822.9018, abs=1e-4)


def test_money_of_the_womens_mailing_cannot_be_told_from_nothing(real_data: Path) -> None:
    found = _effects(_report(real_data, "conversion"))
    women, men = found["Womens E-Mail"].revenue, found["Mens E-Mail"].revenue
    assert women is not None
    assert men is not None
    # .99331 - .73058, Welch by SciPy's ttest_ind(..., equal_var=False).confidence_interval()
    assert (women.value, women.low, women.high) == pytest.approx((0.26273, -0.10290, 0.62836), abs=1e-4)
    assert (women.tells, men.tells) == (False, True)


def test_money_agrees_with_the_bootstrap(real_data: Path) -> None:
    for effect in _report(real_data, "conversion").effects:
        assert effect.revenue is not None
        assert effect.revenue_bootstrap == pytest.approx((effect.revenue.low, effect.revenue.high), abs=0.03)


def test_the_arms_have_the_sizes_of_a_fair_draw(real_data: Path) -> None:
    ratio = _report(real_data, "visit").ratio
    # (10529 - 10666.67)^2 + (10720 - 10666.67)^2 + (10751 - 10666.67)^2 over 10666.67 = 2.710 on 2 degrees: p .258
    assert ratio.p_value == pytest.approx(0.258, abs=5e-4)
    assert not ratio.broken
