"""Scoring and explaining only some subjects gives what the full pass gives."""

from __future__ import annotations

import ibis
import pyarrow as pa
import pytest

from crm_rows import snapshot
from properties.points.company import AS_OF, company
from properties.points.definitions import ACCOUNT, CONTACT, DEAL
from rapport.engine.crm.as_of import as_known
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.kinds import KINDS
from rapport.engine.scores.population import population_run


@pytest.mark.parametrize(
    ("text", "prefix"), [(ACCOUNT, "a"), (DEAL, "d"), (CONTACT, "c")], ids=["account", "deal", "contact"]
)
def test_some_subjects_get_what_all_get(runner: DuckdbRunner, text: str, prefix: str) -> None:
    definition, kind = parse_definition(text), KINDS["points"]
    view = as_known(snapshot(runner, time_zone="America/New_York", **company(11)), AS_OF)
    everyone = runner.cache(kind.score(definition, view, runner=runner))
    run = population_run(everyone, score=definition.name, as_of=AS_OF, runner=runner)
    ids = [f"{prefix}{n}" for n in (0, 3, 5)] + ["nobody"]
    subjects = ibis.memtable(pa.table({"subject_id": ids}))
    expected = {r["subject_id"]: r for r in runner.to_arrow(everyone).to_pylist() if r["subject_id"] in ids}
    some = runner.to_arrow(kind.score(definition, view, runner=runner, run=run, subjects=subjects)).to_pylist()
    assert len(expected) > 1
    assert {r["subject_id"]: r for r in some} == expected
    told = kind.explain(definition, view, subject_ids=ids, runner=runner)
    assert {subject: one.value for subject, one in told.items()} == {s: r["value"] for s, r in expected.items()}
