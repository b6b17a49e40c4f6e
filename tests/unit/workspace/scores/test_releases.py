"""Versions: drafts change, published ones never do; every decision is recorded."""

from __future__ import annotations

import pytest
from django.utils import timezone

from rapport.engine.errors import DefinitionError
from rapport.workspace.crm.records.models import AttributeValue
from rapport.workspace.scores.definitions import (
    change_draft,
    check,
    create_draft,
    differences,
    live,
    parsed,
    version_of,
)
from rapport.workspace.scores.models import CurrentScore, ScoreDefinition, ScoreRelease
from rapport.workspace.scores.releases import publish, retire, rollback
from rapport.workspace.scores.templates import template, templates

pytestmark = pytest.mark.django_db


def _draft(document: str, *, proved: bool = True) -> ScoreDefinition:
    draft = create_draft(document=document, by="ann")
    if proved:
        draft.backtest = {"verdict": "better than chance"}
        draft.save()
    return draft


class TestDrafts:
    def test_versions_are_numbered_by_score(self, document: str) -> None:
        assert [create_draft(document=document, by="ann").version for _ in range(3)] == [1, 2, 3]

    def test_a_changed_draft_loses_its_backtest(self, document: str) -> None:
        changed = change_draft(_draft(document), document=document.replace("points: 8", "points: 9"), by="bob")
        assert (changed.version, changed.backtest, changed.by) == (1, None, "bob")

    def test_saving_the_same_document_keeps_the_backtest(self, document: str) -> None:
        assert change_draft(_draft(document), document=document, by="bob").backtest is not None

    def test_a_published_version_is_left_alone_and_a_new_draft_is_made(self, document: str) -> None:
        published = publish(_draft(document), by="ann", reason="first")
        changed = change_draft(published, document=document.replace("points: 8", "points: 9"), by="bob")
        published.refresh_from_db()
        assert (published.version, published.document, changed.version) == (1, document, 2)

    def test_a_bad_document_is_a_sentence(self) -> None:
        verdict = check("name: x\nkind: points\n")
        assert verdict.definition is None
        assert verdict.problem

    def test_differences_show_the_changed_line(self, document: str) -> None:
        first = create_draft(document=document, by="ann")
        second = create_draft(document=document.replace("points: 8", "points: 9"), by="ann")
        changed = [line for line in differences(first, second) if line[0] in "+-" and line[:3] not in ("+++", "---")]
        assert changed == [
            "-      - {name: visit, points: 8, per: {event: page_view}}",
            "+      - {name: visit, points: 9, per: {event: page_view}}",
        ]

    def test_an_unknown_score_names_those_there_are(self, document: str) -> None:
        create_draft(document=document, by="ann")
        with pytest.raises(DefinitionError, match="Did you mean 'lead_readiness'"):
            version_of("lead_redines")


class TestPublishing:
    def test_needs_a_backtest(self, document: str) -> None:
        with pytest.raises(DefinitionError, match="has no backtest"):
            publish(_draft(document, proved=False), by="ann", reason="first")
        assert live("lead_readiness") is None

    def test_goes_without_one_where_somebody_says_why(self, document: str) -> None:
        publish(_draft(document, proved=False), by="ann", reason="first", override="no history yet")
        assert list(ScoreRelease.objects.values_list("action", "by", "reason", "override")) == [
            ("publish", "ann", "first", "no history yet")
        ]

    def test_needs_a_reason(self, document: str) -> None:
        with pytest.raises(DefinitionError, match="reason is needed"):
            publish(_draft(document), by="ann", reason="  ")

    def test_copies_the_reporting_time_zone(self, document: str, settings: object) -> None:
        settings.REPORTING_TIME_ZONE = "Europe/Stockholm"  # type: ignore[attr-defined]
        published = publish(_draft(document), by="ann", reason="first")
        settings.REPORTING_TIME_ZONE = "UTC"  # type: ignore[attr-defined]
        assert parsed(published).time_zone == "Europe/Stockholm"

    def test_is_known_to_readers_of_the_lake(self, document: str) -> None:
        published = publish(_draft(document), by="ann", reason="first")
        told = AttributeValue.objects.filter(entity="score_definition", entity_id=published.pk)
        assert published.published_at is not None
        assert list(told.values_list("attribute", "valid_from", "changed_by")) == [
            ("published_at", published.published_at, "ann")
        ]

    def test_retires_the_version_before(self, document: str) -> None:
        publish(_draft(document), by="ann", reason="first")
        publish(_draft(document), by="ann", reason="better")
        states = ScoreDefinition.objects.order_by("version").values_list("version", "state")
        assert list(states) == [(1, "retired"), (2, "published")]

    def test_is_for_drafts_only(self, document: str) -> None:
        published = publish(_draft(document), by="ann", reason="first")
        with pytest.raises(DefinitionError, match="only a draft"):
            publish(published, by="ann", reason="again")


class TestRollback:
    def test_makes_the_earlier_version_live_unchanged(self, document: str) -> None:
        publish(_draft(document), by="ann", reason="first")
        publish(_draft(document.replace("points: 8", "points: 9")), by="ann", reason="better")
        back = rollback("lead_readiness", version=1, by="bob", reason="worse after all")
        assert (back.version, back.document, live("lead_readiness")) == (1, document, back)
        assert ScoreRelease.objects.first().action == "rollback"  # type: ignore[union-attr]

    def test_refuses_a_version_that_was_never_live(self, document: str) -> None:
        publish(_draft(document), by="ann", reason="first")
        _draft(document)
        with pytest.raises(DefinitionError, match="no such earlier version"):
            rollback("lead_readiness", version=2, by="bob", reason="try")


def test_retiring_takes_the_current_values_away(document: str) -> None:
    published = publish(_draft(document), by="ann", reason="first")
    at = published.published_at
    CurrentScore.objects.create(
        score="lead_readiness", version=1, subject="contact", subject_id="c1", as_of=at, computed_at=at, run_id="r"
    )
    retire("lead_readiness", by="ann", reason="not used")
    assert (live("lead_readiness"), CurrentScore.objects.count()) == (None, 0)


@pytest.mark.parametrize("key", sorted(templates()))
def test_every_template_can_be_read(key: str) -> None:
    verdict = check(template(key).document)
    assert verdict.problem is None
    assert template(key).purpose


class TestDoubts:
    """Publishing against a doubt needs somebody to say why, through whichever door."""

    WORSE = {
        "score": {"auc": {"value": 0.7, "low": 0.66, "high": 0.74}},
        "baselines": [{"name": "live", "ahead": {"value": -0.04, "low": -0.06, "high": -0.02}}],
    }

    def _worse(self, document: str) -> ScoreDefinition:
        publish(_draft(document), by="ann", reason="first")
        draft = _draft(document.replace("points: 8", "points: 9"))
        draft.backtest, draft.backtested_at = self.WORSE, timezone.now()
        draft.save()
        return draft

    def test_one_worse_than_the_live_version_needs_a_reason(self, document: str) -> None:
        draft = self._worse(document)
        with pytest.raises(DefinitionError, match="ranks worse than the live version"):
            publish(draft, by="ann", reason="new")
        publish(draft, by="ann", reason="new", override="the old one cannot be explained")
        assert ScoreRelease.objects.first().override == "the old one cannot be explained"  # type: ignore[union-attr]

    def test_a_comparison_with_another_version_than_the_live_one_does_not_count(self, document: str) -> None:
        draft = self._worse(document)
        publish(_draft(document.replace("points: 8", "points: 7")), by="ann", reason="meanwhile")
        publish(draft, by="ann", reason="new")
        assert live("lead_readiness") == draft

    def test_rolling_back_to_an_unproved_version_repeats_what_was_said_then(self, document: str) -> None:
        publish(_draft(document, proved=False), by="ann", reason="first", override="no history yet")
        publish(_draft(document), by="ann", reason="better")
        rollback("lead_readiness", version=1, by="bob", reason="worse after all")
        assert ScoreRelease.objects.first().override == "no history yet"  # type: ignore[union-attr]

    def test_rolling_back_to_one_that_was_never_answered_for_needs_a_reason(self, document: str) -> None:
        publish(_draft(document), by="ann", reason="first")
        publish(_draft(document), by="ann", reason="better")
        ScoreDefinition.objects.filter(version=1).update(backtest=None)
        with pytest.raises(DefinitionError, match="has no backtest"):
            rollback("lead_readiness", version=1, by="bob", reason="worse after all")
