"""Machines among the interactions, and scores told anew once they are found."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crm_rows import at, snapshot
from rapport.engine.crm.as_of import as_known, as_restated
from rapport.engine.crm.machines import MachineRules, find_machines
from rapport.engine.crm.simulation import Simulation, simulate
from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.scores.definition import parse_definition
from rapport.engine.scores.points.kind import PointsKind

SENT = at(2024, 3, 1, 9)
NOW = at(2024, 3, 20)


def row(key: str, kind: str, seconds: float, who: str = "a", **more: Any) -> dict[str, Any]:
    when = SENT + timedelta(seconds=seconds)
    return {"id": key, "contact_id": who, "type": kind, "occurred_at": when, "recorded_at": when, **more}


def found(runner: DuckdbRunner, *rows: dict[str, Any], **how: Any) -> dict[str, str]:
    snap = snapshot(runner, interactions=rows)
    return {m.interaction_id: m.rule for m in find_machines(snap, now=NOW, runner=runner, **how)}


class TestFindMachines:
    def test_opens_and_clicks_within_seconds_of_the_mail(self, runner: DuckdbRunner) -> None:
        rows = [
            row("s", "email_sent", 0),
            row("o", "email_open", 3),
            row("c", "email_click", 10),
            row("late", "email_click", 11),
            row("other", "email_click", 3, who="b"),
        ]
        assert found(runner, *rows) == {"o": "seconds", "c": "seconds"}

    def test_a_mail_of_another_campaign_does_not_make_a_click_quick(self, runner: DuckdbRunner) -> None:
        rows = [
            row("old", "email_sent", -9_000, campaign_id="spring"),
            row("new", "email_sent", 0, campaign_id="summer"),
            row("c", "email_click", 4, campaign_id="spring"),
        ]
        assert found(runner, *rows) == {}

    def test_all_links_of_a_mail_at_once(self, runner: DuckdbRunner) -> None:
        rows = [row("s", "email_sent", 0)]
        rows += [row(f"c{i}", "email_click", 600 + i, url=f"https://x.example/{i}") for i in range(3)]
        rows += [row("twice", "email_click", 600.5, url="https://x.example/0")]
        rows += [row("person", "email_click", 900, url="https://x.example/1")]
        assert set(found(runner, *rows)) == {"c0", "c1", "c2", "twice"}

    def test_two_links_or_three_in_a_minute_are_a_person(self, runner: DuckdbRunner) -> None:
        rows = [row(f"c{i}", "email_click", 600 + 20 * i, url=f"https://x.example/{i}") for i in range(3)]
        assert found(runner, *rows) == {}
        assert len(found(runner, *rows, rules=MachineRules(links_seconds=40))) == 3

    def test_agents_that_name_themselves(self, runner: DuckdbRunner) -> None:
        rows = [
            row("g", "page_view", 0, properties='{"user_agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}'),
            row("h", "page_view", 0, properties='{"userAgent": "HeadlessChrome/120"}'),
            row("p", "page_view", 0, properties='{"user_agent": "Mozilla/5.0 Firefox/130.0"}'),
            row("n", "page_view", 0),
        ]
        assert found(runner, *rows) == {"g": "agent", "h": "agent"}

    def test_since_looks_only_at_what_is_new_with_what_came_before_it(self, runner: DuckdbRunner) -> None:
        rows = [row("s", "email_sent", 0), row("o", "email_open", 2), row("c", "email_click", 9)]
        assert found(runner, *rows, since=SENT + timedelta(seconds=5)) == {"c": "seconds"}

    def test_without_interactions_there_are_none(self, runner: DuckdbRunner) -> None:
        assert find_machines(Snapshot({}), now=NOW, runner=runner) == []

    def test_scanners_of_the_simulated_company_are_found_and_hardly_anybody_else(self, runner: DuckdbRunner) -> None:
        end = at(2025, 1, 1)
        tables = simulate(Simulation(contacts=400, interactions=20_000, seed=5, end=end, history=False))
        snap = Snapshot({"interactions": runner.from_arrow(tables["interactions"])})
        told = {m.interaction_id for m in find_machines(snap, now=end, runner=runner)}
        flags = tables["interaction_flags"].to_pylist()
        true = {f["interaction_id"] for f in flags if f["by"] != "known robot"}  # robots on pages have no agent there
        assert len(true) > 50
        assert len(true - told) == 0
        assert len(told - true) <= 0.02 * len(told)


def test_history_is_scored_anew_as_restated_and_stays_as_known(runner: DuckdbRunner) -> None:
    definition = parse_definition(
        """
        {name: s, subject: contact, kind: points, range: [0, 100], groups: {g: {type: engagement,
        criteria: [{name: click, points: 10, per: {event: email_click}}]}}}
        """
    )
    rows = [row("s", "email_sent", 0), row("c", "email_click", 2), row("p", "email_click", 7_200)]
    person = {"id": "a", "created_at": at(2024, 1, 1), "recorded_at": at(2024, 1, 1)}
    plain = snapshot(runner, contacts=[person], interactions=rows)
    flags = [
        {
            "id": f"f{i}",
            "interaction_id": m.interaction_id,
            "flag": "bot",
            "value": True,
            "created_at": NOW,
            "recorded_at": NOW,
        }
        for i, m in enumerate(find_machines(plain, now=NOW, runner=runner))
    ]
    told = snapshot(runner, contacts=[person], interactions=rows, interaction_flags=flags)
    past = at(2024, 3, 10)

    def value(view: Any) -> int:
        return int(runner.to_arrow(PointsKind().score(definition, view, runner=runner))["value"][0].as_py())

    before, known, restated = (value(v) for v in (as_known(plain, past), as_known(told, past), as_restated(told, past)))
    assert (before, known, restated) == (20, 20, 10)
    assert value(as_known(told, NOW)) == 10


@pytest.mark.parametrize("rule", ["seconds", "at once", "agent"])
def test_every_finding_says_why(runner: DuckdbRunner, rule: str) -> None:
    rows = [
        row("s", "email_sent", 0),
        row("c", "email_click", 2),
        row("g", "page_view", 0, properties='{"user_agent":"x bot"}'),
    ]
    rows += [row(f"l{i}", "email_click", 60, url=f"/{i}") for i in range(3)]
    told = {m.rule: m.evidence for m in find_machines(snapshot(runner, interactions=rows), now=NOW, runner=runner)}
    assert any(char.isdigit() for char in told[rule]) or "bot" in told[rule]
