"""One interaction at a time or all in one batch, in any order: the same scores, and lines that add up."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_rows import arrow
from properties.points.company import AS_OF
from rapport.engine.crm.as_of import AsOf, as_known
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.explanation import Explanation
from rapport.engine.scores.points.explain import explain
from rapport.engine.scores.points.expression import Points
from rapport.engine.scores.points.spec import PointsDefinition

DEFINITION = parse_definition("""
name: stream
subject: contact
kind: points
range: [0, 40]
bands: [{label: A, from: 20}, {label: B, from: 5}, {label: C, from: 0}]
groups:
  doing:
    type: engagement
    limit: {max: 30}
    decay: {half_life_days: 7}
    criteria:
      - name: pricing
        points: 7
        per: {event: page_view, where: {field: url_path, starts_with: /pricing}}
        at_most: {times: 2, per_days: 7}
      - {name: pages, points: 0.3, per: {event: page_view}}
      - {name: demo, points: 11, once: {event: form_submit, within_days: 20}}
      - {name: visits, points: {count: {event: page_view, within_days: 10}, ranges: [[1, 2, 2], [3, null, 5]]}}
      - {name: quiet, points: -3, when: {no: {event: any, within_days: 10}}}
""")
CONTACTS = ("c0", "c1", "c2")
Arrival = dict[str, Any]


@st.composite
def streams(draw: st.DrawFn) -> list[Arrival]:
    """Interactions in the order in which they arrive: late, out of order, some delivered twice."""
    made = draw(
        st.lists(
            st.tuples(
                st.sampled_from(CONTACTS),
                st.sampled_from(["page_view", "page_view", "form_submit"]),
                st.sampled_from(["/pricing", "/docs", None]),
                st.integers(0, 30 * 24),
            ),
            min_size=1,
            max_size=14,
        )
    )
    events = [
        {
            "id": f"i{n}",
            "message_id": f"m{n}",
            "contact_id": contact,
            "type": kind,
            "url_path": path,
            "occurred_at": AS_OF - timedelta(hours=hours),
            "recorded_at": AS_OF - timedelta(hours=min(hours, n)),
        }
        for n, (contact, kind, path, hours) in enumerate(made)
    ]
    again = [{**events[n], "id": f"again{n}"} for n in draw(st.sets(st.integers(0, len(events) - 1), max_size=4))]
    return list(draw(st.permutations([*events, *again])))


class Intake:
    """Keeps what arrives; a message that came before is not stored again."""

    def __init__(self) -> None:
        self.rows: list[Arrival] = []
        self.seen: set[str] = set()

    def take(self, arrivals: Sequence[Arrival]) -> list[str]:
        """The contacts touched by what is new."""
        new = []
        for row in arrivals:
            if row["message_id"] not in self.seen:
                self.seen.add(row["message_id"])
                new.append(row)
        self.rows += new
        return sorted({row["contact_id"] for row in new})


def view_of(runner: DuckdbRunner, interactions: Sequence[Arrival]) -> AsOf:
    contacts = [{"id": c, "created_at": AS_OF - timedelta(days=90)} for c in CONTACTS]
    tables = {"contacts": arrow("contacts", contacts), "interactions": arrow("interactions", interactions)}
    return as_known(
        Snapshot({name: ibis.memtable(rows) for name, rows in tables.items()}, time_zone="Asia/Kathmandu"), AS_OF
    )


def scores(runner: DuckdbRunner, view: AsOf, subjects: Sequence[str] | None) -> dict[str, tuple[Decimal, str]]:
    assert isinstance(DEFINITION, PointsDefinition)
    some = None if subjects is None else ibis.memtable(pa.table({"subject_id": list(subjects)}))
    rows = runner.to_arrow(Points(DEFINITION, view, runner, some).scores()).to_pylist()
    return {row["subject_id"]: (row["value"], row["band"]) for row in rows}


@pytest.mark.slow
@settings(max_examples=5, deadline=None)
@given(stream=streams(), seed=st.integers(0, 10**6))
def test_arrivals_one_by_one_and_all_at_once_give_the_same_scores(stream: list[Arrival], seed: int) -> None:
    with DuckdbRunner(threads=1) as runner:
        intake = Intake()
        kept = scores(runner, view_of(runner, []), None)
        for arrival in stream:
            touched = intake.take([arrival])
            if touched:
                kept |= scores(runner, view_of(runner, intake.rows), touched)
        shuffled = random.Random(seed).sample(intake.rows, len(intake.rows))
        assert kept == scores(runner, view_of(runner, shuffled), None)


@settings(max_examples=10, deadline=None)
@given(stream=streams())
def test_lines_add_up_to_the_score_as_computed_and_as_shown(stream: list[Arrival]) -> None:
    assert isinstance(DEFINITION, PointsDefinition)
    with DuckdbRunner(threads=1) as runner:
        intake = Intake()
        intake.take(stream)
        view = view_of(runner, intake.rows)
        told = explain(DEFINITION, view, subject_ids=CONTACTS, runner=runner)
        found = scores(runner, view, None)
    assert told.keys() == set(CONTACTS)
    for subject, explanation in told.items():
        assert explanation.value == found[subject][0]
        assert _sum(explanation) == explanation.value
        assert sum(line.points for line in explanation.shown_lines) == explanation.shown_value
        assert explanation.value - explanation.shown_value < Decimal("0.01")


def _sum(explanation: Explanation) -> Decimal:
    return sum((line.points for line in explanation.lines), Decimal(0))
