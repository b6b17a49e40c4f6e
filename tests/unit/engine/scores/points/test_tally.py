"""Interactions by stage, and points suggested from them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from crm_rows import at, snapshot
from rapport.engine.crm.as_of import as_known
from rapport.engine.errors import DefinitionError
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.points.spec import PointsDefinition
from rapport.engine.scores.points.tally import tally, tally_of
from rapport.engine.scores.points.tally_suggestions import by_criterion, ready_of, suggest_points, suggested_by
from told_scores import CUT_OFF, DAY, NOW, contacts, order

TEXT = """
name: s
subject: contact
kind: points
range: [0, 100]
ready_at: {enter: 60, leave: 50}
outcome: {event: order_placed, within_days: 30}
stages:
  look: [{event: page_view}]
  talk: [{event: call}, {event: meeting}]
groups:
  g:
    type: engagement
    criteria:
      - {name: view, points: 5, per: {event: page_view}}
      - {name: call, points: 9, per: {event: call}}
      - {name: gone, points: -5, per: {event: meeting}}
      - {name: mail, points: 2, per: {event: email_open}}
"""


@pytest.fixture
def definition() -> PointsDefinition:
    found = parse_definition(TEXT)
    assert isinstance(found, PointsDefinition)
    return found


def touch(who: str, kind: str, when: Any, number: int = 0) -> dict[str, Any]:
    return {
        "id": f"{who}{kind}{when:%m%d}{number}",
        "contact_id": who,
        "type": kind,
        "occurred_at": when,
        "recorded_at": when,
    }


class TestSuggestPoints:
    def test_ready_over_the_average_number_of_interactions(self) -> None:
        """Ready 100 and averages 5 + 3 + 4 give 12 interactions and 8 points each."""
        found = suggest_points(100, {"attention": 5, "interest": 3, "decision": 4})
        assert (found.interactions, found.each) == (12, 8)
        assert set(found.by_stage.values()) == {8}

    def test_a_stage_that_converts_twice_as_often_gives_twice_the_points(self) -> None:
        found = suggest_points(100, {"a": 5, "b": 5}, weights={"a": 1.0, "b": 2.0})
        # 100 = 5 x p + 5 x 2p, so p = 6.67
        assert found.by_stage == {"a": 7, "b": 13}

    def test_an_average_buyer_comes_to_the_ready_score(self) -> None:
        averages = {"a": 7.5, "b": 2.25, "c": 0.5}
        found = suggest_points(10_000, averages, weights={"a": 0.8, "b": 1.7, "c": 3.1})
        assert sum(averages[s] * float(p) for s, p in found.by_stage.items()) == pytest.approx(10_000, abs=6)

    def test_without_interactions_nothing_is_suggested(self) -> None:
        with pytest.raises(DefinitionError, match="no interactions"):
            suggest_points(100, {"a": 0})


class TestTally:
    def test_buyers_count_before_they_bought_and_the_others_lately(
        self, runner: DuckdbRunner, definition: PointsDefinition
    ) -> None:
        bought = CUT_OFF + 10 * DAY
        rows = [touch("a", "page_view", bought - 3 * DAY, n) for n in range(4)]
        rows += [touch("a", "page_view", bought + DAY), touch("a", "page_view", bought - 100 * DAY)]
        rows += [
            touch("b", "call", bought - DAY),
            touch("c", "meeting", NOW - DAY),
            touch("c", "page_view", NOW - 95 * DAY),
        ]
        orders = [order("a", bought), order("b", bought)]
        snap = snapshot(runner, contacts=contacts(["a", "b", "c", "d"]), interactions=rows, orders=orders)
        found = tally(definition, snap, now=NOW, runner=runner, cut_offs=[CUT_OFF])
        assert (found.buyers, found.others) == (2, 2)
        means = {s.stage: (s.buyers_mean, s.others_mean) for s in found.stages}
        # a saw four pages before, b had one call; the page after and the one 100 days before do not count
        assert means == {"look": (2.0, 0.0), "talk": (0.5, 0.5)}

    def test_conversion_by_stage_is_of_what_was_known_at_the_cut_off(
        self, runner: DuckdbRunner, definition: PointsDefinition
    ) -> None:
        rows = [touch(who, "page_view", CUT_OFF - DAY) for who in ("a", "b", "c")]
        rows += [{**touch("d", "page_view", CUT_OFF - DAY), "recorded_at": CUT_OFF + DAY}]
        orders = [order("a", CUT_OFF + DAY), order("d", CUT_OFF + DAY)]
        snap = snapshot(runner, contacts=contacts(["a", "b", "c", "d"]), interactions=rows, orders=orders)
        look, talk = tally(definition, snap, now=NOW, runner=runner, cut_offs=[CUT_OFF]).stages
        assert look.converted is not None and look.others_converted is not None  # noqa: PT018
        assert (look.converted.events, look.converted.n) == (1, 3)
        assert (look.others_converted.events, look.others_converted.n) == (1, 1)
        assert talk.converted is not None
        assert talk.converted.rate is None

    def test_one_persons_journey(self, runner: DuckdbRunner, definition: PointsDefinition) -> None:
        rows = [touch("a", "page_view", NOW - DAY), touch("a", "call", NOW - DAY), touch("b", "call", NOW - DAY)]
        snap = snapshot(runner, contacts=contacts(["a", "b", "c"]), interactions=rows)
        found = tally_of(definition, as_known(snap, NOW), ["a", "c"], runner=runner)
        assert found == {"a": {"look": 1, "talk": 1}, "c": {"look": 0, "talk": 0}}


def test_criteria_get_the_points_of_their_stage(runner: DuckdbRunner, definition: PointsDefinition) -> None:
    rows = [touch("a", "page_view", CUT_OFF, n) for n in range(5)] + [touch("a", "call", CUT_OFF)]
    snap = snapshot(runner, contacts=contacts(["a"]), interactions=rows, orders=[order("a", CUT_OFF + DAY)])
    suggested = suggested_by(tally(definition, snap, now=NOW, runner=runner), ready=ready_of(definition))
    assert [(s.criterion, s.stage, s.now, s.suggested) for s in by_criterion(definition, suggested)] == [
        ("view", "look", Decimal(5), Decimal(10)),
        ("call", "talk", Decimal(9), Decimal(10)),
    ]


def test_a_stage_of_an_event_that_is_none_is_refused() -> None:
    with pytest.raises(DefinitionError):
        parse_definition(TEXT.replace("{event: meeting}", "{event: meeting, where: {field: occurred_at, is: x}}"))


def test_time_before_the_first_row_is_no_error(runner: DuckdbRunner, definition: PointsDefinition) -> None:
    snap = snapshot(runner, contacts=contacts(["a"]), interactions=[touch("a", "call", NOW)])
    assert tally_of(definition, as_known(snap, at(2020, 1, 1)), ["a"], runner=runner) == {"a": {"look": 0, "talk": 0}}
