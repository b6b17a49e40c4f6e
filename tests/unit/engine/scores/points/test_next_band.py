"""What would lift a subject to the next band, and that it then is there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from crm_rows import at, snapshot
from rapport.engine.crm.as_of import as_known
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.points.next_band import NextBand, next_band

AS_OF = at(2024, 6, 12, 12)
OLD = at(2023, 1, 1)
TEXT = """
name: s
subject: contact
kind: points
range: [0, 100]
bands: [{label: A, from: 60}, {label: B, from: 30}, {label: C, from: 0}]
groups:
  web:
    type: engagement
    limit: {max: 55}
    criteria:
      - name: pricing
        points: 8
        per: {event: page_view, where: {field: url_path, starts_with: /pricing}}
        at_most: {times: 3, per_days: 7}
      - {name: any page, points: 1, per: {event: page_view}}
      - {name: demo, points: 30, once: {event: form_submit, where: {field: form, is: demo}}}
      - {name: meetings, points: {count: {event: meeting}, ranges: [[1, 1, 5], [2, null, 20]]}}
      - {name: quiet, points: -10, when: {no: {event: any, within_days: 30}}}
  bought:
    type: engagement
    criteria:
      - {name: order, points: 50, per: {event: order_placed}}
      - name: colleagues
        points: 3
        when: {related: account.contacts, measure: count, at_least: 1}
"""


def event(days: float, kind: str = "page_view", **more: Any) -> dict[str, Any]:
    when = AS_OF - timedelta(days=days)
    return {"id": f"{kind}-{days}", "contact_id": "c1", "type": kind, "occurred_at": when, "recorded_at": when, **more}


def found(runner: DuckdbRunner, *interactions: dict[str, Any], text: str = TEXT) -> NextBand | None:
    people = [{"id": key, "account_id": "a1", "created_at": OLD} for key in ("c1", "c2")]
    orders = [{"id": "o1", "contact_id": "c2", "ordered_at": OLD, "recorded_at": OLD, "created_at": OLD}]
    tables = {"accounts": [{"id": "a1", "created_at": OLD}], "contacts": people, "orders": orders}
    view = as_known(snapshot(runner, interactions=list(interactions), **tables), AS_OF)
    definition = parse_definition(text)
    return next_band(definition, view, subject_id="c1", runner=runner)  # type: ignore[arg-type]


def test_the_least_of_each_comes_first_with_the_score_it_then_has(runner: DuckdbRunner) -> None:
    told = found(runner, event(1))
    assert told is not None
    assert (told.value, told.band, told.missing) == (4, "B", 26)  # a page and a colleague; nobody else's order
    ways = [(w.event, w.times, w.value, w.reaches) for w in told.ways]
    assert ways == [
        ("form submit (form is demo)", 1, 34, True),
        ("page view (url path starts with /pricing)", 3, 31, True),  # 3 x (8 + 1) and the 4
        ("meeting", 5, 24, False),
        ("page view", 5, 9, False),
    ]


def test_what_ends_a_silence_counts_too(runner: DuckdbRunner) -> None:
    told = found(runner, event(40, "form_submit", properties='{"form":"demo"}'))
    assert told is not None
    assert told.value == 23  # 30 - 10 + 3
    assert {w.event: (w.times, w.value) for w in told.ways}["page view"] == (1, 34)


def test_limits_hold_in_what_might_be(runner: DuckdbRunner) -> None:
    full = [event(n, "form_submit", properties='{"form":"demo"}') for n in (1,)]
    told = found(runner, *full, event(2, "meeting"), event(3, "meeting"))
    assert told is not None
    assert (told.value, told.band) == (53, "A")
    assert [w.value for w in told.ways if w.event.startswith("page view (")] == [58]  # 55 is all that the group gives
    assert not any(w.reaches for w in told.ways)


def test_nobody_is_lifted_above_the_top(runner: DuckdbRunner) -> None:
    assert found(runner, event(1), text=TEXT.replace("from: 60", "from: 1").replace("from: 30", "from: 0.5")) is None


def test_without_bands_there_is_no_next(runner: DuckdbRunner) -> None:
    lines = [line for line in TEXT.splitlines() if not line.startswith("bands")]
    assert found(runner, event(1), text="\n".join(lines)) is None
