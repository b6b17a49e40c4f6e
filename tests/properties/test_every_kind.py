"""What holds of every kind of score: any day can be told again, and a few subjects are scored as all are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from every_kind import COMPANY, NOW, TEMPLATES, definition_of
from rapport.engine.crm.as_of import as_known
from rapport.engine.crm.simulation import simulate
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.kind import everyone
from rapport.engine.scores.kinds import KINDS
from rapport.engine.scores.population import PopulationRun

pytestmark = pytest.mark.slow
THEN = NOW - timedelta(days=45)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckdbRunner]:
    with DuckdbRunner(threads=2) as runner:
        yield runner


@pytest.fixture(scope="module")
def rows() -> dict[str, pa.Table]:
    return simulate(COMPANY)


def known_by(rows: dict[str, pa.Table], at: Any) -> dict[str, pa.Table]:
    """What a company that stopped at an instant would have: later rows were never written."""
    limit = pa.scalar(at, pa.timestamp("us", "UTC"))
    return {name: table.filter(pc.less_equal(table["recorded_at"], limit)) for name, table in rows.items()}


def opened(rows: dict[str, pa.Table], engine: DuckdbRunner) -> Snapshot:
    return Snapshot({name: engine.from_arrow(table) for name, table in rows.items()})


def told(rows: pa.Table) -> dict[str, dict[str, Any]]:
    return {row["subject_id"]: row for row in rows.to_pylist()}


@pytest.mark.parametrize("kind", TEMPLATES)
def test_a_past_day_is_scored_as_it_was_scored_then_and_a_few_as_all_are(
    kind: str, rows: dict[str, pa.Table], engine: DuckdbRunner
) -> None:
    definition = definition_of(kind)
    then = as_known(opened(known_by(rows, THEN), engine), THEN)
    scores, run = everyone(KINDS[kind], definition, then, runner=engine)
    recorded = told(engine.to_arrow(scores))
    assert sum(row["value"] is not None for row in recorded.values()) > 3

    now = as_known(opened(rows, engine), THEN)
    again, run_again = everyone(KINDS[kind], definition, now, runner=engine)
    assert told(engine.to_arrow(again)) == recorded
    assert run_again.to_json() == run.to_json()

    few = sorted(recorded, key=lambda key: (recorded[key]["value"] is None, key))[:: max(1, len(recorded) // 7)]
    subjects = engine.from_arrow(pa.table({"subject_id": few}))
    kept = PopulationRun.from_json(run.to_json())  # as it is stored
    found = KINDS[kind].score(definition, now, runner=engine, run=kept, subjects=subjects)
    assert told(engine.to_arrow(found)) == {key: recorded[key] for key in few}
    reasons = KINDS[kind].explain(definition, now, subject_ids=few, runner=engine, run=kept)
    assert {key: told.value for key, told in reasons.items()} == {key: recorded[key]["value"] for key in few}
