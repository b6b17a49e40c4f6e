"""The lifetime kind on CDNOW's 2,357 customers, imported as orders: the published figures come out of the score.

Sources: Fader, Hardie & Lee 2005 (Marketing Science 24, 2) and Hardie's spreadsheets and notes 025: E[Y(39 weeks)] of
customer 0001 1.226, 0003 0.195, 0006 3.337; sum over all 1,653 against 1,882 purchase-days that came (notes of the
sample, recomputed); expected amount a purchase of the first ten customers 24.65 .. 35.17 (note 025, table).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from golden.cdnow import ZONE, purchases, snapshot
from rapport.engine.crm.as_of import as_known
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.kinds import KINDS

CALIBRATED = datetime(1997, 9, 30, 23, 59, tzinfo=ZoneInfo(ZONE))
WEEKS_39 = (
    "{name: clv, subject: contact, kind: lifetime, model: bg_nbd, measure: purchases, spend: repeat, horizon_days: 273}"
)


@pytest.fixture
def scores(runner: DuckdbRunner, real_data: Path) -> dict[str, dict[str, Any]]:
    view = as_known(snapshot(purchases(real_data), runner), CALIBRATED)
    rows = runner.to_arrow(KINDS["lifetime"].score(parse_definition(WEEKS_39), view, runner=runner)).to_pylist()
    return {row["subject_id"]: row for row in rows}


def test_expected_purchases_in_the_39_weeks_after(scores: dict[str, dict[str, Any]]) -> None:
    published = {"0001": 1.226, "0003": 0.195, "0006": 3.337}
    for who, purchases_expected in published.items():
        assert float(scores[who]["value"]) == pytest.approx(purchases_expected, abs=2e-3)
    assert scores["0001"]["probability_alive"] == pytest.approx(0.7266, abs=1e-3)
    assert sum(float(row["value"]) for row in scores.values()) == pytest.approx(1653, abs=1)


def test_expected_amount_of_a_purchase(scores: dict[str, dict[str, Any]]) -> None:
    told = [scores[f"{n:04}"]["expected_value_per_purchase"] for n in range(1, 11)]
    assert told == pytest.approx([24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17], abs=0.1)


def test_what_came_after(scores: dict[str, dict[str, Any]], real_data: Path) -> None:
    days = {(p.customer, p.day) for p in purchases(real_data) if p.day > CALIBRATED.date()}
    came = dict.fromkeys(scores, 0)
    for who, _ in days:
        came[who] += 1
    actual = np.array([came[who] for who in scores], dtype=float)
    expected = np.array([float(scores[who]["value"]) for who in scores])
    assert actual.sum() == 1882
    assert np.abs(actual - expected).mean() == pytest.approx(0.785, abs=2e-3)
    assert np.corrcoef(actual, expected)[0, 1] == pytest.approx(0.6256, abs=1e-3)
