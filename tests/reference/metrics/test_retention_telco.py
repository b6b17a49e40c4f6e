"""Telephone customers by contract: churn of customers and of revenue against SQL over the raw file.

The file tells months of tenure and whether somebody left within the last month, no dates: the last month is taken
for December 2019, tenure ends with it, and those who left did so on the 15th.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import Period, measure

NOW = datetime(2020, 2, 1, tzinfo=UTC)
DECEMBER = Period.month(2019, 12)


def test_churn_of_customers_and_of_revenue_by_plan(real_data: Path) -> None:
    by_hand = duckdb.connect()
    by_hand.sql(f"""CREATE TABLE contracts AS
        SELECT customerID AS id, customerID AS account_id, Contract AS plan,
            MonthlyCharges::DECIMAL(18, 4) AS monthly_amount, tenure,
            timezone('UTC', TIMESTAMP '2020-01-01' - to_months(greatest(tenure::INT, 1))) AS started_at,
            CASE WHEN Churn = 'Yes' THEN timezone('UTC', TIMESTAMP '2019-12-15') END AS ended_at
        FROM read_csv('{real_data}/telco_churn_ibm/Telco-Customer-Churn.csv.gz', all_varchar = true)""")
    expected = by_hand.sql("""
        SELECT plan, count(*), count(ended_at), sum(monthly_amount),
            coalesce(sum(monthly_amount) FILTER (ended_at IS NOT NULL), 0)
        FROM contracts WHERE tenure::INT > 1 GROUP BY 1""").fetchall()
    new = by_hand.sql("""SELECT sum(monthly_amount) FILTER (ended_at IS NULL) FROM contracts
        WHERE tenure::INT <= 1""").fetchall()[0][0]
    running = by_hand.sql("SELECT sum(monthly_amount), count(*) FROM contracts WHERE ended_at IS NULL").fetchall()[0]
    rows = by_hand.sql("SELECT * EXCLUDE (tenure) FROM contracts").to_arrow_table()
    with DuckdbRunner(threads=2) as engine:
        settings = {"data_through": NOW}
        company = Snapshot({"contracts": engine.from_arrow(rows)}, currency="USD", settings=settings)
        ids = ["logo_churn_rate", "revenue_churn_rate", "churned_mrr"]
        by_plan = measure(ids, company, period=DECEMBER, as_of=NOW, runner=engine, by=["plan"])
        whole = measure(
            ["mrr", "new_mrr", "arpa", "customer_equity"], company, period=DECEMBER, as_of=NOW, runner=engine
        )
    told = {(v.metric, v.dimensions["plan"]): v for v in by_plan}
    assert len(expected) == 3
    for plan, customers, left, revenue, lost in expected:
        churn = told["logo_churn_rate", plan]
        assert (churn.denominator, churn.numerator, churn.maturity) == (customers, left, 1)
        assert told["churned_mrr", plan].value == lost
        assert told["revenue_churn_rate", plan].value == pytest.approx(float(lost) / float(revenue))
    mrr, new_mrr, arpa, equity = whole
    assert mrr.value == running[0]
    assert new_mrr.value == new
    assert arpa.value == pytest.approx(float(running[0]) / running[1])
    # at most twelve months of all of it, at least what a churn of every month like this one would leave
    assert 0.5 * 12 * float(running[0]) < float(equity.value or 0) < 12 * float(running[0])
