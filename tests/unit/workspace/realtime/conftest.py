"""A company with one live score, whose interactions come in one by one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from rapport.workspace.crm.intake.accepting import Answer, accept
from rapport.workspace.crm.records.models import Account, AttributeValue, Contact
from rapport.workspace.scores.definitions import create_draft
from rapport.workspace.scores.models import CurrentScore, ScoreDefinition
from rapport.workspace.scores.realtime.batch import Batch, RealTime
from rapport.workspace.scores.releases import publish
from rapport.workspace.scores.runs import run_score

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
INTEREST = """
name: interest
subject: contact
kind: points
range: [0, 100]
bands: [{label: A, from: 60}, {label: B, from: 20}, {label: C, from: 0}]
ready_at: {enter: 60, leave: 50}
groups:
  who:
    type: fit
    criteria:
      - {name: sector, points: {value: account.industry, map: {software: 5}, otherwise: 0}}
      - {name: head, points: 4, when: {field: contact.title, matches: "(?i)head"}}
  visits:
    type: engagement
    decay: {half_life_days: 10}
    criteria:
      - {name: visit, points: 10, per: {event: page_view, within_days: 20}, at_most: {times: 5, per_days: 7}}
      - {name: prices, points: 12, per: {event: page_view, where: {field: url_path, starts_with: /pricing}}}
      - {name: met, points: 30, once: {event: meeting}}
      - {name: careers, points: -30, per: {event: page_view, where: {field: url_path, is: /careers}}}
      - {name: quiet, points: -3, when: {no: {event: any, within_days: 14}}}
"""


BRIEF = """
name: interest
subject: contact
kind: points
range: [0, 100]
bands: [{label: A, from: 60}, {label: B, from: 20}, {label: C, from: 0}]
ready_at: {enter: 60, leave: 50}
groups:
  visits:
    type: engagement
    decay: {half_life_days: 10}
    criteria:
      - {name: visit, points: 10, per: {event: page_view}}
      - {name: met, points: 30, once: {event: meeting}}
"""


class Company:
    """Contacts by name, and the loop's turns at an instant that the test sets."""

    def __init__(self) -> None:
        self.now = NOW
        self.real_time = RealTime()

    def contact(self, name: str, *, account: str | None = None, title: str | None = None) -> None:
        long_ago = NOW - timedelta(days=400)
        Contact.objects.create(
            id=name, first_name=name, account_id=account, title=title, created_at=long_ago, recorded_at=long_ago
        )
        for attribute, value in (("account_id", account), ("title", title)):
            self._history("contact", name, attribute, value, long_ago)

    def account(self, name: str, *, industry: str) -> None:
        long_ago = NOW - timedelta(days=400)
        Account.objects.create(id=name, name=name, industry=industry, created_at=long_ago, recorded_at=long_ago)
        self._history("account", name, "industry", industry, long_ago)

    def _history(self, entity: str, entity_id: str, attribute: str, value: str | None, at: datetime) -> None:
        if value is not None:
            AttributeValue.objects.create(
                entity=entity, entity_id=entity_id, attribute=attribute, value=value, valid_from=at, recorded_at=at
            )

    def live(self, document: str = BRIEF) -> ScoreDefinition:
        version = publish(create_draft(document=document, by="test"), by="test", reason="test", override="test")
        run_score(version.name or "", as_of=self.now)
        return version

    def happens(
        self, contact: str | None, kind: str = "page_view", *, ago: timedelta = timedelta(0), **more: Any
    ) -> Answer:
        draft = {"contact_id": contact, "type": kind, "occurred_at": self.now - ago, "recorded_at": self.now, **more}
        return accept([draft], source="web")[0]

    def turn(self) -> Batch:
        return self.real_time.turn(now=self.now)

    def score(self, subject: str, name: str = "interest") -> CurrentScore:
        return CurrentScore.objects.get(score=name, subject_id=subject)


@pytest.fixture
def company(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))
    made = Company()
    monkeypatch.setattr(timezone, "now", lambda: made.now)
    made.account("nobody's", industry="retail")
    yield made
    made.real_time.close()
