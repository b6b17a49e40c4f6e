"""Pages of scores that are made of scores."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from rapport.engine.scores.explanation import Explanation, Line
from rapport.workspace.scores.definitions import create_draft
from rapport.workspace.scores.models import ScoreDefinition
from rapport.workspace.scores.releases import publish
from small_company import SmallCompany

INTEREST = """
name: interest
subject: contact
kind: points
range: [0, 100]
groups: {visits: {type: engagement, criteria: [{name: visit, points: 10, per: {event: page_view}}]}}
"""
WHOLE = """
name: whole
subject: contact
kind: combined
range: [0, 100]
scores: [interest]
parts: [{score: interest}]
"""


@pytest.fixture(autouse=True)
def _lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))


def live(document: str) -> ScoreDefinition:
    return publish(create_draft(document=document, by="ada"), by="ada", reason="it helps", override="tried by hand")


def test_a_version_says_that_a_part_has_a_newer_one(company: SmallCompany) -> None:
    live(INTEREST)
    live(WHOLE)
    page = company.client("alice").get("/scores/whole/1/").content.decode()
    assert "newer version of" not in page
    live(INTEREST.replace("points: 10", "points: 12"))
    page = company.client("alice").get("/scores/whole/1/").content.decode()
    assert "There is a newer version of interest" in page


def test_a_reason_that_is_a_score_shows_its_reasons(company: SmallCompany, monkeypatch: pytest.MonkeyPatch) -> None:
    live(INTEREST)
    live(WHOLE)
    inner = Line(name="visit", group="visits", points=Decimal(40), sentence="4 × page view.")
    line = Line(name="interest", group="", points=Decimal(40), sentence="Interest 40, counts 100 %.", inner=(inner,))
    told = Explanation(value=Decimal(40), lines=(line,))
    monkeypatch.setattr(
        "rapport.workspace.pages.scores.record.explain_subject", lambda versions, key: {v.name: told for v in versions}
    )
    page = company.client("alice").get("/scores/why/whole/contact-0/").content.decode()
    assert "Its own reasons" in page
    assert "4 × page view." in page


def test_templates_are_offered_by_line_of_business(company: SmallCompany) -> None:
    page = company.client("bob").get("/scores/").content.decode()
    assert page.index("Shops: purchases without a contract") < page.index("Best customers") < page.index("Banks:")
    document = company.client("bob").get("/scores/new/?template=retail-best-customers").content.decode()
    assert "name: best_customers" in document
    assert "name: rfm" in document
