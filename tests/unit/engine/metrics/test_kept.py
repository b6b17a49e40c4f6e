"""Rows that were kept answer as the tables do, for metrics of every kind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.metrics import METRICS, MetricValue, Only, Period
from rapport.engine.metrics.coverage import coverage_of
from rapport.engine.metrics.kept import KeptRows, rows_to_keep
from rapport.engine.metrics.measure import Told
from rapport.engine.metrics.period import Grain
from rapport.engine.metrics.query import Split
from tiny_company import CountingRunner, arrow_rows, drawn_tables, utc, with_history

KINDS = (
    *("orders", "revenue", "active_customers", "purchase_frequency", "repeat_customer_ratio_period", "customers"),
    *("open_deals", "win_rate", "sales_cycle_length", "lead_to_customer_rate", "backlog", "nps", "visits"),
    *("email_opt_ins", "pipeline_coverage"),
)
"""Counts, sums, distinct counts of a period and of a rolling year, a fold, stocks of both kinds, a share, a median,
a cohort, answers of which the newest count, dimensions with rows of their own."""
NOW = utc("2025-03-10 12:00")
MONTHS = Period.last_months(26, until=date(2025, 3, 10)).split(Grain.MONTH)
ASKED = (*MONTHS[-4:], Period(date(2024, 12, 20), date(2025, 1, 12)))
"""Some months, the last of them not over, and days that overlap two of them."""


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckdbRunner]:
    with DuckdbRunner(threads=2) as duckdb:
        yield duckdb


@pytest.fixture(scope="module")
def drawn(engine: DuckdbRunner) -> Snapshot:
    made = with_history(drawn_tables(11), 11)
    tables = {name: engine.from_arrow(arrow_rows(name, rows)) for name, rows in made.items()}
    return Snapshot(tables, time_zone="Europe/Stockholm", currency="EUR")


@pytest.fixture(scope="module")
def kept(drawn: Snapshot, engine: DuckdbRunner) -> KeptRows:
    specs = [spec for metric in KINDS for spec in METRICS[metric].counted]
    found = rows_to_keep(specs, drawn, as_of=NOW, periods=MONTHS, runner=engine)
    tables = {name: engine.cache(rows) for name, rows in found}
    coverage = coverage_of(specs, drawn, as_of=NOW, runner=engine)
    return KeptRows(as_of=NOW, time_zone=drawn.time_zone, coverage=coverage, tables=tables, periods=MONTHS)


Shown = dict[object, tuple[object, ...]]


def told(drawn: Snapshot, runner: DuckdbRunner, kept: KeptRows | None, split: Split) -> Shown:
    metrics = [name for name in KINDS if set(split.dimensions) <= set(METRICS[name].dimensions)]
    found = Told(metrics, drawn, periods=ASKED, as_of=NOW, runner=runner, split=split, kept=kept)
    return {
        (metric, period, group): _shown(found.value(metric, period, group))
        for metric in metrics
        for group in found.groups(metric)
        for period in ASKED
    }


def _shown(value: MetricValue) -> tuple[object, ...]:
    number = None if value.value is None else round(float(value.value), 9)
    return (number, value.n, value.n_missing_amount, value.n_assumed, value.maturity, value.flags, value.reason)


@pytest.mark.slow
@pytest.mark.parametrize(
    "split",
    [Split(), Split(("owner",)), Split(("source",), (Only("country", ("SE", None)),))],
    ids=["whole", "split", "split and filtered"],
)
def test_kept_rows_answer_as_the_tables_do(drawn: Snapshot, engine: DuckdbRunner, kept: KeptRows, split: Split) -> None:
    live = told(drawn, engine, None, split)
    assert sum(1 for shown in live.values() if shown[0]) > 10
    assert told(drawn, engine, kept, split) == live


def test_what_is_kept_needs_no_look_at_coverage(drawn: Snapshot, engine: DuckdbRunner, kept: KeptRows) -> None:
    counting = CountingRunner(engine)
    Told(["orders", "revenue"], drawn, periods=ASKED, as_of=NOW, runner=counting, kept=kept)
    assert counting.queries == 1


def test_a_split_by_segment_goes_to_the_tables(drawn: Snapshot, kept: KeptRows) -> None:
    orders = METRICS["orders"].counted
    assert kept.answers(orders, Split(("channel",)), ASKED)
    assert not kept.answers(orders, Split(("segment",)), ASKED)


def test_a_stock_is_kept_for_the_ends_of_months_only(kept: KeptRows) -> None:
    open_deals = METRICS["open_deals"].counted
    assert kept.answers(open_deals, Split(), MONTHS)
    assert not kept.answers(open_deals, Split(), ASKED)
