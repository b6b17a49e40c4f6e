"""The example in the README gives the number that it says."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import rapport.engine.scores.points
from crm_rows import at, snapshot
from rapport.engine.crm.as_of import as_known
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.kinds import KINDS

README = Path(rapport.engine.scores.points.__file__).with_name("README.md")
MONDAY = at(2024, 6, 10, 17)
OLD = at(2023, 1, 1)


def test_the_worked_example_gives_seventy_four(runner: DuckdbRunner) -> None:
    found = re.search(r"```yaml\n(.*?)```", README.read_text(), re.DOTALL)
    assert found is not None
    form = {"type": "form_submit", "properties": '{"form":"demo"}', "occurred_at": at(2024, 5, 11, 9)}
    visits = [
        {"type": "page_view", "url_path": "/pricing", "occurred_at": at(2024, 6, 10, hour)} for hour in (8, 9, 10, 16)
    ]
    view = as_known(
        snapshot(
            runner,
            contacts=[{"id": "c1", "account_id": "a1", "created_at": OLD}],
            accounts=[{"id": "a1", "industry": "Software", "employees": 200, "created_at": OLD}],
            deals=[
                {"id": "d1", "account_id": "a1", "status": "won", "amount": Decimal(12_000), "created_at": OLD},
                {"id": "d2", "account_id": "a1", "status": "open", "amount": Decimal(1), "created_at": OLD},
            ],
            interactions=[{"id": f"i{n}", "contact_id": "c1", **row} for n, row in enumerate([form, *visits])],
        ),
        MONDAY,
    )
    rows = KINDS["points"].score(parse_definition(found[1]), view, runner=runner)
    [row] = runner.to_arrow(rows).to_pylist()
    assert (row["value"], row["fit"], row["engagement"]) == (Decimal(74), Decimal(30), Decimal(44))
    assert (row["band"], row["matrix"], row["percentile"], row["reason_null"]) == ("A", "A1", 50.0, None)
