"""Pages of goals: who may set them, what is shown, unknown said as unknown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from rapport.workspace.metrics.goals.asking import today_of
from rapport.workspace.metrics.goals.models import GoalAlert, GoalPlan, GoalReading, Objective
from rapport.workspace.metrics.models import Goal
from rapport.workspace.pages.goals.shown import chance, shown_goals
from small_company import SmallCompany

ANSWERS = {"metric": "revenue", "direction": "at_least", "kind": "value", "target": "50"}


@pytest.fixture(autouse=True)
def _in_that_year() -> Iterator[None]:
    """In the year of what the small company did: it does it at fixed instants."""
    with time_machine.travel(datetime(2026, 11, 2, 10, tzinfo=UTC)):
        yield


@pytest.fixture(autouse=True)
def _lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))
    settings.BASE_CURRENCY = "EUR"


def _answers(**told: str) -> dict[str, str]:
    today = today_of(timezone.now())
    return {
        **ANSWERS,
        "first": today.replace(day=1).isoformat(),
        "last": (today + timedelta(days=90)).isoformat(),
        **told,
    }


def _goal(company: SmallCompany, whose: str = "alice", **reading: Any) -> Goal:
    """A goal of revenue, at least 1,000, as it stood today."""
    now = timezone.now()
    objective, _ = Objective.objects.get_or_create(title="Grow", defaults={"heading": "Financial"})
    goal = Goal.objects.create(
        metric="revenue",
        target=1000.0,
        direction="at_least",
        starts_at=now - timedelta(days=30),
        due_at=now + timedelta(days=30),
        owner=company.people[whose],
        filters={"channel": ["web"]},
    )
    GoalPlan.objects.create(goal=goal, objective=objective, reading="total")
    told = {"value": 400.0, "expected": 500.0, "likely": 800.0, "lower": 700.0, "upper": 950.0, "probability": 0.04}
    GoalReading.objects.create(goal=goal, day=now.date(), computed_at=now, **{"status": "at risk", **told, **reading})
    return goal


class TestRights:
    @pytest.mark.parametrize("address", ["new/", "preview/", "objectives/new/"])
    def test_managers_set_goals_and_members_do_not(self, company: SmallCompany, address: str) -> None:
        assert company.client("alice").get(f"/goals/{address}").status_code == 403
        assert company.client("bob").get(f"/goals/{address}").status_code == 200

    def test_everyone_sees_everyones_goals(self, company: SmallCompany) -> None:
        goal = _goal(company, "ada")
        for who in ("alice", "charlie"):
            assert "Revenue" in company.client(who).get("/goals/").content.decode()
            assert company.client(who).get(f"/goals/{goal.pk}/").status_code == 200

    @pytest.mark.parametrize("what", ["change/", "remove/"])
    def test_a_member_changes_none_not_even_their_own(self, company: SmallCompany, what: str) -> None:
        goal = _goal(company)
        assert company.client("alice").post(f"/goals/{goal.pk}/{what}", _answers()).status_code == 403

    def test_an_alert_is_put_away_by_whom_it_is_for(self, company: SmallCompany) -> None:
        goal = _goal(company)
        alert = GoalAlert.objects.create(
            goal=goal, user=company.people["alice"], reading=goal.readings.get(), raised_at=timezone.now()
        )
        assert company.client("bob").post(f"/goals/alerts/{alert.pk}/seen/").status_code == 404
        assert "slipped" in company.client("alice").get("/today/").content.decode()
        assert company.client("alice").post(f"/goals/alerts/{alert.pk}/seen/").status_code == 200
        assert "slipped" not in company.client("alice").get("/today/").content.decode()


class TestForm:
    def test_makes_a_goal_with_a_new_objective(self, company: SmallCompany) -> None:
        told = _answers(objective="new", new_objective="Grow", heading="Financial", owner=company.people["bob"].pk)
        answer = company.client("bob").post("/goals/new/", told)
        goal = Goal.objects.get()
        assert answer["Location"] == f"/goals/{goal.pk}/"
        assert goal.plan.objective is not None
        assert (goal.target, goal.plan.objective.title, goal.owner) == (50.0, "Grow", company.people["bob"])
        assert goal.readings.count() == 1, "it is measured at once"

    def test_takes_shares_in_per_cent(self, company: SmallCompany) -> None:
        company.client("bob").post("/goals/new/", _answers(metric="win_rate", target="25"))
        goal = Goal.objects.get()
        assert goal.target == 0.25
        page = company.client("bob").get(f"/goals/{goal.pk}/change/").content.decode()
        assert re.search(r'name="target" value="25.0"', page)

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"target": ""}, "required"),
            ({"last": "2020-01-01"}, "ends after it begins"),
            ({"metric": "win_rate", "target": "250"}, "between 0 and 100"),
            ({"kind": "last_year", "target": "10"}, "nothing to change from"),
            ({"dimension": "channel"}, "Choose which part"),
        ],
    )
    def test_says_what_is_wrong(self, company: SmallCompany, wrong: dict[str, str], said: str) -> None:
        answer = company.client("bob").post("/goals/new/", _answers(**wrong))
        assert answer.status_code == 422
        assert said in answer.content.decode()
        assert not Goal.objects.exists()

    def test_a_goal_is_changed_and_removed(self, company: SmallCompany) -> None:
        goal = _goal(company)
        bob = company.client("bob")
        assert bob.post(f"/goals/{goal.pk}/change/", _answers(target="70", title="Seventy")).status_code == 302
        goal.refresh_from_db()
        assert (goal.target, goal.plan.title, goal.filters) == (70.0, "Seventy", None)
        bob.post(f"/goals/{goal.pk}/remove/")
        assert bob.get(f"/goals/{goal.pk}/").status_code == 404
        assert "Seventy" not in bob.get("/goals/").content.decode()

    def test_a_goal_on_several_parts_stays_on_them(self, company: SmallCompany) -> None:
        goal = _goal(company)
        Goal.objects.filter(pk=goal.pk).update(filters={"channel": ["web", "store"], "country": ["SE"]})
        company.client("bob").post(f"/goals/{goal.pk}/change/", _answers(dimension="channel", part="web"))
        goal.refresh_from_db()
        assert goal.filters == {"channel": ["web", "store"], "country": ["SE"]}


class TestPreview:
    def test_shows_the_history_and_what_it_suggests(self, company: SmallCompany) -> None:
        page = company.client("bob").get("/goals/preview/", _answers()).content.decode()
        assert "Now" in page
        assert "6 are needed" in page or "unknown" in page

    def test_brings_the_parts_of_a_metric_when_it_changes(self, company: SmallCompany) -> None:
        headers = {"HX-Trigger-Name": "metric"}
        page = company.client("bob").get("/goals/preview/", _answers(), headers=headers).content.decode()
        assert 'hx-swap-oob="true"' in page
        assert '<option value="channel">' in page
        assert "hx-swap-oob" not in company.client("bob").get("/goals/preview/", _answers()).content.decode()

    @pytest.mark.parametrize("query", [{}, {"metric": "no_such"}, {"metric": "revenue", "first": "x"}])
    def test_of_half_an_answer_asks_for_the_rest(self, company: SmallCompany, query: dict[str, str]) -> None:
        page = company.client("bob").get("/goals/preview/", query).content.decode()
        assert "Choose" in page


class TestPages:
    def test_a_goal_says_how_it_stands_in_words(self, company: SmallCompany) -> None:
        page = company.client("alice").get(f"/goals/{_goal(company).pk}/").content.decode()
        for said in ("€400", "at least €1,000", "at risk", "€700 to €950", "4\u00a0%", "Channel: web", "Alice Test"):
            assert said in page

    def test_the_bar_is_told_in_words(self, company: SmallCompany) -> None:
        (its,) = shown_goals([_goal(company)], now=timezone.now())
        assert its.bar is not None
        assert its.bar.words == "40\u00a0% of the target, 50\u00a0% by now would be on pace"
        assert (its.bar.filled, its.bar.expected) == (40.0, 50.0)

    def test_unknown_is_said_and_not_shown_as_0(self, company: SmallCompany) -> None:
        nothing: dict[str, Any] = dict.fromkeys(("value", "expected", "likely", "lower", "upper", "probability"))
        goal = _goal(company, status="unknown", reason="No sales to count in this period.", **nothing)
        (its,) = shown_goals([goal], now=timezone.now())
        assert (its.bar, its.value, its.chance) == (None, "unknown", "")
        page = company.client("alice").get("/goals/").content.decode()
        assert "No sales to count in this period." in page
        assert "€0" not in page

    def test_a_goal_to_come_says_when_it_begins(self, company: SmallCompany) -> None:
        goal = _goal(company, value=None, expected=None, status="unknown", reason="It begins on 2031-01-01.")
        Goal.objects.filter(pk=goal.pk).update(starts_at=timezone.now() + timedelta(days=9))
        page = company.client("alice").get("/goals/").content.decode()
        assert "It begins on" in page
        assert "2031-01-01" not in page
        assert "4\u00a0% likely to be met" in page

    def test_the_strategy_stands_by_perspective(self, company: SmallCompany) -> None:
        _goal(company)
        Objective.objects.create(title="Be known", heading="Our people")
        page = company.client("alice").get("/goals/strategy/").content.decode()
        assert page.index("Financial") < page.index("Our people") < page.index("Be known")
        assert "€700 to €950" in page

    def test_my_goals_are_mine_and_my_teams(self, company: SmallCompany) -> None:
        mine, theirs, teams = (_goal(company, who) for who in ("alice", "charlie", "ada"))
        GoalPlan.objects.filter(goal=teams).update(team=company.people["alice"].team, title="Of the team")
        GoalPlan.objects.filter(goal=theirs).update(title="Of Charlie")
        GoalPlan.objects.filter(goal=mine).update(title="Of Alice")
        for address in ("/goals/?whose=mine", "/today/"):
            page = company.client("alice").get(address).content.decode()
            assert "Of Alice" in page
            assert "Of the team" in page
            assert "Of Charlie" not in page

    def test_titles_are_escaped(self, company: SmallCompany) -> None:
        goal = _goal(company)
        GoalPlan.objects.filter(goal=goal).update(title="<script>alert(1)</script>")
        for address in ("/goals/", f"/goals/{goal.pk}/", "/goals/strategy/", "/today/"):
            assert "<script>alert" not in company.client("alice").get(address).content.decode()

    def test_the_list_asks_few_questions(self, company: SmallCompany, django_assert_max_num_queries: Any) -> None:
        for _ in range(12):
            _goal(company)
        client = company.client("alice")
        with django_assert_max_num_queries(15):
            client.get("/goals/")

    def test_offers_are_taken_in_one_click(self, company: SmallCompany) -> None:
        bob = company.client("bob")
        assert bob.get("/goals/offers/").status_code == 200
        answer = bob.post("/goals/take/repeat-customers/", {"metric": "repeat_customer_ratio"})
        goal = Goal.objects.get()
        assert answer["Location"] == f"/goals/{goal.pk}/"
        assert goal.plan.title == "30 % repeat customers in the year"
        assert bob.post("/goals/take/repeat-customers/", {"metric": "revenue"}).status_code == 404


@pytest.mark.parametrize(
    ("probability", "said"),
    [
        (None, ""),
        (0.0, "0\u00a0%"),
        (0.004, "under 1\u00a0%"),
        (0.456, "46\u00a0%"),
        (0.997, "over 99\u00a0%"),
        (1.0, "100\u00a0%"),
    ],
)
def test_a_chance_is_never_quite_certain_while_open(probability: float | None, said: str) -> None:
    assert chance(probability) == said
