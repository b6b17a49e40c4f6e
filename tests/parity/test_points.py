"""Points are the same numbers on DuckDB and on Spark, and those of the reference."""

from __future__ import annotations

import pytest

from crm_rows import snapshot
from points_reference import Reference
from properties.points.company import AS_OF, company
from properties.points.definitions import ACCOUNT, CONTACT, DEAL
from rapport.engine.crm.as_of import as_known
from rapport.engine.runner import Runner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.points.expression import Points


@pytest.mark.parametrize(
    "text",
    [DEAL, ACCOUNT, pytest.param(CONTACT, marks=pytest.mark.slow)],
    ids=["deal", "account", "contact"],
)
def test_every_engine_gives_the_reference_scores(engine: Runner, text: str) -> None:
    definition, tables = parse_definition(text), company(3, contacts=15, interactions=150)
    view = as_known(snapshot(engine, time_zone="Europe/Stockholm", **tables), AS_OF)
    rows = engine.to_arrow(Points(definition, view, engine).scores()).to_pylist()
    expected = Reference(definition, tables, AS_OF, "Europe/Stockholm").scores()
    assert {row["subject_id"]: int(row["value"].scaleb(6)) for row in rows} == {
        subject: told["micro"] for subject, told in expected.items()
    }
