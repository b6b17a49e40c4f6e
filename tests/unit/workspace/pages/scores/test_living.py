"""Pages of a score while it lives: watching, shadow runs, holdouts, capacity, and publishing against a doubt."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from rapport.workspace.actions.holdout import Wanted, start
from rapport.workspace.actions.models import HoldoutPlan, TeamCapacity
from rapport.workspace.queue.models import Job
from rapport.workspace.scores.definitions import create_draft, live
from rapport.workspace.scores.models import CurrentScore, ScoreCheck, ScoreDefinition, ScoreRelease, Shadow
from rapport.workspace.scores.previews import Crossing, Effect, effect
from rapport.workspace.scores.releases import publish
from rapport.workspace.scores.runs import run_score
from rapport.workspace.scores.shadow import start as start_shadow
from rapport.workspace.team.models import Team
from small_company import SmallCompany

DOCUMENT = """
name: interest
title: Interest in us
subject: contact
kind: points
range: [0, 100]
bands: [{label: A, from: 10}, {label: C, from: 0}]
outcome: {event: meeting, within_days: 30, repeatable: true}
groups: {visits: {type: engagement, criteria: [{name: visit, points: 10, per: {event: page_view}}]}}
"""
DRAFT = DOCUMENT.replace("page_view", "call")
DRIFT = {
    "name": "the score",
    "psi": 0.4,
    "bound": 0.05,
    "then_mean": 20.0,
    "now_mean": 9.0,
    "bins": [
        {"lower": None, "upper": 10.0, "then": 0.5, "now": 0.8},
        {"lower": 10.0, "upper": None, "then": 0.5, "now": 0.2},
    ],
}
FINDINGS = [
    {"about": "drift of the score", "level": "alarm", "sentence": "The score is another.", "figures": {"drift": DRIFT}},
    {"about": "ranking", "level": "ok", "sentence": "It ranks as promised.", "figures": {"now": {"value": 0.71}}},
    {
        "about": "drift of visit",
        "level": "watch",
        "sentence": "Visit moved.",
        "figures": {"drift": {**DRIFT, "name": "visit"}},
    },
]


@pytest.fixture(autouse=True)
def _lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))


@pytest.fixture
def interest(company: SmallCompany) -> ScoreDefinition:
    return publish(create_draft(document=DOCUMENT, by="ada"), by="ada", reason="first", override="no history yet")


@pytest.fixture
def alarmed(interest: ScoreDefinition) -> ScoreCheck:
    now = timezone.now()
    for days, level in ((1, "ok"), (0, "alarm")):
        found = ScoreCheck.objects.create(
            score="interest", version=1, checked_at=now - timedelta(days=days), level=level, findings=FINDINGS
        )
    return found


class TestWatching:
    @pytest.mark.parametrize("address", ["/scores/", "/scores/interest/", "/scores/interest/watch/", "/"])
    def test_an_alarm_is_seen_wherever_the_score_is(
        self, company: SmallCompany, alarmed: ScoreCheck, address: str
    ) -> None:
        page = company.client("alice").get(address, follow=True).content.decode()
        assert "The score is another." in page
        assert address.endswith("watch/") or "/scores/interest/watch/" in page

    def test_inputs_have_a_table_of_their_own(self, company: SmallCompany, alarmed: ScoreCheck) -> None:
        context = company.client("alice").get("/scores/interest/watch/").context
        assert [f.about for f in context["findings"]] == ["drift of the score", "ranking"]
        assert [f.drift["name"] for f in context["inputs"]] == ["visit"]
        assert [(look.auc, look.psi) for look in context["looks"]] == [(0.71, 0.4), (0.71, 0.4)]

    def test_before_the_first_look_it_says_what_will_be_looked_at(
        self, company: SmallCompany, interest: ScoreDefinition
    ) -> None:
        assert "Not looked at yet" in company.client("alice").get("/scores/interest/watch/").content.decode()

    def test_looking_now_is_a_job_for_those_who_may_change_scores(
        self, company: SmallCompany, interest: ScoreDefinition
    ) -> None:
        assert company.client("alice").post("/scores/interest/look/").status_code == 403
        company.client("bob").post("/scores/interest/look/")
        assert list(Job.objects.values_list("name", "args")) == [("monitor", {"score": "interest"})]

    def test_a_page_takes_at_most_25_queries(
        self, company: SmallCompany, alarmed: ScoreCheck, django_assert_max_num_queries: Any
    ) -> None:
        client = company.client("bob")
        with django_assert_max_num_queries(25):
            assert client.get("/scores/interest/watch/").status_code == 200

    def test_a_score_that_is_not_live_is_not_watched(self, company: SmallCompany) -> None:
        assert company.client("ada").get("/scores/nothing/watch/").status_code == 404


class TestShadow:
    def test_is_begun_and_ended_on_its_page(self, company: SmallCompany, interest: ScoreDefinition) -> None:
        create_draft(document=DRAFT, by="bob")
        client = company.client("bob")
        client.post("/scores/interest/2/shadow/start/")
        assert "No run since it began" in client.get("/scores/interest/2/shadow/").content.decode()
        client.post("/scores/interest/2/shadow/stop/", {"why": "seen enough"})
        assert Shadow.objects.values_list("stopped_by", "ended").get() == ("Bob Test", "seen enough")

    def test_is_not_for_salespeople(self, company: SmallCompany, interest: ScoreDefinition) -> None:
        create_draft(document=DRAFT, by="bob")
        for address in ("/scores/interest/2/shadow/", "/scores/interest/2/shadow/fates/"):
            assert company.client("alice").get(address).status_code == 403
        assert company.client("alice").post("/scores/interest/2/shadow/start/").status_code == 403

    def test_shows_how_the_two_differ_once_both_were_scored(
        self, company: SmallCompany, interest: ScoreDefinition
    ) -> None:
        create_draft(document=DRAFT, by="bob")
        start_shadow("interest", 2, by="bob")
        run_score("interest")
        client = company.client("bob")
        context = client.get("/scores/interest/2/shadow/").context
        assert context["newest"].both == CurrentScore.objects.count() == 3
        assert "Too early" in client.get("/scores/interest/2/shadow/fates/").content.decode()


class TestHoldout:
    def test_is_begun_by_who_may_publish(self, company: SmallCompany, interest: ScoreDefinition) -> None:
        told = {"share": "20", "days": "60", "spared": "A", "least": "2.5", "cost": "4", "why": "to know"}
        assert company.client("bob").post("/scores/interest/holdout/start/", told).status_code == 403
        company.client("ada").post("/scores/interest/holdout/start/", told)
        plan = HoldoutPlan.objects.get()
        assert (plan.held_out, plan.by_band, plan.least_effect, plan.cost) == (0.2, {"A": 0.0}, 0.025, Decimal(4))
        assert plan.ends_at - plan.started_at == timedelta(days=60)

    def test_what_makes_no_test_is_refused_in_words(self, company: SmallCompany, interest: ScoreDefinition) -> None:
        for told in ({"share": "90", "days": "60"}, {"share": "many", "days": "60"}):
            page = company.client("ada").post("/scores/interest/holdout/start/", told, follow=True).content.decode()
            assert "does not make a test" in page or "A number is needed" in page
        assert not HoldoutPlan.objects.exists()

    def test_compares_and_says_when_it_is_too_early(self, company: SmallCompany, interest: ScoreDefinition) -> None:
        plan = start(Wanted(score="interest", held_out=0.2, days=60), by="ada", now=timezone.now())
        client = company.client("bob")
        client.post("/scores/interest/holdout/compare/", {"plan": plan.pk})
        page = client.get("/scores/interest/holdout/").content.decode()
        assert "Too early: no window is over yet" in page
        assert company.client("alice").get("/scores/interest/holdout/").status_code == 403

    def test_stopping_needs_a_reason(self, company: SmallCompany, interest: ScoreDefinition) -> None:
        plan = start(Wanted(score="interest", held_out=0.2, days=60), by="ada", now=timezone.now())
        client = company.client("ada")
        client.post("/scores/interest/holdout/stop/", {"plan": plan.pk, "why": " "})
        plan.refresh_from_db()
        assert plan.stopped_at is None
        client.post("/scores/interest/holdout/stop/", {"plan": plan.pk, "why": "the season is over"})
        plan.refresh_from_db()
        assert plan.ended == "the season is over"


class TestCapacity:
    def test_is_said_by_team(self, company: SmallCompany) -> None:
        team = Team.objects.get(name="North")
        company.client("bob").post("/scores/capacity/", {"team": team.pk, "per_week": "150"})
        assert TeamCapacity.objects.values_list("team", "per_week", "set_by").get() == (team.pk, 150, "Bob Test")
        assert "150" in company.client("bob").get("/scores/capacity/").content.decode()
        assert company.client("alice").get("/scores/capacity/").status_code == 403

    def test_the_effect_of_publishing_is_held_against_it(self) -> None:
        found = Effect(
            crossings=[Crossing(label="A", now=188, then=600), Crossing(label="B", now=900, then=488)],
            up_count=412,
            down_count=0,
            null_count=0,
            most_moved=[],
            capacity=150,
        )
        assert found.against_capacity == (
            "412 more A; the team works 150 a week, so the 600 in A are 4.0 weeks of work."
        )

    def test_the_preview_says_it(self, company: SmallCompany, interest: ScoreDefinition) -> None:
        run_score("interest")
        TeamCapacity.objects.create(per_week=1, set_by="ada")
        page = company.client("bob").post("/scores/effect/", {"document": DRAFT}).content.decode()
        assert "the team works 1 a week" in page

    def test_moves_are_counted_from_band_to_band(self, company: SmallCompany, interest: ScoreDefinition) -> None:
        run_score("interest")
        CurrentScore.objects.update(band="A")
        nobody = DOCUMENT.replace("page_view", "webinar")
        assert [(m.now, m.then, m.count) for m in effect(nobody, now=timezone.now()).moves] == [("A", "C", 3)]


class TestPublishing:
    def test_against_a_doubt_asks_why(self, company: SmallCompany, interest: ScoreDefinition) -> None:
        draft = create_draft(document=DRAFT, by="bob")
        draft.backtest = {
            "verdict": "It ranks the wrong way round.",
            "event": "meeting",
            "within_days": 30,
            "conversion": {"events": 10, "n": 40, "rate": 0.25},
            "score": {"auc": {"value": 0.4, "low": 0.3, "high": 0.45}, "deciles": []},
        }
        draft.backtested_at = timezone.now()
        draft.save()
        client = company.client("ada")
        assert "Why all the same?" in client.get("/scores/interest/2/").content.decode()
        client.post("/scores/interest/2/publish/", {"reason": "new"})
        assert live("interest") == interest
        client.post("/scores/interest/2/publish/", {"reason": "new", "override": "to try"})
        assert live("interest") == draft
        assert ScoreRelease.objects.filter(override="to try").exists()
