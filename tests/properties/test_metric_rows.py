"""What must hold of the rows of every metric, whatever the data: behind a value, and kept for later."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import METRICS, MetricValue, Period, measure
from rapport.engine.metrics.coverage import coverage_of
from rapport.engine.metrics.kept import KeptRows, rows_to_keep
from rapport.engine.metrics.measure import Told
from rapport.engine.metrics.period import Grain
from rapport.engine.metrics.query import Split
from rapport.engine.metrics.relation import SEGMENT
from rapport.engine.metrics.spec import MetricSpec
from tiny_company import Row, arrow_rows, drawn_tables, utc, with_history
from values_from_rows import from_rows

NOW = utc("2025-03-10 12:00")
PERIOD = Period(date(2024, 3, 1), date(2024, 12, 1))
MONTHS = Period.last_months(26, until=date(2025, 3, 10)).split(Grain.MONTH)
ASKED = (*MONTHS[-5:], Period(date(2024, 10, 20), date(2024, 11, 12)))
KEPT = sorted(m for m, spec in METRICS.items() if isinstance(spec, MetricSpec) and spec.relation.kept)
FEW = settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
_SEED = st.integers(0, 10_000)


def some(of: list[str], number: int) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(of), min_size=number, max_size=number, unique=True)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckdbRunner]:
    with DuckdbRunner(threads=2) as duckdb:
        yield duckdb


def drawn(seed: int, engine: DuckdbRunner) -> Snapshot:
    tables = {**with_history(drawn_tables(seed), seed), "segment_memberships": _memberships(seed)}
    made = {name: engine.from_arrow(arrow_rows(name, rows)) for name, rows in tables.items()}
    return Snapshot(made, time_zone="Europe/Stockholm", currency="EUR")


def _memberships(seed: int) -> list[Row]:
    """Stays of people and accounts in segments that overlap, some of them over."""
    draw = random.Random(seed + 3)
    rows: list[Row] = []
    for _ in range(40):
        subject = draw.choice(["contact", "account"])
        day = f"2024-{draw.randrange(1, 7):02}-01"
        rows.append(
            {
                "segment": draw.choice(["loyal", "young", "big"]),
                "subject": subject,
                "subject_id": f"p{draw.randrange(30)}" if subject == "contact" else f"a{draw.randrange(6)}",
                "entered_at": day,
                "left_at": draw.choice([None, f"2024-{draw.randrange(7, 13):02}-15"]),
                "recorded_at": day,
            }
        )
    return rows


@pytest.mark.slow
@FEW
@given(seed=_SEED, metrics=some(sorted(METRICS), 15))
def test_rows_give_the_value_again(engine: DuckdbRunner, seed: int, metrics: list[str]) -> None:
    company = drawn(seed, engine)
    for value in measure(metrics, company, period=PERIOD, as_of=NOW, runner=engine):
        if value.value is None:
            continue
        found = from_rows(METRICS[value.metric], company, engine, period=PERIOD, as_of=NOW)
        assert found == pytest.approx(float(value.value)), value.metric


@pytest.mark.slow
@FEW
@given(seed=_SEED, metrics=some(KEPT, 12), by=st.booleans())
def test_kept_rows_answer_as_the_tables_do(engine: DuckdbRunner, seed: int, metrics: list[str], by: bool) -> None:
    company = drawn(seed, engine)
    specs = [METRICS[metric] for metric in metrics]
    counted = [part for spec in specs for part in spec.counted]
    tables = {
        name: engine.cache(rows)
        for name, rows in rows_to_keep(counted, company, as_of=NOW, periods=MONTHS, runner=engine)
    }
    coverage = coverage_of(counted, company, as_of=NOW, runner=engine)
    kept = KeptRows(as_of=NOW, time_zone=company.time_zone, coverage=coverage, tables=tables, periods=MONTHS)
    for spec in specs:
        split = Split(tuple(sorted(set(spec.dimensions) - {SEGMENT})[:1])) if by else Split()
        live, stored = (
            Told([spec.id], company, periods=ASKED, as_of=NOW, runner=engine, split=split, kept=k) for k in (None, kept)
        )
        assert set(stored.groups(spec.id)) == set(live.groups(spec.id)), spec.id
        for group in live.groups(spec.id):
            for period in ASKED:
                assert _shown(stored.value(spec.id, period, group)) == _shown(live.value(spec.id, period, group))


def _shown(value: MetricValue) -> tuple[object, ...]:
    number = None if value.value is None else round(float(value.value), 6)
    return (value.metric, number, value.n, value.n_missing_amount, value.n_assumed, value.maturity)
