"""Which metrics are held against something outside the code, and by what: a view, and a list that may only shrink."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from rapport.engine.crm.tables import TABLES
from rapport.engine.metrics import METRICS
from rapport.engine.metrics.derived import DerivedMetric

TESTS = Path(__file__).parents[2]
REAL_DATA = TESTS / "reference"
PUBLISHED = TESTS / "golden"
SECOND = Path(__file__).parent / "sql"

WITHOUT = frozenset(
    {
        "acquisition_cost_lagged",
        "arpa_margin",
        "cac_lagged",
        "cases_closed_same_business_day",
        "clv_historic",
        "clv_new_customers",
        "clv_predicted",
        "customer_profit",
        "customer_profit_mean",
        "customers_alive",
        "data_quality_score",
        "data_quality_score_cells",
        "fully_valid_share",
        "logo_churn_rate_model",
        "logo_churn_rate_year",
        "ltv_simple",
        "ltv_to_cac",
        "no_reply_needed_resolution",
        "pipeline_coverage",
        "pipeline_coverage_target",
        "requalified_leads",
        "retained_customers_contractual",
        "speed_to_lead_assigned",
        "up_sell_ratio",
        "up_sell_ratio_tier",
        "up_sell_revenue_rate",
    }
)
"""Held by expectations written by hand only, in `tests/unit/engine/metrics`."""


@cache
def references() -> Mapping[str, frozenset[str]]:
    """By metric the files that hold it against SQL over public data, a published table, or a second reckoning.

    A metric whose parts all have one has one itself: what is left is one line of arithmetic.
    """
    found: dict[str, set[str]] = {}
    for folder in (REAL_DATA, PUBLISHED):
        for path in folder.rglob("test_*.py"):
            if path != Path(__file__):
                for metric in _named_in(path):
                    found.setdefault(metric, set()).add(path.relative_to(TESTS).as_posix())
    for path in SECOND.glob("[!_]*.sql"):
        for metric in re.findall(r"AS (\w+)", path.read_text()):
            found.setdefault(metric, set()).add(path.relative_to(TESTS).as_posix())
    known = {metric: frozenset(paths) for metric, paths in found.items() if metric in METRICS}
    for metric, spec in METRICS.items():
        if metric not in known and isinstance(spec, DerivedMetric):
            parts = [part.metric.id for part in spec.parts.values()]
            if all(part in known for part in parts):
                known[metric] = frozenset(f"by {part}" for part in parts)
    return known


def _named_in(path: Path) -> set[str]:
    """Metrics that a test names as a string; a name that is also a table's counts only where values are asked."""
    text = path.read_text()
    if "measure(" not in text and "cohort_table(" not in text:
        return set()
    names = {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
    return {name for name in names if isinstance(name, str) and name in METRICS and name not in TABLES} | {
        name for name in TABLES if name in METRICS and re.search(rf'\[[^\]]*"{name}"[^\]]*\]', text)
    }


def test_every_metric_is_held_against_something_outside() -> None:
    """Those without are named. A new metric comes with its reference; one that got its own leaves the list."""
    lacking = set(METRICS) - set(references())
    assert lacking == WITHOUT


def test_the_list_of_those_without_only_shrinks() -> None:
    assert len(WITHOUT) <= 26
