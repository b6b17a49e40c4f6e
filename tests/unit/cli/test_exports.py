"""rapport export views, rapport export parquet."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from rapport.cli.app import run
from rapport.cli.exit_codes import BAD_INPUT, OK
from rapport.workspace.metrics.exports import days

pytestmark = pytest.mark.django_db(transaction=True)
on_postgres = "postgresql" in settings.DATABASES["default"]["ENGINE"]


@pytest.fixture
def asked_days(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many days of metrics were asked for; measuring them is tried elsewhere."""
    found: list[int] = []

    def keep_days(*, days: int, **_rest: Any) -> int:
        found.append(days)
        return days

    monkeypatch.setattr(days, "keep_days", keep_days)
    return found


def _contact(name: str) -> None:
    from rapport.workspace.crm.records.models import Contact

    Contact.objects.create(id=name, first_name=name, email=f"{name}@example.com")


class TestParquet:
    def test_it_tells_what_was_written_and_what_was_not(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], asked_days: list[int]
    ) -> None:
        _contact("kim")
        assert run(["export", "parquet", str(tmp_path), "--days", "9"]) == OK
        first = capsys.readouterr().out
        assert re.search(r"contacts\W+1\b", first)
        assert "0 unchanged since the last export" in first
        assert asked_days == [9]
        _contact("lee")
        assert run(["export", "parquet", str(tmp_path), "--since", "last", "--tables", "contacts,accounts"]) == OK
        assert "1 files written, 1 unchanged" in capsys.readouterr().out
        assert asked_days == [9]
        assert len(list((tmp_path / "current").glob("*/*.parquet"))) > 20

    def test_personal_data_that_stayed_are_a_warning(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], asked_days: list[int]
    ) -> None:
        assert run(["export", "parquet", str(tmp_path), "--with-personal-data", "--tables", "contacts,users"]) == OK
        assert "keep it where only those may read it" in capsys.readouterr().out
        assert run(["export", "parquet", str(tmp_path), "--tables", "users"]) != OK
        assert "contacts still holds the personal data" in capsys.readouterr().err

    def test_only_the_last_export_can_be_gone_on_from(self, tmp_path: Path) -> None:
        assert run(["export", "parquet", str(tmp_path), "--since", "yesterday"]) == BAD_INPUT


class TestViews:
    @pytest.mark.skipif(on_postgres, reason="about SQLite")
    def test_on_sqlite_it_says_what_to_do(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["export", "views"]) == BAD_INPUT
        assert "`rapport export parquet FOLDER` gives the same tables" in capsys.readouterr().err

    @pytest.mark.skipif(not on_postgres, reason="needs PostgreSQL")
    def test_made_shown_and_taken_away(self, capsys: pytest.CaptureFixture[str], asked_days: list[int]) -> None:
        assert run(["export", "views", "--days", "3"]) == OK
        said = capsys.readouterr().out
        assert "32 views in the schema export_v1; personal data hidden" in said
        assert "Nobody but the workspace's own user" in said
        assert asked_days == [3]
        assert run(["export", "views", "--remove"]) == OK

    def test_the_sql_can_be_read_without_running_it(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["export", "views", "--show-sql", "--role", "bi"]) == OK
        said = capsys.readouterr().out
        assert "CREATE OR REPLACE VIEW export_v1.v_contacts AS SELECT" in said
        assert 'NULL::text AS "email"' in said
        assert 'GRANT SELECT ON export_v1.v_contacts TO "bi";' in said

    def test_made_or_removed_not_both(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["export", "views", "--remove", "--role", "bi"]) == BAD_INPUT
