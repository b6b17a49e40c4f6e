"""CDNOW, the cohort of 1997: probability of being a customer at the end of calibration, by published parameters."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import Period, measure

NOW = datetime(1998, 7, 1, tzinfo=UTC)


def test_p_alive_and_what_came(real_data: Path) -> None:
    """Fader, Hardie & Lee 2005: r .243, alpha 4.414 weeks, a .793, b 2.426 on 2,357 customers and 39 weeks.

    The metric fits its own, drawn a little toward a customary prior; the mean of P(alive) must come to the same.
    """
    by_hand = duckdb.connect()
    folder = real_data / "cdnow"
    by_hand.sql(f"""CREATE TABLE bought AS
        SELECT line[2] AS id, strptime(line[3], '%Y%m%d') AS day, line[5]::DECIMAL(18, 4) AS amount FROM (
            SELECT regexp_split_to_array(trim(row), ' +') AS line
            FROM read_csv('{folder}/CDNOW_sample.txt.gz', columns = {{'row': 'VARCHAR'}}, header = false,
                delim = '|'))""")
    expected = by_hand.sql(f"""
        SELECT count(*), avg(CASE WHEN frequency = 0 THEN 1 ELSE
            1 / (1 + 0.793 / (2.426 + frequency - 1) * ((4.414 + "T") / (4.414 + recency)) ^ (0.243 + frequency)) END)
        FROM read_csv('{folder}/cdnow_customers_summary.csv')""").fetchone()
    assert expected is not None
    orders = by_hand.sql("""
        SELECT (row_number() OVER ())::VARCHAR AS id, id AS contact_id, timezone('UTC', day) AS ordered_at, amount,
            'paid' AS status FROM bought""").to_arrow_table()
    with DuckdbRunner(threads=2) as engine:
        ahead_of_us = {"clv_months": 9, "clv_discount_percent": 0}
        settings = {"customer_grain": "person", "data_through": NOW, **ahead_of_us}
        company = Snapshot({"orders": engine.from_arrow(orders)}, currency="USD", settings=settings)
        found = measure(
            ["p_alive", "clv_historic_revenue", "clv_predicted_revenue"],
            company,
            period=Period.month(1997, 9),
            as_of=NOW,
            runner=engine,
        )
    alive, to_date, ahead = found
    assert alive.n == expected[0] == 2357
    assert float(alive.value or 0) == pytest.approx(expected[1], rel=0.01)
    spent = by_hand.sql("SELECT sum(amount) / 2357 FROM bought WHERE day < DATE '1997-10-01'").fetchall()[0][0]
    assert float(to_date.value or 0) == pytest.approx(float(spent))
    # the paper's model expects 1,653 of the 1,882 purchases that came in the nine months after
    came = by_hand.sql("SELECT sum(amount) / 2357 FROM bought WHERE day >= DATE '1997-10-01'").fetchall()[0][0]
    assert float(ahead.value or 0) == pytest.approx(float(came), rel=0.2)
