"""Companies made of a few rows, and a runner that counts its queries."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from tiny_company import Company, CountingRunner, Rows, arrow_rows


@pytest.fixture
def company(runner: DuckdbRunner) -> Company:
    """Makes a snapshot: `company(deals=[{...}], time_zone="Europe/Stockholm")`."""

    def make(
        *, time_zone: str = "UTC", currency: str = "EUR", settings: Mapping[str, object] | None = None, **tables: Rows
    ) -> Snapshot:
        made = {name: runner.from_arrow(arrow_rows(name, rows)) for name, rows in tables.items()}
        return Snapshot(made, time_zone=time_zone, currency=currency, settings=dict(settings or {}))

    return make


@pytest.fixture
def counting(runner: DuckdbRunner) -> CountingRunner:
    return CountingRunner(runner)
