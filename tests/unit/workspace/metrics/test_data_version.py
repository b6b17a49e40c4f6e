"""Which tables metrics read, and what makes figures old."""

from __future__ import annotations

import pytest

from rapport.workspace.crm.lake.models import LakeBatch
from rapport.workspace.metrics.data_version import data_version, measured_tables
from rapport.workspace.scores.models import ScoreDefinition, State

pytestmark = pytest.mark.django_db


def _score(subject: str, state: str) -> None:
    ScoreDefinition.objects.create(name=f"{subject}_{state}", version=1, subject=subject, state=state)


def test_values_of_scores_are_read_where_deals_have_a_live_score() -> None:
    _score("contact", State.PUBLISHED)
    _score("deal", State.DRAFT)
    assert "score_values" not in measured_tables()
    assert {"deals", "goals", "segment_memberships", "action_assignments"} <= set(measured_tables())
    _score("deal", State.PUBLISHED)
    assert {"score_values", "score_definitions"} <= set(measured_tables())


def test_records_that_were_published_make_figures_old_and_scores_do_not() -> None:
    before = data_version()
    LakeBatch.objects.create(table="score_values", batch=3)
    assert data_version() == before
    LakeBatch.objects.create(table="orders", batch=3)
    assert data_version() != before
