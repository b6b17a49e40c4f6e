"""Scores that a document names become part of it when it is saved."""

from __future__ import annotations

import pytest

from rapport.engine.errors import DefinitionError
from rapport.engine.scores.definition import parse_definition
from rapport.workspace.scores.definitions import check, create_draft, parsed
from rapport.workspace.scores.embedding import embedded, with_time_zone
from rapport.workspace.scores.models import ScoreDefinition
from rapport.workspace.scores.references import newer_parts, resolved
from rapport.workspace.scores.releases import publish

WHOLE = """# Both together.
name: whole
subject: contact
kind: combined
range: [0, 100]
scores: [lead_readiness]  # live
parts: [{score: lead_readiness}]  # all of it
"""


def live(document: str) -> ScoreDefinition:
    return publish(create_draft(document=document, by="Ada"), by="Ada", reason="a test", override="none needed")


def test_the_text_is_kept_but_for_the_names() -> None:
    found = embedded(WHOLE, lambda name: f"# who\nname: {name}\nkind: rfm\nsubject: contact\n")
    assert found == (
        "# Both together.\nname: whole\nsubject: contact\nkind: combined\nrange: [0, 100]\n"
        "scores:\n  lead_readiness:\n    # who\n    name: lead_readiness\n    kind: rfm\n    subject: contact\n"
        "  # live\nparts: [{score: lead_readiness}]  # all of it\n"
    )
    assert parse_definition(found).name == "whole"


def test_a_document_beside_a_name_stays_as_it_was() -> None:
    text = WHOLE.replace(
        "scores: [lead_readiness]  # live\n",
        "scores:\n  value:\n    name: value\n    kind: rfm  # by hand\n    subject: contact\n  lead_readiness: live\n",
    )
    found = embedded(text, lambda name: f"{{name: {name}, kind: rfm, subject: contact}}")
    assert "    kind: rfm  # by hand\n" in found
    assert "  lead_readiness:\n    {name: lead_readiness, kind: rfm, subject: contact}\n" in found
    assert parse_definition(found).name == "whole"
    assert embedded(found, str) == found


def test_a_zone_is_written_once() -> None:
    assert with_time_zone("name: a\n", "Asia/Kolkata") == "name: a\ntime_zone: Asia/Kolkata\n"
    assert with_time_zone("{name: a}", "Asia/Kolkata") == "{name: a, time_zone: Asia/Kolkata}\n"
    assert with_time_zone("time_zone: UTC\n", "Asia/Kolkata") == "time_zone: UTC\n"


@pytest.mark.django_db
class TestLive:
    def test_a_name_becomes_the_live_version(self, document: str) -> None:
        part = live(document)
        draft = create_draft(document=WHOLE, by="Ada")
        whole = parsed(draft)
        assert whole.scores["lead_readiness"].range == parsed(part).range  # type: ignore[attr-defined]
        assert whole.scores["lead_readiness"].time_zone == part.time_zone  # type: ignore[attr-defined]
        assert check(WHOLE).problem is None

    def test_a_newer_version_of_a_part_changes_nothing_but_is_told(self, document: str) -> None:
        live(document)
        draft = create_draft(document=WHOLE, by="Ada")
        before = parsed(draft)
        assert newer_parts(before) == ()
        live(document.replace("points: 8", "points: 9"))
        draft.refresh_from_db()
        assert parsed(draft) == before
        assert newer_parts(before) == ("lead_readiness",)

    def test_a_name_that_is_not_live_is_refused(self) -> None:
        with pytest.raises(DefinitionError, match="There is no live score of this name"):
            resolved(WHOLE)
        assert "no live score" in (check(WHOLE).problem or "")

    def test_a_score_made_of_itself_is_refused(self, document: str) -> None:
        live(document)
        live(WHOLE)
        circle = WHOLE.replace("name: whole", "name: lead_readiness").replace("[lead_readiness]", "[whole]")
        circle = circle.replace("{score: lead_readiness}", "{score: whole}")
        with pytest.raises(DefinitionError, match="lead_readiness > whole > lead_readiness"):
            create_draft(document=circle, by="Ada")
