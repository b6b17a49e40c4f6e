"""The rows behind a value give the value again, for every metric."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import ibis.expr.types as ir
import pyarrow as pa
import pytest

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.errors import DefinitionError, MissingTable
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import METRICS, MetricValue, Only, Period, measure, rows
from tiny_company import arrow_rows, drawn_tables, utc, with_history
from values_from_rows import from_rows

NOW = utc("2025-03-01")
PERIOD = Period(date(2024, 3, 1), date(2024, 12, 1))


class ReadOnce(DuckdbRunner):
    """Answers the same question once, however many metrics ask it: the tables do not change."""

    def __init__(self) -> None:
        super().__init__(threads=2)
        self.known: dict[object, pa.Table] = {}

    def to_arrow(self, expression: ir.Table) -> pa.Table:
        question = expression.op()
        if question not in self.known:
            self.known[question] = super().to_arrow(expression)
        return self.known[question]


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckdbRunner]:
    with ReadOnce() as duckdb:
        yield duckdb


@pytest.fixture(scope="module")
def drawn(engine: DuckdbRunner) -> Snapshot:
    made = with_history(drawn_tables(11), 11)
    tables = {name: engine.from_arrow(arrow_rows(name, rows_)) for name, rows_ in made.items()}
    return Snapshot(tables, time_zone="Europe/Stockholm", currency="EUR")


@pytest.fixture(scope="module")
def measured(drawn: Snapshot, engine: DuckdbRunner) -> dict[str, MetricValue]:
    return {v.metric: v for v in measure(list(METRICS), drawn, period=PERIOD, as_of=NOW, runner=engine)}


@pytest.mark.slow
@pytest.mark.parametrize("metric", METRICS)
def test_rows_give_the_value_again(
    metric: str, drawn: Snapshot, engine: DuckdbRunner, measured: dict[str, MetricValue]
) -> None:
    value = measured[metric]
    found = from_rows(METRICS[metric], drawn, engine, period=PERIOD, as_of=NOW)
    assert value.value is not None
    assert found == pytest.approx(float(value.value))


def test_rows_follow_the_filters(drawn: Snapshot, engine: DuckdbRunner) -> None:
    only = [Only("owner", ("u1",))]
    value = measure(["win_rate"], drawn, period=PERIOD, as_of=NOW, runner=engine, filters=only)[0]
    behind = engine.to_arrow(rows("win_rate", drawn, period=PERIOD, as_of=NOW, filters=only)).to_pandas()
    assert set(behind["owner_id"]) == {"u1"}
    assert len(behind) == value.n


def test_rows_of_a_stock_are_those_that_stand_at_the_end(drawn: Snapshot, engine: DuckdbRunner) -> None:
    behind = engine.to_arrow(rows("backlog", drawn, period=PERIOD, as_of=NOW)).to_pandas()
    assert behind["id"].is_unique
    assert (behind["at"] < PERIOD.instants("Europe/Stockholm")[1]).all()


def test_what_is_missing_is_named(drawn: Snapshot) -> None:
    with pytest.raises(DefinitionError, match="cannot be split by or filtered on nothing"):
        rows("win_rate", drawn, period=PERIOD, as_of=NOW, filters=[Only("nothing", ("x",))])
    with pytest.raises(MissingTable, match="deals"):
        rows("win_rate", Snapshot({}), period=PERIOD, as_of=NOW)
