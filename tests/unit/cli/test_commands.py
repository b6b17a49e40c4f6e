"""Commands: what they do, what they say, how they end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from rapport.cli.administrator import ensure_administrator
from rapport.cli.answering import answered
from rapport.cli.app import run
from rapport.cli.exit_codes import BAD_INPUT, FAILED, OK, WARNINGS
from rapport.cli.running import free_port
from rapport.workspace.options import forget_options, store_missing, store_options, stored_options

COMMANDS = (
    "demo",
    "serve",
    "worker",
    "import",
    "refresh",
    "score",
    "metrics",
    "backtest",
    "monitor",
    "holdout",
    "doctor",
    "publish",
)


class TestHelp:
    def test_it_loads_neither_django_nor_the_engine(self) -> None:
        code = (
            "import sys; from rapport.cli.app import run; run(['--help']); "
            "print([m for m in ('django', 'ibis', 'duckdb', 'pandas', 'rich.console') if m in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.stdout.endswith("[]\n")

    @pytest.mark.parametrize(
        "command", [*COMMANDS, "lake rebuild", "lake compact", "export views", "export parquet", "export semantic"]
    )
    def test_every_command_explains_itself(self, command: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert run([*command.split(), "--help"]) == OK
        shown = capsys.readouterr().out
        assert shown.startswith(f"Usage: rapport {command}")
        assert len(shown.splitlines()) > 4


class TestEndings:
    def test_an_unknown_command_is_bad_input(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["scor"]) == BAD_INPUT
        assert "score" in capsys.readouterr().err

    def test_an_absent_file_is_told_in_a_sentence(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["import", "/absent.csv"]) == BAD_INPUT
        assert capsys.readouterr().err == "import: There is no such file. Received: '/absent.csv'.\n"

    def test_an_unknown_sample_is_bad_input(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["demo", "--sample", "retailr", "--no-serve"]) == BAD_INPUT
        assert "Did you mean 'retailer'?" in capsys.readouterr().err

    def test_what_nobody_expected_shows_no_traceback(self, capsys: pytest.CaptureFixture[str]) -> None:
        def breaks() -> int:
            raise ZeroDivisionError("one by none")

        with pytest.raises(BaseException) as ended:  # noqa: PT011 -- what Typer raises to leave
            answered(breaks)()
        assert getattr(ended.value, "exit_code", None) == FAILED
        shown = capsys.readouterr().err
        assert "not your fault" in shown
        assert "Traceback" not in shown


class TestReckoning:
    def test_what_the_sample_set_goes_with_it(self, tmp_path: Path) -> None:
        environment = {"RAPPORT_HOME": str(tmp_path), "RAPPORT_TIME_ZONE": "Europe/Oslo"}
        sample = {"currency": "USD", "time_zone": "America/New_York"}
        store_options({"hosts": "crm.example"}, environment)
        store_missing(sample, environment)
        assert stored_options(environment) == {"hosts": "crm.example", "currency": "USD"}
        forget_options(sample, environment)
        assert stored_options(environment) == {"hosts": "crm.example"}


@pytest.mark.django_db
class TestAdministrator:
    def test_the_password_is_shown_once_and_kept_as_a_hash(self) -> None:
        from rapport.workspace.team.models import User

        first, again = ensure_administrator(), ensure_administrator()
        user = User.objects.get(username="admin")
        assert first.password is not None
        assert again.password is None
        assert len(first.password) == 16
        assert user.check_password(first.password)
        assert first.password not in user.password
        assert user.role == "admin"

    def test_a_new_one_only_on_request(self) -> None:
        from rapport.workspace.team.models import User

        first, reset = ensure_administrator(), ensure_administrator(reset=True)
        assert reset.password not in (None, first.password)
        assert User.objects.get(username="admin").check_password(reset.password or "")
        assert User.objects.count() == 1


@pytest.mark.django_db(transaction=True)
class TestImport:
    def test_the_same_file_again_changes_nothing(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        from rapport.workspace.crm.records.models import Contact

        file = tmp_path / "people.csv"
        file.write_text("Contact ID,First name,Last name,Email\n1,Ann,Lind,ann@a.example\n2,Bo,Berg,bo@b.example\n")
        assert run(["import", str(file), "--table", "contacts", "--dry-run"]) == OK
        assert not Contact.objects.exists()
        assert run(["import", str(file), "--table", "contacts"]) == OK
        assert set(Contact.objects.values_list("email", flat=True)) == {"ann@a.example", "bo@b.example"}
        capsys.readouterr()
        assert run(["import", str(file), "--table", "contacts"]) == OK
        assert re.search(r"unchanged\W+2", capsys.readouterr().out)
        assert Contact.objects.count() == 2


@pytest.mark.django_db(transaction=True)
class TestMeasuring:
    def test_an_unknown_metric_is_told_with_a_guess(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["metrics", "win_rat"]) == BAD_INPUT
        assert "win_rate" in capsys.readouterr().err

    def test_without_data_the_reason_is_told(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["metrics", "win_rate"]) == WARNINGS
        assert "No source brings deals" in capsys.readouterr().out

    def test_an_hour_without_zone_is_refused(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["metrics", "win_rate", "--as-of", "2026-03-01T12:00"]) == BAD_INPUT
        assert "needs a time zone" in capsys.readouterr().err

    def test_without_a_live_score_there_is_nothing_to_run(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["score"]) == BAD_INPUT
        assert "No score is live" in capsys.readouterr().err

    def test_an_unknown_score_is_told(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["backtest", "nothing"]) == BAD_INPUT
        assert "no such score" in capsys.readouterr().err

    def test_the_doctor_warns_where_nobody_can_sign_in(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["doctor"]) == WARNINGS
        assert "administrator" in capsys.readouterr().err


@pytest.mark.slow
class TestDemo:
    """The whole way in processes of their own, with a small simulated company."""

    SIZE = ("--sample", "software", "--contacts", "150", "--interactions", "2000")

    def test_it_fills_serves_and_stops(self, tmp_path: Path) -> None:
        environment = {**os.environ, "RAPPORT_HOME": str(tmp_path), "RAPPORT_DATABASE": ""}
        command = [sys.executable, "-m", "rapport.cli", "demo", *self.SIZE, "--port", str(free_port(near=False))]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
            assert server.stdout is not None
            shown = "".join(iter(server.stdout.readline, "  Ctrl+C stops it.\n"))
            address = re.search(r"Address\s+(\S+)", shown)
            assert address is not None, shown
            assert re.search(r"User\s+admin\n\s+Password\s+\w{16}\n", shown)
            assert b"Sign in" in _page(address[1])
            server.send_signal(signal.SIGINT)
            assert server.wait(120) == OK


def _page(address: str) -> bytes:
    for _ in range(1_200):
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:
                page: bytes = answer.read()
                return page
        except ConnectionError:
            time.sleep(0.1)
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionError):
                raise
            time.sleep(0.1)
    raise AssertionError(f"{address} never answered")
