"""Lint, suggestions, feedback and exchange of versions in the workspace."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import timezone

from rapport.engine.errors import DefinitionError
from rapport.engine.scores.definition import parse_definition
from rapport.workspace.crm.records.models import Interaction
from rapport.workspace.queue.models import Job, JobState
from rapport.workspace.scores import exchange, feedback, findings, suggestions
from rapport.workspace.scores.definitions import change_draft, create_draft
from rapport.workspace.scores.lint import newest_lint, run_lint
from rapport.workspace.scores.models import CurrentScore, ScoreDefinition, ScoreFeedback, ScoreValue
from rapport.workspace.scores.releases import publish
from small_company import SmallCompany

DOCUMENT = """
name: interest
subject: contact
kind: points
range: [0, 100]
bands: [{label: A, from: 60}, {label: C, from: 0}]
outcome: {event: meeting, within_days: 30}
groups:
  visits:
    type: engagement
    criteria:
      # comments go when points are changed
      - {name: visit, points: 5, per: {event: page_view}}
      - {name: form, points: 9, per: {event: form_submit}}
      - {name: often, points: {count: {event: page_view}, ranges: [[3, null, 5]]}}
"""
NOW = timezone.now()


@pytest.fixture(autouse=True)
def _lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))


@pytest.fixture
def draft(company: SmallCompany) -> ScoreDefinition:
    return create_draft(document=DOCUMENT, by="ada")


def touch(contact: str, kind: str, at: datetime, number: int = 0) -> None:
    key = f"{contact}-{kind}-{number}"
    Interaction.objects.create(id=key, contact_id=contact, type=kind, occurred_at=at, recorded_at=at, created_at=at)


def ended(task: str, version: ScoreDefinition, result: dict[str, object]) -> Job:
    args = {"score": version.name, "version": version.version}
    return Job.objects.create(name=task, args=args, state=JobState.DONE, result=result, ended_at=NOW)


class TestLint:
    def test_a_version_is_linted_on_the_records_of_the_workspace(self, draft: ScoreDefinition) -> None:
        touch("contact-0", "page_view", NOW - timedelta(days=2))
        found = run_lint("interest", 1)
        assert (found["subjects"], found["version"]) == (3, 1)
        assert ("never_fires", "form") in {(f["code"], f["criterion"]) for f in found["findings"]}

    def test_a_result_is_stale_once_the_document_has_changed(self, draft: ScoreDefinition) -> None:
        ended("lint_score", draft, {"findings": [], "document": findings.fingerprint(draft.document)})
        fresh = newest_lint(draft)
        changed = change_draft(draft, document=DOCUMENT.replace("points: 5,", "points: 6,"), by="ada")
        stale = newest_lint(changed)
        assert fresh is not None and stale is not None  # noqa: PT018
        assert (fresh.stale, stale.stale) == (False, True)


class TestSuggestions:
    def test_points_come_from_what_buyers_did(self, draft: ScoreDefinition) -> None:
        for number in range(4):
            touch("contact-0", "page_view", NOW - timedelta(days=100), number)
        touch("contact-0", "form_submit", NOW - timedelta(days=99))
        touch("contact-0", "meeting", NOW - timedelta(days=98))
        found = suggestions.run_suggestions("interest", 1, now=NOW)
        # five interactions before the meeting (and it), ready at the highest band, 60: six interactions of 10 points
        assert (found["interactions"], found["ready"], found["each"]) == (6, "60", "10")
        assert [(c["criterion"], c["now"]) for c in found["criteria"]] == [("visit", "5"), ("form", "9")]
        json.dumps(found)

    def test_what_salespeople_said_stands_beside_each_criterion(self, draft: ScoreDefinition) -> None:
        publish(draft, by="ada", reason="it helps", override="a test")
        touch("contact-0", "page_view", NOW - timedelta(days=100))
        touch("contact-0", "meeting", NOW - timedelta(days=98))
        feedback.give(draft, "contact-0", verdict="colder", by="alice", at=NOW)
        found = suggestions.run_suggestions("interest", 1, now=NOW)
        said = {row["criterion"]: row["said"] for row in found["criteria"]}
        assert (said["visit"]["agreed"]["rate"], said["visit"]["colder"]) == (0.0, 1)
        assert said["form"] is None  # it gives that contact no points

    def test_accepting_some_makes_a_draft_that_differs_in_them_alone(self, draft: ScoreDefinition) -> None:
        made = suggestions.accept(draft, {("visit", None): Decimal("7.5"), ("often", 0): Decimal(6)}, by="ada")
        before, after = parse_definition(draft.document or ""), parse_definition(made.document or "")
        assert made.version == 2
        assert [c.points for _, c in after.criteria][:2] == [Decimal("7.5"), Decimal(9)]  # type: ignore[attr-defined]
        often = list(after.criteria)[2][1].points  # type: ignore[attr-defined]
        assert often.ranges == ((3, None, Decimal(6)),)
        assert after.model_dump(exclude={"groups"}) == before.model_dump(exclude={"groups"})
        assert draft.document == DOCUMENT

    @pytest.mark.parametrize("points", [{}, {("nobody", None): Decimal(1)}, {("often", None): Decimal(1)}])
    def test_what_cannot_be_accepted_is_refused(
        self, draft: ScoreDefinition, points: dict[suggestions.Where, Decimal]
    ) -> None:
        with pytest.raises(DefinitionError):
            suggestions.accept(draft, points, by="ada")


class TestFeedback:
    def give(self, version: ScoreDefinition, contact: str, verdict: str, days: float, by: str = "alice") -> None:
        feedback.give(version, contact, verdict=verdict, by=by, at=NOW + timedelta(days=days), reason=" because ")

    def test_a_word_is_kept_with_its_reason_and_changes_no_score(self, draft: ScoreDefinition) -> None:
        self.give(draft, "contact-0", "hotter", 0)
        kept = ScoreFeedback.objects.get()
        assert (kept.score, kept.version, kept.verdict, kept.reason) == ("interest", 1, "hotter", "because")
        assert not ScoreValue.objects.exists()

    def test_agreement_is_counted_by_the_band_of_that_time(self, draft: ScoreDefinition) -> None:
        for number, (days, band) in enumerate([(-9, "A"), (-2, "C")]):
            ScoreValue.objects.create(
                id=f"v{number}", score="interest", subject_id="contact-0", as_of=NOW + timedelta(days=days), band=band
            )
        now = {"score": "interest", "version": 1, "subject": "contact", "as_of": NOW, "computed_at": NOW, "run_id": "r"}
        CurrentScore.objects.create(subject_id="contact-1", band="C", **now)
        self.give(draft, "contact-0", "accepted", -5)  # while it was A
        self.give(draft, "contact-1", "rejected", -5)
        self.give(draft, "contact-1", "hotter", -4)  # the last word counts
        found = feedback.report("interest")
        assert (found.all.agreed.n, found.all.agreed.rate, found.all.hotter) == (2, 0.5, 1)
        assert [(one.of, one.agreed.rate) for one in found.by_band] == [("A", 1.0), ("C", 0.0)]
        assert len(found.rows) == 3

    def test_words_of_records_that_one_may_not_see_are_not_shown(self, draft: ScoreDefinition) -> None:
        self.give(draft, "contact-0", "colder", -1)
        self.give(draft, "contact-1", "colder", -1)
        found = feedback.report("interest", seen=["contact-1"])
        assert [row.subject_id for row in found.rows] == ["contact-1"]
        assert found.all.agreed.n == 2

    def test_a_verdict_that_is_none_is_refused(self, draft: ScoreDefinition) -> None:
        with pytest.raises(DefinitionError, match="no feedback"):
            feedback.give(draft, "contact-0", verdict="lukewarm", by="alice", at=NOW)


class TestExchange:
    def test_out_and_in_again_is_a_new_draft(self, draft: ScoreDefinition) -> None:
        out = exchange.to_hubspot(draft)
        found = exchange.from_hubspot(exchange.hubspot_json(out), by="ada", name="interest_back")
        assert (found.draft.name, found.draft.version, found.draft.state) == ("interest_back", 1, "draft")
        definition = parse_definition(found.draft.document or "")
        assert [c.name for _, c in definition.criteria] == [  # type: ignore[attr-defined]
            "page view",
            "form submit",
            "page view, how often",
        ]

    def test_other_kinds_are_refused(self, company: SmallCompany) -> None:
        rfm = create_draft(document="{name: r, subject: contact, kind: rfm, range: [0, 100]}", by="ada")
        with pytest.raises(DefinitionError, match="Only points"):
            exchange.to_hubspot(rfm)
