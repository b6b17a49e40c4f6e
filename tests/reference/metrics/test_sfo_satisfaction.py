"""An airport's passengers in May 2017: satisfaction with it all against SQL by hand over the raw answers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

import raw_companies
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import Period, measure

_ANSWERS = """
    SELECT RUNID || '-' || RESPNUM AS id, 'csat' AS kind, 'May 2017' AS survey, try_cast(Q7ALL AS DOUBLE) AS score,
        1.0 AS scale_min, 5.0 AS scale_max, RUNID || '-' || RESPNUM AS contact_id,
        timezone('America/Los_Angeles', make_timestamp(2017, 5, INTDATE::INT, 12, 0, 0)) AS answered_at
    FROM raw.answers"""


def test_satisfied_and_answered(real_data: Path, runner: DuckdbRunner) -> None:
    """Blank answers are none: they count as not answered."""
    raw = raw_companies.connect(real_data / "sfo_survey")
    satisfied, answered, mean, asked = raw.sql("""
        SELECT count(*) FILTER (Q7ALL IN ('4', '5')), count(*) FILTER (Q7ALL != 'Blank'),
            avg(try_cast(Q7ALL AS INT)), count(*)
        FROM raw.answers""").fetchall()[0]
    tables = {"survey_answers": runner.from_arrow(raw.sql(_ANSWERS).to_arrow_table())}
    company = Snapshot(tables, time_zone="America/Los_Angeles", currency="USD")
    top, score, rate = measure(
        ["csat", "csat_mean_score", "survey_response_rate"],
        company,
        period=Period.month(2017, 5),
        as_of=datetime(2018, 1, 1, tzinfo=UTC),
        runner=runner,
    )
    assert (top.numerator, top.denominator) == (satisfied, answered) == (2206, 2688)
    assert score.value == pytest.approx(mean)
    assert (rate.numerator, rate.denominator) == (answered, asked) == (2688, 2831)
