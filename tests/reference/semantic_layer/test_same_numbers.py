"""Tools of others tell the same numbers from what Rapport exports as Rapport itself.

boring-semantic-layer, MetricFlow and plain SQL read nothing but the exported files (tests/outside).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ossie_schema import OSSIE_SCHEMA
from outside_readers import MONTHS, NOW, differences, read
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.execution.semantic_folder import Asked, SemanticFolder, write_semantic_layer
from rapport.engine.metrics import METRICS, Period, measure
from rapport.engine.metrics.period import Grain
from tiny_company import arrow_rows, drawn_tables, with_history

ROOMS = ("marketing", "sales", "customers", "retention", "service")
# one of each kind: ratio, percentile, distinct, level, newest answer per person, period before, of several datasets
FEW = ("win_rate", "sales_cycle_length_p90", "backlog", "nps", "leads", "lead_velocity", "cac_marketing")


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckdbRunner]:
    with DuckdbRunner(threads=2) as duckdb:
        yield duckdb


@pytest.fixture(scope="module")
def drawn(engine: DuckdbRunner) -> Snapshot:
    made = with_history(drawn_tables(11), 11)
    tables = {name: engine.from_arrow(arrow_rows(name, rows)) for name, rows in made.items()}
    return Snapshot(tables, time_zone="Europe/Stockholm", currency="EUR")


def export(folder: Path, metrics: Sequence[str], drawn: Snapshot, engine: DuckdbRunner) -> SemanticFolder:
    asked = Asked(metrics=[METRICS[m] for m in metrics], as_of=NOW, periods=MONTHS, grain=Grain.MONTH)
    return write_semantic_layer(folder, asked, drawn, runner=engine)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory, drawn: Snapshot, engine: DuckdbRunner) -> Path:
    folder = tmp_path_factory.mktemp("few")
    export(folder, FEW, drawn, engine)
    return folder


@pytest.fixture(scope="module")
def found(few: Path) -> dict[str, Any]:
    return read(few, by_quarter=["backlog", "marketing_cost"])


class TestFew:
    def test_the_definitions_are_valid(self, found: dict[str, Any]) -> None:
        assert found["verdict"]["errors"] == []
        assert found["verdict"]["semantic_models"] == 6

    def test_all_readers_tell_the_same_numbers(
        self, found: dict[str, Any], drawn: Snapshot, engine: DuckdbRunner
    ) -> None:
        assert set(found["answers"]["boring"]) >= set(FEW)
        assert set(found["answers"]["metricflow"]) >= set(FEW)
        assert set(found["answers"]["ossie"]) >= set(FEW) - {"lead_velocity", "cac_marketing"}
        assert differences(found, drawn, engine) == []

    def test_a_level_of_a_quarter_is_that_of_its_end_and_costs_add_up(
        self, found: dict[str, Any], drawn: Snapshot, engine: DuckdbRunner
    ) -> None:
        whole = Period(date(2024, 4, 1), date(2024, 10, 1))
        values = measure(["backlog", "marketing_cost"], drawn, period=whole, as_of=NOW, runner=engine, grain="quarter")
        assert len(values) == 4
        for value in values:
            quarters = found["answers"]["metricflow"][value.metric]["quarters"]
            assert value.value is not None
            assert quarters[value.period.start.isoformat()] == pytest.approx(float(value.value))

    def test_the_ossie_file_keeps_to_the_schema(self, few: Path) -> None:
        document = json.loads((few / "OSI/rapport_metrics.json").read_text())
        jsonschema.Draft202012Validator(OSSIE_SCHEMA).validate(document)
        assert document["version"] == "0.1.1"

    def test_what_ossie_cannot_tell_is_named(self, few: Path) -> None:
        lost = json.loads((few / "not_exported.json").read_text())["ossie"]
        assert {one["metric"]: one["reason"].split(",")[0] for one in lost if one["what"] == "metric"} == {
            "lead_velocity": "It needs the period before",
            "cac_marketing": "It is made of several datasets",
        }


@pytest.mark.slow
@pytest.mark.parametrize("room", ROOMS)
def test_every_metric_of_a_room(room: str, drawn: Snapshot, engine: DuckdbRunner, tmp_path: Path) -> None:
    asked = [metric.id for metric in METRICS.values() if metric.room == room]
    written = export(tmp_path, asked, drawn, engine)
    told = read(tmp_path)
    assert told["verdict"]["errors"] == []
    assert set(written.told["metricflow"]) <= set(told["answers"]["metricflow"])
    assert len(written.told["metricflow"]) > 0.9 * len(asked)
    assert differences(told, drawn, engine) == []
    jsonschema.Draft202012Validator(OSSIE_SCHEMA).validate(
        json.loads((tmp_path / "OSI/rapport_metrics.json").read_text())
    )
