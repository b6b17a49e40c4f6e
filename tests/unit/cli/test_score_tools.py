"""`rapport score NAME` and the tools beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rapport.cli.app import run
from rapport.cli.exit_codes import BAD_INPUT, OK, WARNINGS
from rapport.workspace.scores.definitions import create_draft
from rapport.workspace.scores.models import ScoreDefinition

DOCUMENT = """
name: interest
subject: contact
kind: points
range: [-100, 100]
groups: {g: {type: fit, criteria: [{name: head, points: 5, when: {field: contact.title, contains: head}}]}}
"""


@pytest.fixture(autouse=True)
def _started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RAPPORT_LAKE", str(tmp_path / "lake"))
    monkeypatch.setattr("rapport.cli.score_tools.start_workspace", lambda: None)
    monkeypatch.setattr("rapport.cli.scoring.start_workspace", lambda: None)


@pytest.mark.parametrize("command", ["lint", "suggest", "import-hubspot", "export-hubspot"])
def test_every_tool_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["score", command, "--help"]) == OK
    assert capsys.readouterr().out.startswith(f"Usage: rapport score {command}")


def test_the_group_names_its_tools(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["score", "--help"]) == OK
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("lint", "suggest", "import-hubspot", "export-hubspot"))


@pytest.mark.django_db
class TestWithScores:
    def test_a_name_that_is_no_tool_is_a_score_to_run(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["score", "nobody"]) == BAD_INPUT
        assert "There is no such score" in capsys.readouterr().err

    def test_out_to_a_file_and_in_again_without_loss(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        create_draft(document=DOCUMENT, by="ada")
        file = tmp_path / "score.json"
        assert run(["score", "export-hubspot", "interest", "--file", str(file)]) == OK
        assert json.loads(file.read_text())["maxScore"] == 100
        assert run(["score", "import-hubspot", str(file), "--name", "again"]) == OK
        assert "again version 1 is a draft" in capsys.readouterr().out
        assert ScoreDefinition.objects.get(name="again").state == "draft"

    def test_what_cannot_be_carried_is_listed_and_is_a_warning(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        create_draft(document=DOCUMENT.replace("contains: head", 'matches: "^Head"'), by="ada")
        assert run(["score", "export-hubspot", "interest", "--file", str(tmp_path / "x.json")]) == WARNINGS
        assert "HubSpot has no test like matches" in capsys.readouterr().out

    def test_a_file_that_is_none_is_bad_input(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["score", "import-hubspot", "/nowhere.json"]) == BAD_INPUT

    def test_lint_says_what_it_saw(self, capsys: pytest.CaptureFixture[str]) -> None:
        from rapport.workspace.crm.records.models import Contact

        Contact.objects.create(id="c", first_name="Ann", title="Clerk")
        create_draft(document=DOCUMENT, by="ada")
        assert run(["score", "lint", "interest"]) == WARNINGS
        assert "never_fires" in capsys.readouterr().out
