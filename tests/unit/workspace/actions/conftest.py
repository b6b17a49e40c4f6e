"""A live score whose current values a test sets by hand, and owners of contacts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from rapport.engine.scores.explanation import Explanation, Line
from rapport.workspace.crm.records.models import Contact
from rapport.workspace.scores.models import CurrentScore, ScoreDefinition
from rapport.workspace.team.models import User

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DOCUMENT = """
name: interest
subject: contact
kind: points
range: [0, 100]
bands: [{label: A, from: 80}, {label: B, from: 50}, {label: C, from: 20}, {label: D, from: 0}]
groups: {visits: {type: engagement, criteria: [{name: visit, points: 10, per: {event: page_view}}]}}
"""

Scored = Callable[..., CurrentScore]


@pytest.fixture
def ann(db: None) -> User:
    return User.objects.create(username="ann", name="Ann")


@pytest.fixture
def scored(db: None, monkeypatch: pytest.MonkeyPatch) -> Scored:
    """Make a contact and its current score; explanations are one line with the value, a week ago half of it."""
    ScoreDefinition.objects.create(name="interest", version=1, state="published", document=DOCUMENT)
    values: dict[str, Decimal] = {}

    def make(
        name: str,
        value: str,
        *,
        owner: User | None = None,
        change: str | None = None,
        ready: bool = False,
        band: str | None = None,
    ) -> CurrentScore:
        Contact.objects.get_or_create(id=name, defaults={"first_name": name, "owner": owner})
        values[name] = Decimal(value)
        moved = None if change is None else Decimal(change)
        trend = None if moved is None else "rising" if moved >= 5 else "falling" if moved <= -5 else "steady"
        number = Decimal(value)
        return CurrentScore.objects.update_or_create(
            score="interest",
            subject_id=name,
            defaults={
                "version": 1,
                "subject": "contact",
                "value": number,
                "band": band or ("A" if number >= 80 else "B" if number >= 50 else "C" if number >= 20 else "D"),
                "trend": trend,
                "change_7d": moved,
                "as_of": NOW,
                "computed_at": NOW,
                "run_id": "run",
                "ready_since": NOW if ready else None,
            },
        )[0]

    def explained(
        _name: str, subject_ids: list[str], *, moved: list[str]
    ) -> tuple[dict[str, Explanation], dict[str, Explanation]]:
        return (
            {s: explanation(values[s]) for s in subject_ids},
            {s: explanation(values[s] / 2) for s in moved},
        )

    monkeypatch.setattr("rapport.workspace.actions.work_list.explain_movement", explained)
    return make


def explanation(value: Decimal) -> Explanation:
    line = Line(name="visit", group="visits", points=value, sentence=f"{value / 10:.0f} × page view.")
    return Explanation(value=value, lines=(line,))
