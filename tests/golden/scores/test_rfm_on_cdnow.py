"""RFM of the CDNOW sample against SQL written by hand over the raw file."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from golden import cdnow
from rapport.engine.crm.as_of import as_known
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.kinds import KINDS

RFM = parse_definition("{name: rfm, subject: contact, kind: rfm}")
KIND = KINDS["rfm"]

BY_HAND = """
WITH customer AS (
    SELECT customer, date_diff('day', max(day), DATE '1998-06-30') AS r, count(*) AS f, sum(amount) AS m
    FROM purchase GROUP BY customer
),
ranked AS (
    SELECT *, row_number() OVER (ORDER BY r) AS ri, row_number() OVER (ORDER BY f) AS fi,
        row_number() OVER (ORDER BY m) AS mi
    FROM customer
),
-- 2,357 customers: the values at ranks 472, 943, 1415 and 1886
cut AS (
    SELECT list(r ORDER BY r) FILTER (ri IN (472, 943, 1415, 1886)) AS rc,
        list(f ORDER BY f) FILTER (fi IN (472, 943, 1415, 1886)) AS fc,
        list(m ORDER BY m) FILTER (mi IN (472, 943, 1415, 1886)) AS mc
    FROM ranked
),
scored AS (
    SELECT customer,
        5 - (r > rc[1])::INT - (r > rc[2])::INT - (r > rc[3])::INT - (r > rc[4])::INT AS r,
        1 + (f > fc[1])::INT + (f > fc[2])::INT + (f > fc[3])::INT + (f > fc[4])::INT AS f,
        1 + (m > mc[1])::INT + (m > mc[2])::INT + (m > mc[3])::INT + (m > mc[4])::INT AS m
    FROM customer, cut
)
SELECT customer, r, f, m, 10.0 * (r - 1) + 7.5 * (f - 1) + 7.5 * (m - 1) AS value,
    CASE
        WHEN r = 5 AND f >= 4 THEN 'champions'
        WHEN r IN (3, 4) AND f >= 4 THEN 'loyal'
        WHEN r >= 4 AND f IN (2, 3) THEN 'potential loyalist'
        WHEN r = 5 AND f = 1 THEN 'new'
        WHEN r = 4 AND f = 1 THEN 'promising'
        WHEN r = 3 AND f = 3 THEN 'need attention'
        WHEN r = 3 AND f <= 2 THEN 'about to sleep'
        WHEN r <= 2 AND f IN (3, 4) THEN 'at risk'
        WHEN r <= 2 AND f = 5 THEN 'can''t lose'
        WHEN r <= 2 AND f <= 2 THEN 'hibernating'
    END AS segment
FROM scored ORDER BY customer
"""


@pytest.fixture(scope="module")
def rows(real_data: Path) -> list[cdnow.Purchase]:
    return cdnow.purchases(real_data)


@pytest.fixture(scope="module")
def module_runner() -> Iterator[DuckdbRunner]:
    with DuckdbRunner(threads=2) as runner:
        yield runner


@pytest.fixture(scope="module")
def ours(rows: list[cdnow.Purchase], module_runner: DuckdbRunner) -> dict[str, dict[str, object]]:
    view = as_known(cdnow.snapshot(rows, module_runner), cdnow.AT)
    scores = module_runner.to_arrow(KIND.score(RFM, view, runner=module_runner))
    return {row["subject_id"]: row for row in scores.to_pylist()}


@pytest.fixture(scope="module")
def by_hand(rows: list[cdnow.Purchase]) -> dict[str, dict[str, object]]:
    purchase = pa.table(
        {
            "customer": [row.customer for row in rows],
            "day": [row.day for row in rows],
            "amount": pa.array([row.amount for row in rows], pa.decimal128(18, 4)),
        }
    )
    with duckdb.connect() as connection:
        connection.register("purchase", purchase)
        return {row["customer"]: row for row in connection.execute(BY_HAND).to_arrow_table().to_pylist()}


def test_the_sample_is_the_published_one(rows: list[cdnow.Purchase], by_hand: dict[str, dict[str, object]]) -> None:
    assert (len(rows), len(by_hand)) == (6919, 2357)


def test_every_value_is_that_of_the_statement_by_hand(
    ours: dict[str, dict[str, object]], by_hand: dict[str, dict[str, object]]
) -> None:
    assert {c: row["value"] for c, row in ours.items()} == {c: Decimal(str(r["value"])) for c, r in by_hand.items()}


def test_every_segment_is_that_of_the_statement_by_hand(
    ours: dict[str, dict[str, object]], by_hand: dict[str, dict[str, object]]
) -> None:
    assert {c: row["matrix"] for c, row in ours.items()} == {c: row["segment"] for c, row in by_hand.items()}


def test_half_of_all_bought_once_and_share_the_lowest_frequency(by_hand: dict[str, dict[str, object]]) -> None:
    once = sum(row["f"] == 1 for row in by_hand.values())
    assert once == 1205  # 51 %: the first two cut points are both one purchase, so that nobody scores 2


def test_lines_add_up_to_the_value_of_every_customer(
    rows: list[cdnow.Purchase], module_runner: DuckdbRunner, ours: dict[str, dict[str, object]]
) -> None:
    view = as_known(cdnow.snapshot(rows, module_runner), cdnow.AT)
    reasons = KIND.explain(RFM, view, subject_ids=sorted(ours), runner=module_runner)
    assert len(reasons) == 2357
    assert {c: sum(line.points for line in told.lines) for c, told in reasons.items()} == {
        c: row["value"] for c, row in ours.items()
    }
