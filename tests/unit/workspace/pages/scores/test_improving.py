"""Pages where a score is improved: lint, suggestions, feedback, HubSpot; who may do what, and what is shown to whom."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from rapport.workspace.crm.records.models import Interaction
from rapport.workspace.queue.models import Job, JobState
from rapport.workspace.scores import feedback
from rapport.workspace.scores.definitions import create_draft
from rapport.workspace.scores.findings import fingerprint
from rapport.workspace.scores.models import CurrentScore, ScoreDefinition, ScoreFeedback
from rapport.workspace.scores.releases import publish
from small_company import SmallCompany

DOCUMENT = """
name: interest
title: Interest in us
subject: contact
kind: points
range: [0, 100]
bands: [{label: A, from: 60}, {label: C, from: 0}]
outcome: {event: meeting, within_days: 30, repeatable: true}
groups: {visits: {type: engagement, criteria: [{name: visit, points: 10, per: {event: page_view}}]}}
"""
SHARE = {"events": 3, "n": 9, "rate": 0.33, "low": 0.1, "high": 0.6}
FINDING = {"code": "never_fires", "criterion": "visit", "severity": "warning", "sentence": "For none.", "evidence": {}}
LINT = {
    "subjects": 3,
    "cut_offs": ["2026-01-01"],
    "findings": [{**FINDING, "what_to_do": "Take it out."}],
    "criteria": [
        {"name": "visit", "group": "visits", "fired_count": 0, "fired_share": 0.0, "variance_share": None}
        | {"converted": SHARE, "others_converted": SHARE}
    ],
}
AUC = {"value": 0.7, "low": 0.6, "high": 0.8}
EFFECT = {"auc": AUC, "change": {"value": 0.02, "low": -0.01, "high": 0.05}, "lift": 2.0, "lift_before": 1.5}
LEARNED = {
    "criterion": "visit",
    "part": None,
    "label": "",
    "present": "10",
    "suggested": "14",
    "low": "11",
    "high": "17",
}
SUGGESTED = {
    "tally": {"buyers": 4, "look_back_days": 90, "stages": [{"stage": "look", "buyers_mean": 3, "others_mean": 1}]},
    "ready": "60",
    "interactions": 6.0,
    "each": "10",
    "criteria": [{"criterion": "visit", "stage": "look", "now": "10", "suggested": "8"}],
    "effect": None,
    "learned": {
        "suggestions": [{**LEARNED, "n": 90, "events": 9, "sure": True, "alone": EFFECT}],
        "untold": [],
        "present": EFFECT,
        "accepted": EFFECT,
        "n": 100,
        "event_count": 10,
        "forward": True,
    },
}


@pytest.fixture(autouse=True)
def _lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))


@pytest.fixture
def interest(company: SmallCompany) -> ScoreDefinition:
    version = publish(create_draft(document=DOCUMENT, by="ada"), by="ada", reason="it helps", override="a test")
    for number, value in enumerate((80, 40, 10)):
        now = timezone.now()
        CurrentScore.objects.create(
            score="interest",
            version=1,
            subject="contact",
            subject_id=f"contact-{number}",
            value=Decimal(value),
            band="A" if value >= 60 else "C",
            as_of=now,
            computed_at=now,
            run_id="run",
        )
    return version


def found(version: ScoreDefinition, task: str, result: dict[str, Any]) -> None:
    Job.objects.create(
        name=task,
        args={"score": version.name, "version": version.version},
        state=JobState.DONE,
        ended_at=timezone.now(),
        result={**result, "document": fingerprint(version.document)},
    )


PAGES = ("1/lint/", "1/suggestions/", "feedback/", "1/hubspot/")


class TestPages:
    @pytest.mark.parametrize("page", PAGES)
    @pytest.mark.parametrize("filled", [False, True])
    def test_a_page_is_there_with_and_without_results_in_at_most_25_queries(
        self,
        company: SmallCompany,
        interest: ScoreDefinition,
        page: str,
        filled: bool,
        django_assert_max_num_queries: Any,
    ) -> None:
        if filled:
            found(interest, "lint_score", LINT)
            found(interest, "suggest_points", SUGGESTED)
            feedback.give(interest, "contact-0", verdict="hotter", by="alice", at=timezone.now(), reason="Asked twice")
        client = company.client("bob")
        with django_assert_max_num_queries(25):
            answer = client.get(f"/scores/interest/{page}")
        assert answer.status_code == 200
        assert "Interest in us" in answer.content.decode()

    def test_findings_are_shown_with_what_to_do(self, company: SmallCompany, interest: ScoreDefinition) -> None:
        found(interest, "lint_score", LINT)
        page = company.client("alice").get("/scores/interest/1/lint/").content.decode()
        assert "For none." in page
        assert "Take it out." in page
        assert "Look again" not in page  # members look, managers ask

    def test_members_may_not_start_work_nor_accept(self, company: SmallCompany, interest: ScoreDefinition) -> None:
        client = company.client("alice")
        for page in ("lint/run/", "suggestions/run/", "suggestions/accept/"):
            assert client.post(f"/scores/interest/1/{page}").status_code == 403
        assert client.get("/scores/import/hubspot/").status_code == 403
        assert not Job.objects.filter(name__in=["lint_score", "suggest_points"]).exists()

    def test_a_manager_asks_and_the_job_is_followed(self, company: SmallCompany, interest: ScoreDefinition) -> None:
        client = company.client("bob")
        answer = client.post("/scores/interest/1/lint/run/", headers={"HX-Request": "true"})
        assert "Waiting for a worker" in answer.content.decode()
        assert Job.objects.get(name="lint_score").args == {"score": "interest", "version": 1}
        assert "Waiting for a worker" in client.get("/scores/interest/1/lint/").content.decode()


class TestAccept:
    @pytest.mark.parametrize(("source", "given", "points"), [("tally", "8", "8"), ("learned", "", "14")])
    def test_what_is_ticked_becomes_a_draft(
        self, company: SmallCompany, interest: ScoreDefinition, source: str, given: str, points: str
    ) -> None:
        found(interest, "suggest_points", SUGGESTED)
        sent = {"source": source, "take": "0", "points-0": given}
        answer = company.client("bob").post("/scores/interest/1/suggestions/accept/", sent)
        assert answer.headers["Location"] == "/scores/interest/2/"
        draft = ScoreDefinition.objects.get(version=2)
        assert (draft.state, f"points: {points}" in (draft.document or "")) == ("draft", True)
        assert ScoreDefinition.objects.get(version=1).document == DOCUMENT

    def test_people_may_write_other_points(self, company: SmallCompany, interest: ScoreDefinition) -> None:
        found(interest, "suggest_points", SUGGESTED)
        sent = {"source": "tally", "take": "0", "points-0": "9,5"}
        company.client("bob").post("/scores/interest/1/suggestions/accept/", sent)
        assert "points: 9.5" in (ScoreDefinition.objects.get(version=2).document or "")

    @pytest.mark.parametrize(
        "sent",
        [
            {"source": "tally"},
            {"source": "tally", "take": "7"},
            {"source": "x"},
            {"source": "tally", "take": "0", "points-0": "many"},
        ],
    )
    def test_what_cannot_be_is_told_and_makes_no_draft(
        self, company: SmallCompany, interest: ScoreDefinition, sent: dict[str, str]
    ) -> None:
        found(interest, "suggest_points", SUGGESTED)
        answer = company.client("bob").post("/scores/interest/1/suggestions/accept/", sent, follow=True)
        assert [m.level_tag for m in answer.context["messages"]] == ["error"]
        assert ScoreDefinition.objects.count() == 1


class TestFeedback:
    def test_a_word_is_given_where_the_score_is_shown(self, company: SmallCompany, interest: ScoreDefinition) -> None:
        sent = {"verdict": "colder", "reason": "Left the company"}
        answer = company.client("alice").post("/scores/feedback/interest/contact-0/give/", sent)
        assert "You said <strong>colder</strong>" in answer.content.decode()
        kept = ScoreFeedback.objects.get()
        assert (kept.subject_id, kept.verdict, kept.reason, kept.by) == (
            "contact-0",
            "colder",
            "Left the company",
            "Alice Test",
        )

    def test_not_of_a_record_that_one_may_not_see(self, company: SmallCompany, interest: ScoreDefinition) -> None:
        client = company.client("alice")
        assert client.get("/scores/feedback/interest/contact-1/").status_code == 404
        answer = client.post("/scores/feedback/interest/contact-1/give/", {"verdict": "hotter"})
        assert answer.status_code == 404
        assert not ScoreFeedback.objects.exists()

    def test_a_verdict_that_is_none_is_refused(self, company: SmallCompany, interest: ScoreDefinition) -> None:
        answer = company.client("alice").post("/scores/feedback/interest/contact-0/give/", {"verdict": "meh"})
        assert answer.status_code == 422

    def test_words_on_records_of_others_are_counted_but_not_shown(
        self, company: SmallCompany, interest: ScoreDefinition
    ) -> None:
        for number, who in enumerate(("alice", "charlie")):
            feedback.give(interest, f"contact-{number}", verdict="accepted", by=who, at=timezone.now())
        for name, seen in (("alice", ["Åsa Berg"]), ("charlie", ["Ben Bergman"]), ("ada", ["Ben Bergman", "Åsa Berg"])):
            page = company.client(name).get("/scores/interest/feedback/")
            assert [who for _, who, _ in page.context["words"]] == seen
            assert page.context["report"].all.agreed.n == 2


class TestHubspot:
    def test_out_as_a_file_and_in_as_a_draft_with_what_differs(
        self, company: SmallCompany, interest: ScoreDefinition
    ) -> None:
        client = company.client("bob")
        out = client.get("/scores/interest/1/hubspot.json")
        assert out.headers["Content-Disposition"] == 'attachment; filename="interest-1-hubspot.json"'
        document = json.loads(out.content)
        assert document["groupConfigs"][0]["groupCategory"] == "INTENT"
        answer = client.post("/scores/import/hubspot/", {"text": out.content.decode()})
        drafted = answer.context["drafted"].draft
        assert (drafted.name, drafted.state) == ("interest_in_us", "draft")

    def test_what_is_no_score_is_told(self, company: SmallCompany) -> None:
        answer = company.client("bob").post("/scores/import/hubspot/", {"text": "{}"})
        assert answer.status_code == 422
        assert "not the JSON of a HubSpot lead score" in answer.content.decode()


class TestJourney:
    def test_a_record_is_shown_beside_what_buyers_did(self, company: SmallCompany, interest: ScoreDefinition) -> None:
        stages = [{"stage": "decision", "buyers_mean": 2.5, "others_mean": 0.1}]
        found(interest, "suggest_points", {**SUGGESTED, "tally": {**SUGGESTED["tally"], "stages": stages}})  # type: ignore[dict-item]
        now = timezone.now()
        Interaction.objects.create(
            id="m", contact_id="contact-0", type="meeting", occurred_at=now, recorded_at=now, created_at=now
        )
        answer = company.client("alice").get("/scores/tally/interest/contact-0/")
        told = {s.stage: (s.count, s.buyers_mean) for s in answer.context["stages"]}
        assert told == {"attention": (0, None), "interest": (0, None), "decision": (1, 2.5)}
        assert company.client("alice").get("/scores/tally/interest/contact-1/").status_code == 404
