"""An airport's passengers in May 2017: the net promoter score against SQL by hand over the raw answers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from math import sqrt
from pathlib import Path

import pytest

import raw_companies
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import Period, measure

NOW = datetime(2018, 1, 1, tzinfo=UTC)


def test_net_promoter_score_of_may(real_data: Path, runner: DuckdbRunner) -> None:
    """Blank answers are coded 11 and are none."""
    folder = real_data / "sfo_survey"
    promoters, detractors, answers = (
        raw_companies.connect(folder)
        .sql("""
        SELECT count(*) FILTER (NETPRO::INT >= 9), count(*) FILTER (NETPRO::INT <= 6), count(*)
        FROM raw.answers WHERE NETPRO::INT BETWEEN 0 AND 10""")
        .fetchall()[0]
    )
    company = raw_companies.snapshot(folder, runner)
    value, drawn = measure(["nps", "nps_bootstrap"], company, period=Period.month(2017, 5), as_of=NOW, runner=runner)
    p, d = promoters / answers, detractors / answers
    width = 1.959964 * sqrt((p + d - (p - d) ** 2) / answers)
    assert value.n == answers == 2746
    assert value.value == pytest.approx(100 * (p - d))
    assert value.lower == pytest.approx(100 * (p - d - width), abs=1e-4)
    assert value.upper == pytest.approx(100 * (p - d + width), abs=1e-4)
    assert drawn.value == value.value
    assert drawn.lower == pytest.approx(value.lower, abs=0.3)
    assert drawn.upper == pytest.approx(value.upper, abs=0.3)


def test_each_day_of_interviews(real_data: Path, runner: DuckdbRunner) -> None:
    folder = real_data / "sfo_survey"
    expected = (
        raw_companies.connect(folder)
        .sql("""
        SELECT make_date(2017, 5, INTDATE::INT), 100 * (avg((NETPRO::INT >= 9)::INT) - avg((NETPRO::INT <= 6)::INT))
        FROM raw.answers WHERE NETPRO::INT BETWEEN 0 AND 10 GROUP BY 1 ORDER BY 1""")
        .fetchall()
    )
    company = raw_companies.snapshot(folder, runner)
    values = measure(["nps"], company, period=Period.month(2017, 5), as_of=NOW, runner=runner, grain="day")
    found = [(v.period.start, v.value) for v in values if v.n]
    assert [day for day, _ in found] == [day for day, _ in expected]
    assert [score for _, score in found] == pytest.approx([score for _, score in expected])
    assert date(2017, 5, 13) in {day for day, _ in found}
