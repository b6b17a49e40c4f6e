"""RFM on random streams of purchases."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_rows import at, snapshot
from rapport.engine.crm.as_of import as_known
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.kinds import KINDS
from told_scores import contacts, order

pytestmark = pytest.mark.slow

NOW = at(2024, 6, 1, 12)
PEOPLE = ["a", "b", "c", "d", "e"]
RFM = parse_definition("{name: rfm, subject: contact, kind: rfm}")
FIXED = parse_definition(
    "{name: rfm, subject: contact, kind: rfm, thresholds:"
    " {recency: [3, 20, 60, 90], frequency: [1, 2, 4, 6], monetary: [5, 20, 50, 100]}}"
)
HALF_FIXED = parse_definition(
    "{name: rfm, subject: contact, kind: rfm, thresholds: {recency: [3, 20, 60, 90]}, weights:"
    " {recency: 70, frequency: 30, monetary: 0}}"
)

Bought = tuple[str, int, int]  # who, hours ago, cents

streams = st.lists(st.tuples(st.sampled_from(PEOPLE), st.integers(0, 2400), st.integers(0, 5000)), max_size=25)
few = settings(max_examples=12, deadline=None)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckdbRunner]:
    with DuckdbRunner(threads=2) as runner:
        yield runner


def rows(runner: DuckdbRunner, stream: list[Bought], rule: Any = RFM, shift: timedelta = timedelta()) -> dict[str, Any]:
    orders = [
        order(who, NOW + shift - timedelta(hours=hours), amount=Decimal(cents) / 100) | {"id": f"o{n}"}
        for n, (who, hours, cents) in enumerate(stream)
    ]
    snap = snapshot(runner, contacts=contacts(PEOPLE), orders=orders)
    view = as_known(snap, NOW + shift)
    run = KINDS["rfm"].population(rule, view, runner=runner)
    told = KINDS["rfm"].explain(rule, view, subject_ids=PEOPLE, runner=runner, run=run)
    found = runner.to_arrow(KINDS["rfm"].score(rule, view, runner=runner, run=run)).to_pylist()
    return {row["subject_id"]: (row, told[row["subject_id"]]) for row in found}


@few
@given(stream=streams)
def test_lines_add_up_and_values_keep_the_range(engine: DuckdbRunner, stream: list[Bought]) -> None:
    bought = {who for who, _, _ in stream}
    for who, (row, told) in rows(engine, stream).items():
        assert (row["value"] is None) == (who not in bought)
        assert row["value"] == told.value
        if row["value"] is not None:
            assert 0 <= row["value"] <= 100
            assert sum(line.points for line in told.lines) == row["value"]
            assert row["matrix"] is not None


@few
@given(stream=streams, seed=st.integers(0, 99))
def test_the_order_of_rows_changes_nothing(engine: DuckdbRunner, stream: list[Bought], seed: int) -> None:
    turned = random.Random(seed).sample(stream, len(stream))
    assert rows(engine, stream) == rows(engine, turned)


@few
@given(stream=streams, weeks=st.integers(-40, 40))
def test_shifting_all_dates_changes_nothing(engine: DuckdbRunner, stream: list[Bought], weeks: int) -> None:
    assert rows(engine, stream) == rows(engine, stream, shift=timedelta(weeks=weeks))


@few
@given(
    amounts=st.lists(st.none() | st.integers(0, 5000), min_size=0, max_size=70),
    rule=st.sampled_from([RFM, FIXED, HALF_FIXED]),
)
def test_all_at_once_gives_what_each_gives_against_the_run(
    engine: DuckdbRunner, amounts: list[int | None], rule: Any
) -> None:
    people = [f"c{n}" for n in range(40)]
    orders = [
        order(people[n % 37], NOW - timedelta(hours=n * n), amount=None if cents is None else Decimal(cents) / 100)
        for n, cents in enumerate(amounts)
    ]
    view = as_known(snapshot(engine, contacts=contacts(people), orders=orders), NOW)
    run = KINDS["rfm"].population(rule, view, runner=engine)
    found = [
        sorted(engine.to_arrow(told).to_pylist(), key=lambda row: str(row["subject_id"]))
        for told in (
            KINDS["rfm"].score(rule, view, runner=engine),
            KINDS["rfm"].score(rule, view, runner=engine, run=run),
        )
    ]
    assert found[0] == found[1]


@few
@given(stream=streams, who=st.sampled_from(PEOPLE), hours=st.integers(0, 2400), cents=st.integers(0, 5000))
def test_another_purchase_never_lowers_the_score(
    engine: DuckdbRunner, stream: list[Bought], who: str, hours: int, cents: int
) -> None:
    before, _ = rows(engine, stream, FIXED)[who]
    after, _ = rows(engine, [*stream, (who, hours, cents)], FIXED)[who]
    assert after["value"] >= (before["value"] or 0)
