"""Goals as they are kept: written to the table `goals`, measured, told of once when they slip."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rapport.engine.errors import DefinitionError
from rapport.engine.metrics.goals import Direction
from rapport.workspace.crm.lake import open_snapshot, publish
from rapport.workspace.crm.records.changes import write
from rapport.workspace.metrics.goals import keeping
from rapport.workspace.metrics.goals.examples import EXAMPLES, draft_of, offers
from rapport.workspace.metrics.goals.keeping import refresh_goals
from rapport.workspace.metrics.goals.models import GoalAlert, GoalPlan, GoalReading, Objective
from rapport.workspace.metrics.goals.writing import Draft, remove_goal, save_goal, save_objective
from rapport.workspace.metrics.models import Goal
from small_company import SmallCompany

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))
    settings.BASE_CURRENCY = "EUR"
    settings.REPORTING_TIME_ZONE = "Europe/Stockholm"


@pytest.fixture
def orders() -> None:
    """10 on each day of the 200 before, 7 of them in the store, 3 on the web."""
    long_ago = NOW - timedelta(days=400)
    write("contacts", [{"id": "kim", "first_name": "Kim", "recorded_at": long_ago}], source="shop", by="shop", at=NOW)
    rows = []
    for days in range(200):
        for amount, channel in ((7, "store"), (3, "web")):
            at = NOW - timedelta(days=days, hours=1)
            row = {
                "id": f"o{days}{channel}",
                "contact_id": "kim",
                "ordered_at": at,
                "recorded_at": at,
                "created_at": at,
            }
            rows.append({**row, "amount": Decimal(amount), "currency": "EUR", "channel": channel, "status": "paid"})
    assert not write("orders", rows, source="shop", by="shop", at=NOW).refused


def _draft(target: float | None = 1000.0, **told: Any) -> Draft:
    told = {"metric": "revenue", "direction": Direction.AT_LEAST, **told}
    return Draft(target=target, **{"first": date(2026, 6, 1), "last": date(2026, 6, 30), **told})


def _saved(target: float | None = 1000.0, **told: Any) -> Goal:
    return save_goal(_draft(target, **told), by="ada", now=NOW)


class TestWriting:
    def test_a_goal_is_a_row_of_the_table_and_due_when_its_last_day_ends(self) -> None:
        goal = _saved(filters={"channel": ["web"]}, title="Web")
        publish()
        with open_snapshot(tables=["goals"]) as (snapshot, runner):
            (row,) = runner.to_arrow(snapshot.tables["goals"]).to_pylist()
        assert (row["metric"], row["target"], row["direction"]) == ("revenue", 1000.0, "at_least")
        assert row["starts_at"] == datetime(2026, 5, 31, 22, tzinfo=UTC)
        assert row["due_at"] == datetime(2026, 6, 30, 22, tzinfo=UTC)
        assert "web" in str(row["filters"])
        assert goal.plan.title == "Web"

    def test_a_change_is_set_against_the_days_before(self, orders: None) -> None:
        goal = _saved(None, change=0.1, baseline="before")
        assert goal.plan.baseline == pytest.approx(310)  # whole months before whole months: May, 10 a day
        assert goal.target == pytest.approx(341)

    def test_a_change_on_nothing_is_refused(self, orders: None) -> None:
        with pytest.raises(DefinitionError, match="nothing to change from"):
            _saved(None, change=0.1)
        assert not Goal.objects.exists()

    @pytest.mark.parametrize(
        "wrong",
        [
            {"metric": "no_such"},
            {"filters": {"stage": ["x"]}},
            {"last": date(2026, 5, 1)},
            {"metric": "win_rate", "target": 20.0},
            {"target": None},
        ],
    )
    def test_what_cannot_be_a_goal_is_refused(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(DefinitionError):
            _saved(**wrong)

    def test_a_goal_on_another_metric_begins_anew(self, orders: None) -> None:
        goal = _saved()
        refresh_goals(now=NOW)
        save_goal(_draft(metric="orders"), goal=goal, by="ada", now=NOW)
        assert GoalPlan.objects.get().reading == ""
        assert not GoalReading.objects.exists()

    def test_an_objective_needs_a_title(self) -> None:
        with pytest.raises(DefinitionError):
            save_objective(title=" ")


class TestMeasuring:
    def test_counts_whole_days_and_keeps_one_reading_a_day(self, orders: None) -> None:
        goal = _saved(290.0)
        assert refresh_goals(now=NOW) == refresh_goals(now=NOW) == 1
        reading = GoalReading.objects.get(goal=goal)
        assert reading.value == 29 * 10  # up to yesterday
        assert (reading.day, reading.status) == (date(2026, 6, 30), "reached")
        assert reading.expected == pytest.approx(290 * 29 / 30)

    def test_tells_where_it_may_end(self, orders: None) -> None:
        goal = _saved(600.0, first=date(2026, 6, 1), last=date(2026, 7, 31))
        refresh_goals(now=NOW)
        reading = goal.readings.get()
        assert reading.likely == pytest.approx(610, rel=0.03)
        assert (reading.lower or 0) < (reading.likely or 0) < (reading.upper or 0)
        plan = GoalPlan.objects.get()
        assert plan.shown is not None
        assert plan.reading == "total"
        assert plan.shown["course"][0] == ["2026-06-01", 0.0]
        assert plan.shown["pace"][-1] == ["2026-08-01", 600.0]

    def test_of_a_part_counts_that_part(self, orders: None) -> None:
        goal = _saved(filters={"channel": ["web"]})
        refresh_goals(now=NOW)
        assert goal.readings.get().value == 29 * 3

    def test_what_no_source_tells_is_unknown_and_not_0(self, orders: None) -> None:
        goal = _saved(0.5, metric="win_rate")
        refresh_goals(now=NOW)
        reading = goal.readings.get()
        assert (reading.value, reading.status) == (None, "unknown")
        assert reading.reason

    def test_leaves_out_imported_goals_that_lack_something_and_those_long_over(self, orders: None) -> None:
        Goal.objects.create(metric="revenue", target=1.0, due_at=NOW)
        Goal.objects.create(metric="no_such", target=1.0, starts_at=NOW - timedelta(days=9), due_at=NOW)
        _saved(first=date(2025, 1, 1), last=date(2025, 12, 31))
        assert refresh_goals(now=NOW) == 0

    def test_an_imported_goal_may_be_due_at_any_time_of_its_last_day(self, orders: None) -> None:
        starts, due = datetime(2026, 6, 1, 7, tzinfo=UTC), datetime(2026, 6, 14, 16, tzinfo=UTC)
        goal = Goal.objects.create(metric="revenue", target=140.0, starts_at=starts, due_at=due)
        refresh_goals(now=NOW)
        assert (goal.readings.get().value, goal.readings.get().status) == (140.0, "reached")

    def test_after_its_last_day_it_is_reached_or_missed(self, orders: None) -> None:
        missed, reached = (_saved(target, last=date(2026, 6, 14)) for target in (141.0, 140.0))
        refresh_goals(now=NOW)
        told = {r.goal_id: (r.status, r.day) for r in GoalReading.objects.all()}
        assert told == {missed.pk: ("missed", date(2026, 6, 15)), reached.pk: ("reached", date(2026, 6, 15))}


class TestSlipping:
    def _refreshed(self, goal: Goal, status: str, probability: float | None, *, days: int) -> int:
        """How many alerts there are after a day on which the goal stood like this."""
        plan = GoalPlan.objects.get(goal=goal)
        day = NOW + timedelta(days=days)
        reading = GoalReading.objects.create(
            goal=goal, day=day.date(), status=status, probability=probability, computed_at=day
        )
        keeping._tell_of_slip(goal, plan, reading, now=day)
        plan.save()
        return GoalAlert.objects.count()

    def test_is_told_once_and_again_only_after_it_recovered(self, company: SmallCompany) -> None:
        goal = _saved(owner=company.people["alice"].pk)
        course = [("on track", 0.7), ("at risk", 0.45), ("missed", 0.1), ("on track", 0.55), ("at risk", 0.4)]
        told = [self._refreshed(goal, *step, days=day) for day, step in enumerate(course)]
        assert told == [0, 1, 1, 1, 1]  # 55 % is no recovery
        again = [
            self._refreshed(goal, *step, days=9 + day)
            for day, step in enumerate([("on track", 0.65), ("at risk", 0.3)])
        ]
        assert again == [1, 2]

    def test_is_told_to_the_owner_and_the_team(self, company: SmallCompany) -> None:
        people = company.people
        goal = _saved(owner=people["charlie"].pk, team=people["alice"].team_id)
        self._refreshed(goal, "on track", 0.7, days=0)
        self._refreshed(goal, "at risk", 0.2, days=1)
        assert {alert.user.username for alert in GoalAlert.objects.all()} == {"alice", "bob", "charlie"}

    def test_of_a_goal_at_risk_from_the_first_day_is_told_when_it_is_missed(self, company: SmallCompany) -> None:
        goal = _saved(owner=company.people["alice"].pk)
        course = [("at risk", 0.3), ("at risk", 0.2), ("missed", 0.0), ("missed", 0.0)]
        assert [self._refreshed(goal, *step, days=day) for day, step in enumerate(course)] == [0, 0, 1, 1]

    def test_ends_with_the_goal(self, company: SmallCompany) -> None:
        goal = _saved(owner=company.people["alice"].pk)
        self._refreshed(goal, "on track", 0.7, days=0)
        assert self._refreshed(goal, "at risk", 0.2, days=1) == 1
        remove_goal(goal, by="ada", now=NOW)
        assert not GoalAlert.objects.exists()
        assert refresh_goals(now=NOW) == 0

    def test_is_told_by_the_nightly_measuring(self, company: SmallCompany, orders: None) -> None:
        goal = _saved(5000.0, owner=company.people["alice"].pk)
        GoalReading.objects.create(goal=goal, day=date(2026, 6, 20), status="on track", computed_at=NOW)
        refresh_goals(now=NOW)
        refresh_goals(now=NOW)
        assert [a.user.username for a in GoalAlert.objects.all()] == ["alice"]


class TestExamples:
    def test_are_offered_where_their_metric_has_a_value_until_they_are_taken(self, orders: None) -> None:
        found = {o.example.key: o for o in offers(now=NOW)}
        assert "opens" not in found
        offer = found["repeat-customers"]
        assert offer.value == 1.0
        goal = save_goal(draft_of(offer.example, offer.metric, owner="", now=NOW), by="ada", now=NOW)
        assert (goal.target, goal.plan.title) == (0.3, "30 % repeat customers in the year")
        assert goal.plan.objective == Objective.objects.get(title="Customers who come back")
        assert "repeat-customers" not in [o.example.key for o in offers(now=NOW)]

    def test_are_those_of_the_field(self) -> None:
        targets = {e.key: e.target for e in EXAMPLES}
        assert targets == {
            "lifetime-value": 1200,
            "repeat-customers": 0.3,
            "key-customers": 0.25,
            "opens": 0.2,
            "clicks": 0.05,
            "valid-records": 0.9,
        }
