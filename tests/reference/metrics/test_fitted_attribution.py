"""Markov chains and Shapley values on a retailer's campaigns: paths by hand in SQL, models by their definitions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import combinations
from math import factorial
from pathlib import Path

import pytest

import raw_companies
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import Period, measure

NOW = datetime(2018, 3, 1, tzinfo=UTC)
SPRING = Period(date(2017, 3, 1), date(2017, 5, 1))
Path_ = tuple[str, ...]

PATHS = """
WITH touches AS (
    SELECT household_id, campaign_id AS c, start_date::TIMESTAMP AS at_
    FROM raw.members JOIN raw.campaigns USING (campaign_id)
    UNION ALL
    SELECT household_id, campaign_id, min(redemption_date)::TIMESTAMP
    FROM raw.redemptions SEMI JOIN raw.members USING (household_id, campaign_id) GROUP BY ALL
), baskets AS (
    SELECT basket_id, household_id, min(transaction_timestamp) AS bought, sum(sales_value)::DOUBLE AS value
    FROM raw.transactions GROUP BY ALL HAVING bought >= DATE '2017-03-01' AND bought < DATE '2017-05-01'
), lost AS (
    SELECT household_id, max(at_) AS last FROM touches ANTI JOIN baskets USING (household_id)
    WHERE at_ >= DATE '2017-03-01' AND at_ < DATE '2017-05-01' GROUP BY 1
), walked AS (
    SELECT basket_id AS path, true AS won, any_value(value) AS value, list(c ORDER BY at_, c) AS steps
    FROM baskets JOIN touches USING (household_id) WHERE at_ <= bought AND at_ >= bought - INTERVAL 30 DAY GROUP BY 1
    UNION ALL
    SELECT household_id, false, 0, list(c ORDER BY at_, c)
    FROM lost JOIN touches USING (household_id) WHERE at_ <= last AND at_ >= last - INTERVAL 30 DAY GROUP BY 1
)
SELECT list_filter(steps, (c, i) -> i = 1 OR steps[i - 1] <> c) AS steps, won, value FROM walked
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckdbRunner]:
    with DuckdbRunner(threads=2) as duckdb_runner:
        yield duckdb_runner


@pytest.fixture(scope="module")
def walked(real_data: Path) -> list[tuple[Path_, bool, float]]:
    """Every path: its campaigns, whether it ended in a basket, and the basket's value."""
    connection = raw_companies.connect(real_data / "completejourney")
    return [(tuple(steps), won, value) for steps, won, value in connection.sql(PATHS).fetchall()]


@pytest.fixture(scope="module")
def told(real_data: Path, engine: DuckdbRunner) -> dict[str, dict[str | None, float]]:
    company: Snapshot = raw_companies.snapshot(real_data / "completejourney", engine)
    found: dict[str, dict[str | None, float]] = {}
    for value in measure(
        [
            *("campaign_purchases_markov", "campaign_revenue_markov"),
            *("campaign_purchases_shapley", "campaign_revenue_shapley"),
        ],
        company,
        period=SPRING,
        as_of=NOW,
        runner=engine,
        by=["campaign"],
    ):
        if value.value:
            found.setdefault(value.metric, {})[value.dimensions["campaign"]] = float(value.value)
    return found


def converting(paths: Sequence[tuple[Path_, bool, float]], without: str | None) -> float:
    """P(conversion) of the first-order chain, by walking to the end; a removed campaign leads nowhere."""
    moves: Counter[tuple[str, str]] = Counter()
    for steps, won, _ in paths:
        ended = (*steps, "won" if won else "lost")
        moves.update(zip(("begin", *steps), ended, strict=True))
    leaving: Counter[str] = Counter()
    for (here, _), times in moves.items():
        leaving[here] += times
    under_way, won_ = {"begin": 1.0}, 0.0
    while sum(under_way.values()) > 1e-14:
        arrived: dict[str, float] = {}
        for (here, there), times in moves.items():
            share = under_way.get(here, 0.0) * times / leaving[here]
            if there == "won":
                won_ += share
            elif there not in ("lost", without):
                arrived[there] = arrived.get(there, 0.0) + share
        under_way = arrived
    return won_


def test_removal_effects_of_a_markov_chain(
    walked: list[tuple[Path_, bool, float]], told: dict[str, dict[str | None, float]]
) -> None:
    campaigns = sorted({c for steps, _, _ in walked for c in steps})
    overall = converting(walked, None)
    effects = {c: 1 - converting(walked, c) / overall for c in campaigns}
    purchases, revenue = sum(won for _, won, _ in walked), sum(value for _, _, value in walked)
    assert len(campaigns) >= 5
    expected = {c: effect / sum(effects.values()) for c, effect in effects.items() if effect > 1e-12}
    found = told["campaign_purchases_markov"]
    assert found.pop("unattributed") > 0
    assert found == pytest.approx({c: share * purchases for c, share in expected.items()}, rel=1e-5)
    found = told["campaign_revenue_markov"]
    assert found.pop("unattributed") > 0
    assert found == pytest.approx({c: share * revenue for c, share in expected.items()}, rel=1e-5)


def test_shapley_values_by_every_set_of_campaigns(
    walked: list[tuple[Path_, bool, float]], told: dict[str, dict[str | None, float]]
) -> None:
    kinds: dict[frozenset[str], list[int]] = {}
    for steps, won, _ in walked:
        kind = kinds.setdefault(frozenset(steps), [0, 0])
        kind[0] += won
        kind[1] += 1
    campaigns = sorted({c for kind in kinds for c in kind})
    assert len(campaigns) <= 12

    def worth(inside: frozenset[str]) -> float:
        within = [kinds[kind] for kind in kinds if kind <= inside]
        there = sum(paths for _, paths in within)
        return sum(won for won, _ in within) / there if there else 0.0

    n, values = len(campaigns), dict.fromkeys(campaigns, 0.0)
    known = {frozenset(s): worth(frozenset(s)) for size in range(n + 1) for s in combinations(campaigns, size)}
    for inside, value in known.items():
        for campaign in set(campaigns) - inside:
            weight = factorial(len(inside)) * factorial(n - len(inside) - 1) / factorial(n)
            values[campaign] += weight * (known[inside | {campaign}] - value)
    whole = sum(values.values())
    for metric, of in (
        ("campaign_purchases_shapley", sum(won for _, won, _ in walked)),
        ("campaign_revenue_shapley", sum(value for _, _, value in walked)),
    ):
        found = told[metric]
        assert found.pop("unattributed") > 0
        expected = {c: value / whole * of for c, value in values.items() if abs(value) > 1e-12}
        assert found == pytest.approx(expected, rel=1e-4, abs=1e-3)
