"""Score pages: what is shown to whom, reasons of a record, drafts and decisions."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from rapport.engine.scores.explanation import Explanation, Line
from rapport.workspace.pages.frame.badges import score_html
from rapport.workspace.queue.models import Job
from rapport.workspace.scores.definitions import create_draft, live
from rapport.workspace.scores.models import CurrentScore, ScoreDefinition, ScoreRelease
from rapport.workspace.scores.releases import publish
from small_company import SmallCompany

DOCUMENT = """
name: interest
title: Interest in us
subject: contact
kind: points
range: [0, 100]
bands: [{label: A, from: 60}, {label: B, from: 20}, {label: C, from: 0}]
outcome: {event: meeting, within_days: 30, repeatable: true}
groups: {visits: {type: engagement, criteria: [{name: visit, points: 10, per: {event: page_view}}]}}
"""
REPORT = {
    "verdict": "The score ranks better than chance.",
    "event": "meeting",
    "within_days": 30,
    "conversion": {"events": 10, "n": 40, "rate": 0.25, "low": 0.1, "high": 0.4},
    "score": {"auc": {"value": 0.731, "low": 0.7, "high": 0.76}, "deciles": []},
    "bands": [{"band": "A", "conversion": {"events": 5, "n": 10, "rate": 0.5, "low": 0.2, "high": 0.8}}],
    "baselines": [],
    "cut_offs": [],
    "immature": [],
    "notes": [],
}


@pytest.fixture(autouse=True)
def _lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))


@pytest.fixture
def interest(company: SmallCompany) -> ScoreDefinition:
    """Live, proved, with a value for each of the three contacts."""
    draft = create_draft(document=DOCUMENT, by="ada")
    draft.backtest, draft.backtested_at, draft.backtest_html = REPORT, timezone.now(), "<h1>Report</h1>"
    draft.save()
    version = publish(draft, by="ada", reason="it finds them")
    for number, value in enumerate((80, 40, 10)):
        CurrentScore.objects.create(
            score="interest",
            version=1,
            subject="contact",
            subject_id=f"contact-{number}",
            value=Decimal(value),
            band="ABC"[number],
            trend="rising",
            change_7d=Decimal(5),
            as_of=timezone.now(),
            computed_at=timezone.now(),
            run_id="run",
        )
    return version


@pytest.fixture
def explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reasons that need no engine: 80.129 points of two lines."""
    lines = (
        Line(name="visit", group="visits", points=Decimal("60.126"), sentence="6 × page view.", evidence={"count": 6}),
        Line(name="demo", group="visits", points=Decimal("20.003"), sentence="Asked for a demo."),
    )
    found = Explanation(value=Decimal("80.129"), lines=lines)
    monkeypatch.setattr(
        "rapport.workspace.pages.scores.record.explain_subject",
        lambda versions, _id: dict.fromkeys((v.name for v in versions), found),
    )


class TestPages:
    def test_every_live_score_is_listed_with_its_proof(self, company: SmallCompany, interest: ScoreDefinition) -> None:
        page = company.client("alice").get("/scores/").content.decode()
        assert "Interest in us" in page
        assert "AUC 0.73" in page

    def test_nobody_is_shown_whom_one_may_not_see(self, company: SmallCompany, interest: ScoreDefinition) -> None:
        for name, seen in (("alice", ["Åsa Berg"]), ("bob", ["Åsa Berg", "Cleo Adams"]), ("charlie", ["Ben Bergman"])):
            page = company.client(name).get("/scores/interest/")
            assert [row.name for row in page.context["top"]] == seen

    def test_bands_are_shown_with_their_conversion(self, company: SmallCompany, interest: ScoreDefinition) -> None:
        page = company.client("alice").get("/scores/interest/")
        assert [(b.label, b.count) for b in page.context["overview"].bands] == [("A", 1), ("B", 1), ("C", 1)]
        assert "50\u00a0% <span" in page.content.decode()

    @pytest.mark.parametrize("address", ["/scores/", "/scores/interest/", "/scores/interest/1/"])
    def test_a_page_takes_at_most_25_queries(
        self, company: SmallCompany, interest: ScoreDefinition, address: str, django_assert_max_num_queries: Any
    ) -> None:
        client = company.client("bob")
        with django_assert_max_num_queries(25):
            assert client.get(address).status_code == 200

    def test_the_report_is_a_file(self, company: SmallCompany, interest: ScoreDefinition) -> None:
        answer = company.client("alice").get("/scores/interest/1/report.json")
        assert answer.json()["verdict"] == "The score ranks better than chance."
        assert "attachment" in company.client("alice").get("/scores/interest/1/report.html")["Content-Disposition"]

    @pytest.mark.parametrize("address", ["/", "/scores/", "/scores/odd/", "/scores/odd/1/"])
    def test_a_document_that_cannot_be_read_hides_nothing_else(
        self, company: SmallCompany, interest: ScoreDefinition, address: str
    ) -> None:
        ScoreDefinition.objects.create(name="odd", version=1, state="published", document="kind: nothing")
        page = company.client("ada").get(address, follow=True)
        assert page.status_code == 200
        assert "interest" in page.content.decode().lower() or "cannot be read" in page.content.decode()

    def test_what_is_not_there_is_not_found(self, company: SmallCompany) -> None:
        for address in ("/scores/nothing/", "/scores/nothing/1/", "/scores/record/contact/nobody/"):
            assert company.client("ada").get(address).status_code == 404


@pytest.mark.usefixtures("explained", "interest")
class TestReasons:
    def test_shown_lines_add_up_to_the_shown_value(self, company: SmallCompany) -> None:
        shown = company.client("alice").get("/scores/record/contact/contact-0/").context["scores"][0]
        assert shown.value == Decimal("80.12")
        assert [(line.name, line.points) for line in shown.lines] == [
            ("visit", Decimal("60.12")),
            ("demo", Decimal("20.00")),
        ]

    @pytest.mark.parametrize("address", ["/scores/record/contact/contact-0/", "/scores/why/interest/contact-0/"])
    def test_are_for_those_who_see_the_record(self, company: SmallCompany, address: str) -> None:
        assert company.client("alice").get(address).status_code == 200
        assert company.client("charlie").get(address).status_code == 404

    def test_have_their_evidence(self, company: SmallCompany) -> None:
        page = company.client("alice").get("/scores/why/interest/contact-0/").content.decode()
        assert "<dt>Count</dt><dd>6</dd>" in page


class TestEditing:
    def test_a_new_draft_is_saved_and_shown(self, company: SmallCompany) -> None:
        answer = company.client("bob").post("/scores/new/", {"document": DOCUMENT, "note": "first try"})
        assert answer["Location"] == "/scores/interest/1/"
        assert ScoreDefinition.objects.values_list("state", "note", "by").get() == ("draft", "first try", "Bob Test")

    def test_a_document_that_cannot_be_read_is_shown_again_with_the_problem(self, company: SmallCompany) -> None:
        answer = company.client("bob").post("/scores/new/", {"document": "name: Not A Name\nkind: points"})
        assert answer.status_code == 422
        assert "Not A Name" in answer.content.decode()
        assert not ScoreDefinition.objects.exists()

    def test_saving_a_published_version_makes_a_draft(self, company: SmallCompany, interest: ScoreDefinition) -> None:
        changed = DOCUMENT.replace("points: 10", "points: 12")
        company.client("bob").post("/scores/interest/1/edit/", {"document": changed})
        versions = ScoreDefinition.objects.order_by("version").values_list("version", "state", "document")
        assert list(versions) == [(1, "published", DOCUMENT), (2, "draft", changed)]

    def test_preview_tells_the_problem_while_it_is_written(self, company: SmallCompany) -> None:
        page = company.client("bob").post(
            "/scores/preview/", {"document": DOCUMENT.replace("points: 10", "points: ten")}
        )
        assert "preview-problem" in page.content.decode()

    def test_preview_scores_real_records_that_one_sees(self, company: SmallCompany, interest: ScoreDefinition) -> None:
        page = company.client("bob").post("/scores/preview/", {"document": DOCUMENT})
        assert sorted(row.subject.name for row, _ in page.context["rows"]) == ["Cleo Adams", "Åsa Berg"]

    @pytest.mark.parametrize("address", ["/scores/new/", "/scores/interest/1/edit/"])
    def test_members_may_not(self, company: SmallCompany, interest: ScoreDefinition, address: str) -> None:
        assert company.client("alice").get(address).status_code == 403
        assert company.client("alice").post("/scores/preview/", {"document": DOCUMENT}).status_code == 403


class TestDeciding:
    def test_an_admin_publishes_with_a_reason_and_everyone_is_scored(self, company: SmallCompany) -> None:
        create_draft(document=DOCUMENT, by="bob")
        company.client("ada").post("/scores/interest/1/publish/", {"reason": "agreed", "override": "no history"})
        assert ScoreRelease.objects.values_list("by", "reason", "override").get() == (
            "Ada Test",
            "agreed",
            "no history",
        )
        assert list(Job.objects.values_list("name", "args")) == [("run_score", {"score": "interest"})]

    def test_without_proof_or_override_it_is_refused_in_words(self, company: SmallCompany) -> None:
        create_draft(document=DOCUMENT, by="bob")
        page = company.client("ada").post("/scores/interest/1/publish/", {"reason": "agreed"}, follow=True)
        assert "has no backtest" in page.content.decode()
        assert live("interest") is None

    def test_a_manager_may_draft_but_not_publish(self, company: SmallCompany) -> None:
        create_draft(document=DOCUMENT, by="bob")
        answer = company.client("bob").post("/scores/interest/1/publish/", {"reason": "x", "override": "y"})
        assert (answer.status_code, live("interest")) == (403, None)

    def test_a_rollback_makes_the_earlier_one_live(self, company: SmallCompany, interest: ScoreDefinition) -> None:
        second = create_draft(document=DOCUMENT.replace("points: 10", "points: 12"), by="bob")
        publish(second, by="ada", reason="better", override="tried elsewhere")
        company.client("ada").post("/scores/interest/1/rollback/", {"reason": "worse after all"})
        found = live("interest")
        assert found is not None
        assert found.version == 1

    def test_a_backtest_is_a_job_that_the_page_follows(self, company: SmallCompany, interest: ScoreDefinition) -> None:
        client = company.client("bob")
        page = client.post("/scores/interest/1/backtest/", headers={"HX-Request": "true"}).content.decode()
        job = Job.objects.get()
        assert (job.name, job.args) == ("backtest", {"score": "interest", "version": 1})
        assert f"/scores/jobs/{job.id}/" in page
        Job.objects.update(state="done")
        assert client.get(f"/scores/jobs/{job.id}/")["HX-Refresh"] == "true"


@pytest.mark.parametrize(("value", "shown"), [("87.466643", "87.46"), ("59.999999", "59.99"), ("80", "80")])
def test_a_badge_is_cut_like_the_sum_of_its_reasons(value: str, shown: str) -> None:
    assert f'<span class="score-value">{shown}</span>' in score_html(Decimal(value), "B")
