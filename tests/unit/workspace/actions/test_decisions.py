"""Done, later, not relevant: what stays of a decision, and taking it back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rapport.engine.errors import DefinitionError
from rapport.workspace.actions.decisions import done, not_relevant, reopen, snooze
from rapport.workspace.actions.models import WorkItem
from rapport.workspace.scores.models import ScoreFeedback
from rapport.workspace.team.models import User

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _item(**other: object) -> WorkItem:
    return WorkItem.objects.create(
        subject="contact", subject_id="kim", score="interest", version=2, run_id="run", cause="high", reason="", **other
    )


def test_done_says_that_the_score_was_accepted(ann: User) -> None:
    done(_item(), by=ann, at=NOW)
    told = ScoreFeedback.objects.values_list("score", "version", "subject_id", "verdict", "given_at", "by")
    assert list(told) == [("interest", 2, "kim", "accepted", NOW, "Ann")]


def test_not_relevant_keeps_the_reason(ann: User) -> None:
    item = not_relevant(_item(), by=ann, at=NOW, reason=" has moved ")
    assert (item.state, item.feedback) == ("not_relevant", "has moved")
    assert ScoreFeedback.objects.values_list("verdict", "reason").get() == ("rejected", "has moved")


def test_snooze_leaves_no_feedback(ann: User) -> None:
    item = snooze(_item(), by=ann, at=NOW, how_long="week")
    assert (item.snoozed_until, ScoreFeedback.objects.count()) == (NOW + timedelta(days=7), 0)


def test_snooze_refuses_another_time(ann: User) -> None:
    with pytest.raises(DefinitionError, match="Allowed: tomorrow, week, month"):
        snooze(_item(), by=ann, at=NOW, how_long="never")


def test_reopening_takes_unpublished_feedback_back(ann: User) -> None:
    item = reopen(not_relevant(_item(), by=ann, at=NOW, reason="has moved"))
    assert (item.state, item.feedback, item.decided_at, ScoreFeedback.objects.count()) == ("open", "", None, 0)


def test_reopening_is_refused_where_the_subject_is_on_the_list_again(ann: User) -> None:
    decided = done(_item(), by=ann, at=NOW)
    _item()
    with pytest.raises(DefinitionError, match="on the list again"):
        reopen(decided)
