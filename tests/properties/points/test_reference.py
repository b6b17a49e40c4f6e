"""The engine and a row-by-row reading of the definition give the same numbers on random companies."""

from __future__ import annotations

import pytest

from crm_rows import snapshot
from points_reference import Reference
from properties.points.company import AS_OF, company
from properties.points.definitions import ACCOUNT, CONTACT, DEAL
from rapport.engine.crm.as_of import as_known
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.points.expression import Points
from rapport.engine.scores.points.totals import steps

ZONES = ["UTC", "Asia/Kathmandu", "America/New_York", "Europe/Stockholm"]


def anew(text: str, restart: str) -> str:
    """The definition for subjects that begin anew with an event."""
    return text.replace("kind: points\n", f"kind: points\nrestart: {restart}\n", 1)


TEXTS = {
    "contact": CONTACT,
    "account": ACCOUNT,
    "deal": DEAL,
    "contact anew": anew(CONTACT, "{event: form_submit, where: {field: form, is: demo}}"),
    "account anew": anew(ACCOUNT, "{event: deal_lost}"),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize(("seed", "zone"), list(enumerate(ZONES)))
def test_engine_and_reference_agree_on_every_criterion(text: str, seed: int, zone: str) -> None:
    definition, tables = parse_definition(text), company(seed)
    expected = Reference(definition, tables, AS_OF, zone).scores()
    with DuckdbRunner(threads=1) as runner:
        view = as_known(snapshot(runner, time_zone=zone, **tables), AS_OF)
        detailed = Points(definition, view, runner, detail=True)
        rows = {row["subject_id"]: row for row in runner.to_arrow(detailed.explained_rows()).to_pylist()}
        merged = {r["subject_id"]: r for r in runner.to_arrow(Points(definition, view, runner).scores()).to_pylist()}
    assert len(expected) > 5
    assert rows.keys() == expected.keys() == merged.keys()
    criteria, _ = steps(definition, detailed.plan)
    for subject, told in expected.items():
        row = rows[subject]
        found = {c.name: row[s.name] for s, (_, c) in zip(criteria, definition.criteria, strict=True)}
        assert found == told["criteria"], subject
        assert (row["micro"], row["fit"], row["engagement"]) == (told["micro"], told["fit"], told["engagement"])
        assert int(merged[subject]["value"].scaleb(6)) == told["micro"]
        assert int(merged[subject]["fit"].scaleb(6)) == told["fit"]
        assert int(merged[subject]["engagement"].scaleb(6)) == told["engagement"]
