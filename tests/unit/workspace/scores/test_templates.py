"""Every template runs on generated data, gives values, and explains them exactly."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from crm_rows import arrow, at
from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.simulation import Simulation, simulate
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.kind import everyone
from rapport.engine.scores.kinds import KINDS
from rapport.workspace.scores.templates import SETS, template_set, templates

NOW = at(2024, 6, 1)
COMPANY = Simulation(contacts=1_200, interactions=15_000, seed=3, end=NOW)
KEYS = [key for key in templates() if not key.startswith("retail")]


def shop() -> dict[str, Any]:
    """A small retailer: 150 customers with habits of their own, eight categories, a year and a half."""
    rng = np.random.default_rng(7)
    born = {"created_at": NOW - timedelta(days=600), "recorded_at": NOW - timedelta(days=600)}
    contacts = [{"id": f"c{n}", "first_name": f"Customer {n}", "account_id": None, **born} for n in range(150)]
    products = [{"id": f"p{n}", "name": f"Product {n}", "category": f"Category {n % 8}", **born} for n in range(24)]
    orders: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    for n in range(150):
        day, pace, gone = 0.0, rng.gamma(2, 12) + 3, rng.exponential(500)
        while (day := day + rng.exponential(pace)) < min(gone, 550):
            when = NOW - timedelta(days=550 - day)
            key = f"o{len(orders)}"
            worth = Decimal(int(rng.integers(5, 60)))
            own = {"contact_id": f"c{n}", "ordered_at": when, "recorded_at": when, "status": "paid", "amount": worth}
            orders.append({"id": key, "currency": "EUR", **own})
            wanted = (n % 8, int(rng.integers(8)))
            lines += [
                {
                    "id": f"{key}-{i}",
                    "order_id": key,
                    "product_id": f"p{c}",
                    "unit_price": worth / 2,
                    "recorded_at": when,
                }
                for i, c in enumerate(wanted)
            ]
    responses = [
        {"id": f"r{n}", "contact_id": f"c{n}", "campaign_id": "k", "responded_at": NOW - timedelta(days=n + 1)}
        | {"added_at": NOW - timedelta(days=200), "recorded_at": NOW - timedelta(days=n + 1)}
        for n in range(40)
    ]
    rows = {"contacts": contacts, "products": products, "orders": orders, "order_lines": lines}
    return {name: arrow(name, found) for name, found in {**rows, "campaign_members": responses}.items()}


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckdbRunner]:
    with DuckdbRunner(threads=2) as runner:
        yield runner


@pytest.fixture(scope="module")
def company(engine: DuckdbRunner) -> Snapshot:
    return Snapshot({name: engine.from_arrow(rows) for name, rows in simulate(COMPANY).items()})


@pytest.fixture(scope="module")
def retailer(engine: DuckdbRunner) -> Snapshot:
    return Snapshot({name: engine.from_arrow(rows) for name, rows in shop().items()})


def _runs(key: str, snapshot: Snapshot, runner: DuckdbRunner) -> None:
    definition, view = parse_definition(templates()[key].document), as_known(snapshot, NOW)
    kind = KINDS[definition.kind]
    scores, run = everyone(kind, definition, view, runner=runner)
    rows = runner.to_arrow(scores).to_pylist()
    known = sorted((row for row in rows if row["value"] is not None), key=lambda r: (-r["value"], r["subject_id"]))
    assert len(known) > 10
    assert len({row["value"] for row in known}) > 1
    unknown = [row for row in rows if row["value"] is None]
    assert all(row["reason_null"] for row in unknown)
    asked = [row["subject_id"] for row in (*known[:2], known[len(known) // 2], known[-1], *unknown[:1])]
    told = kind.explain(definition, view, subject_ids=asked, runner=runner, run=run)
    values = {row["subject_id"]: row["value"] for row in rows}
    for subject, reasons in told.items():
        assert reasons.value == values[subject]
        assert all(line.sentence for line in reasons.lines)
    assert set(told) == set(asked)


@pytest.mark.slow
@pytest.mark.parametrize("key", KEYS)
def test_on_a_generated_software_company(key: str, company: Snapshot, engine: DuckdbRunner) -> None:
    _runs(key, company, engine)


@pytest.mark.slow
@pytest.mark.parametrize("key", [key for key in templates() if key.startswith("retail")])
def test_on_a_generated_shop(key: str, retailer: Snapshot, engine: DuckdbRunner) -> None:
    _runs(key, retailer, engine)


def test_every_set_has_scores_that_say_what_they_are_for() -> None:
    for name in SETS:
        found = template_set(name)
        assert found
        assert all(template.purpose.endswith(".") and template.set == name for template in found)
        names = [parse_definition(template.document).name for template in found]
        assert len(set(names)) == len(names)


def test_small_businesses_need_four_criteria() -> None:
    (only,) = template_set("small-business")
    definition: Any = parse_definition(only.document)
    assert len(list(definition.criteria)) == 4
