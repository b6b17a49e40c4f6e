"""Metrics that no public data carry, reckoned a second time in hand-written SQL (`sql/`) over a generated company.

Each file answers one question with one column per metric, for the whole, by month and by one dimension. It reads the
tables as they are, and knows nothing of the code that it holds to account.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import METRICS, MetricValue, Period, measure
from rapport.engine.metrics.period import Grain
from rapport.engine.metrics.spec import NullPolicy, Unit
from tiny_company import arrow_rows, drawn_tables, utc

ZONE = "Europe/Stockholm"
NOW = utc("2026-06-01")
YEAR = Period(date(2024, 2, 1), date(2025, 1, 1))
SQL = Path(__file__).parent / "sql"
SEED = 4
NOTHING_HERE = {
    *("backlog_unassigned", "speed_to_lead", "speed_to_lead_calendar", "email_list_growth_rate"),
    *("email_list_growth_rate_without_bounces", "email_list_growth_rate_gross"),
}
"""Metrics that this company has at 0, or none of over the whole time; months and parts do tell."""


@dataclass(frozen=True)
class Reckoning:
    """A file of SQL: its text with `{by}`, and the dimension it splits by with the column that stands for it."""

    name: str
    text: str
    dimension: str | None
    column: str

    @classmethod
    def read(cls, path: Path) -> Reckoning:
        text = path.read_text()
        split = next((line[6:] for line in text.splitlines() if line.startswith("-- by ")), "")
        dimension, _, column = split.partition(": ")
        return cls(path.stem, text, dimension or None, column)


RECKONINGS = [Reckoning.read(path) for path in sorted(SQL.glob("[!_]*.sql"))]
Told = dict[tuple[str, object, object], object]


@dataclass(frozen=True)
class Twice:
    """The same company for both: tables in a plain database, and a snapshot of them."""

    plain: duckdb.DuckDBPyConnection
    snapshot: Snapshot
    engine: DuckdbRunner

    def by_hand(self, reckoning: Reckoning, period: Period, *, split: bool = False) -> dict[object, dict[str, object]]:
        """Column by metric, by part."""
        found = self._asked(reckoning, period, reckoning.column if split else "'all'")
        names = [column[0] for column in found.description][1:]
        return {row[0]: dict(zip(names, row[1:], strict=True)) for row in found.fetchall()}

    def metrics(self, reckoning: Reckoning) -> list[str]:
        return [column[0] for column in self._asked(reckoning, YEAR, "'all'").description][1:]

    def _asked(self, reckoning: Reckoning, period: Period, part: str) -> duckdb.DuckDBPyConnection:
        start, end = period.instants(ZONE)
        given = {"start": start, "end": end, "before": period.previous().instants(ZONE)[0]}
        text = reckoning.text.replace("{by}", part)
        return self.plain.execute(text, {name: at for name, at in given.items() if f"${name}" in text})

    def measured(self, metrics: list[str], *, grain: str | None = None, by: str | None = None) -> list[MetricValue]:
        return measure(
            metrics, self.snapshot, period=YEAR, as_of=NOW, runner=self.engine, grain=grain, by=[by] if by else []
        )


@pytest.fixture(scope="module")
def twice() -> Iterator[Twice]:
    tables = {name: arrow_rows(name, rows) for name, rows in drawn_tables(SEED).items()}
    plain = duckdb.connect()
    plain.sql(f"SET TimeZone = '{ZONE}'")
    for name, rows in tables.items():
        plain.register("given", rows)
        plain.sql(f"CREATE TABLE {name} AS FROM given")
    for statement in (SQL / "_company.sql").read_text().split(";\n"):
        if statement.strip():
            plain.sql(statement)
    with DuckdbRunner(threads=2) as engine:
        made = {name: engine.from_arrow(rows) for name, rows in tables.items()}
        yield Twice(plain, Snapshot(made, time_zone=ZONE, currency="EUR"), engine)


@pytest.fixture(scope="module")
def metrics(twice: Twice) -> dict[str, list[str]]:
    """Which metrics each file reckons."""
    return {r.name: twice.metrics(r) for r in RECKONINGS}


@pytest.fixture(scope="module")
def whole(twice: Twice, metrics: dict[str, list[str]]) -> dict[str, MetricValue]:
    return {v.metric: v for v in twice.measured(_all(metrics))}


@pytest.fixture(scope="module")
def monthly(twice: Twice, metrics: dict[str, list[str]]) -> dict[tuple[str, Period], MetricValue]:
    return {(v.metric, v.period): v for v in twice.measured(_all(metrics), grain="month")}


def _all(metrics: dict[str, list[str]]) -> list[str]:
    return sorted({name for names in metrics.values() for name in names})


def _same(metric: str, value: MetricValue | None, expected: object) -> bool:
    """Counts and sums of nothing may be 0 or unknown; shares and means of nothing are unknown."""
    found = None if value is None or value.value is None else float(value.value)
    reckoned = None if expected is None else float(str(expected))
    if METRICS[metric].null_policy is NullPolicy.ZERO:
        found, reckoned = found or 0.0, reckoned or 0.0
    if found is None or reckoned is None:
        return found is reckoned
    return found == pytest.approx(reckoned, rel=1e-5, abs=1e-3 if METRICS[metric].unit is Unit.AMOUNT else 1e-9)


@pytest.mark.parametrize("reckoning", RECKONINGS, ids=lambda r: r.name)
def test_the_whole(
    reckoning: Reckoning, twice: Twice, metrics: dict[str, list[str]], whole: dict[str, MetricValue]
) -> None:
    expected = twice.by_hand(reckoning, YEAR).get("all", {})
    wrong = {m: (whole[m].value, expected[m]) for m in metrics[reckoning.name] if not _same(m, whole[m], expected[m])}
    assert not wrong
    assert {m for m, value in expected.items() if not value} <= NOTHING_HERE


@pytest.mark.slow
@pytest.mark.parametrize("reckoning", RECKONINGS, ids=lambda r: r.name)
def test_each_month(
    reckoning: Reckoning,
    twice: Twice,
    metrics: dict[str, list[str]],
    monthly: dict[tuple[str, Period], MetricValue],
) -> None:
    wrong = {}
    for month in YEAR.split(Grain.MONTH):
        expected = twice.by_hand(reckoning, month).get("all", {})
        for metric in metrics[reckoning.name]:
            found = monthly[metric, month]
            if not _same(metric, found, expected.get(metric)):
                wrong[metric, month.start] = (found.value, expected.get(metric))
    assert not wrong


@pytest.mark.slow
@pytest.mark.parametrize("reckoning", [r for r in RECKONINGS if r.dimension], ids=lambda r: r.name)
def test_each_part(reckoning: Reckoning, twice: Twice, metrics: dict[str, list[str]]) -> None:
    expected = twice.by_hand(reckoning, YEAR, split=True)
    values = twice.measured(metrics[reckoning.name], by=reckoning.dimension)
    found = {(v.metric, v.dimensions[reckoning.dimension or ""]): v for v in values}
    wrong = {
        (metric, part): (value and value.value, told.get(metric))
        for part in {*expected, *(part for _, part in found)}
        for metric in metrics[reckoning.name]
        for value, told in [(found.get((metric, str(part) if part is not None else None)), expected.get(part, {}))]
        if not _same(metric, value, told.get(metric))
    }
    assert not wrong
    assert expected
