"""A record's score over time: the changes, their causes, and the reasons that moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rapport.workspace.crm.records.models import Contact, Interaction
from rapport.workspace.scores.definitions import create_draft
from rapport.workspace.scores.models import ScoreValue
from rapport.workspace.scores.releases import publish
from rapport.workspace.scores.runs import run_score
from small_company import SmallCompany

DOCUMENT = """
name: interest
subject: contact
kind: points
range: [0, 100]
bands: [{label: A, from: 60}, {label: B, from: 0}]
groups:
  visits:
    type: engagement
    criteria:
      - {name: visit, points: 10, per: {event: page_view, within_days: 20}}
      - {name: met, points: 5, once: {event: meeting}}
"""
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAGE = "/scores/history/interest/contact-0/"


def _happened(event: str, days_before: int) -> None:
    when = NOW - timedelta(days=days_before)
    Interaction.objects.create(
        contact_id="contact-0", type=event, direction="inbound", occurred_at=when, recorded_at=when, created_at=when
    )


@pytest.fixture(autouse=True)
def _scored(company: SmallCompany, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two visits 25 days ago, a meeting 5 days ago: 20, then 5."""
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))
    long_ago = NOW - timedelta(days=400)
    Contact.objects.filter(pk="contact-0").update(created_at=long_ago, recorded_at=long_ago)
    for event, days in (("page_view", 25), ("page_view", 25), ("meeting", 5)):
        _happened(event, days)
    publish(create_draft(document=DOCUMENT, by="ada"), by="ada", reason="first", override="no history yet")
    for days in (20, 0):
        run_score("interest", as_of=NOW - timedelta(days=days))


def test_changes_come_newest_first_with_their_cause(company: SmallCompany) -> None:
    found = company.client("alice").get(PAGE).context["entries"]
    assert [(e.stored.value, e.change, e.stored.cause) for e in found] == [(5, -15, "run"), (20, None, "first")]


def test_what_moved_is_told_line_by_line_and_adds_up(company: SmallCompany) -> None:
    newest = ScoreValue.objects.get(score="interest", subject_id="contact-0", as_of=NOW)
    moved = company.client("alice").get(f"{PAGE}{newest.pk}/").context["moved"]
    assert [(m.line.name, m.before, m.now) for m in moved] == [("visit", 20, 0), ("met", 0, 5)]


def test_the_first_entry_has_nothing_before_it(company: SmallCompany) -> None:
    first = ScoreValue.objects.get(score="interest", subject_id="contact-0", as_of=NOW - timedelta(days=20))
    page = company.client("alice").get(f"{PAGE}{first.pk}/")
    assert [(m.line.name, m.change) for m in page.context["moved"]] == [("visit", 20)]


def test_a_long_history_is_read_in_parts(company: SmallCompany) -> None:
    for hour in range(1, 31):
        ScoreValue.objects.create(
            score="interest", version=1, subject="contact", subject_id="contact-0", value=hour,
            as_of=NOW + timedelta(hours=hour), recorded_at=NOW, created_at=NOW, source="rapport",
        )  # fmt: skip
    seen, address = [], PAGE
    while address:
        context = company.client("alice").get(address).context
        seen += [e.stored.value for e in context["entries"]]
        address = f"{PAGE}?until={context['next']}" if context["next"] else ""
    assert seen == [*range(30, 0, -1), 5, 20]


def test_is_for_those_who_see_the_record(company: SmallCompany) -> None:
    newest = ScoreValue.objects.get(score="interest", subject_id="contact-0", as_of=NOW)
    for address in (PAGE, f"{PAGE}{newest.pk}/"):
        assert company.client("charlie").get(address).status_code == 404
    assert company.client("alice").get("/scores/history/nothing/contact-0/").status_code == 404


def test_what_would_lift_a_record_is_told(company: SmallCompany) -> None:
    page = company.client("alice").get("/scores/next/interest/contact-0/")
    found = page.context["next"]
    assert (found.band, found.missing) == ("A", 55)
    assert [(w.event, w.times, w.value) for w in found.ways] == [("page view", 5, 55), ("meeting", 5, 5)]
    assert company.client("charlie").get("/scores/next/interest/contact-0/").status_code == 404
