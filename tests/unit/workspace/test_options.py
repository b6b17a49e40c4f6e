"""Settings come from the environment, else from the home folder; a bad value stops the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from rapport.engine.errors import DefinitionError
from rapport.workspace.options import option, store_missing, store_options, stored_options


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"RAPPORT_HOME": str(tmp_path)}


def test_a_stored_setting_holds_until_the_environment_says_otherwise(environ: dict[str, str]) -> None:
    assert option("currency", environ) == "EUR"
    store_options({"currency": "USD"}, environ)
    store_options({"time_zone": "Asia/Kathmandu"}, environ)
    assert (option("currency", environ), option("time_zone", environ)) == ("USD", "Asia/Kathmandu")
    assert option("currency", {**environ, "RAPPORT_CURRENCY": "SEK"}) == "SEK"


@pytest.mark.parametrize(
    ("name", "value"),
    [("currency", "euro"), ("time_zone", "Europe/Stokholm"), ("threads", "two"), ("debug", "true"), ("memory", "much")],
)
def test_a_bad_value_says_where_it_stands(environ: dict[str, str], name: str, value: str) -> None:
    with pytest.raises(DefinitionError, match=f"RAPPORT_{name.upper()}") as told:
        option(name, {**environ, f"RAPPORT_{name.upper()}": value})
    assert told.value.received == value


def test_a_near_miss_is_guessed(environ: dict[str, str]) -> None:
    with pytest.raises(DefinitionError, match="Did you mean 'Europe/Stockholm'"):
        option("time_zone", {**environ, "RAPPORT_TIME_ZONE": "Europe/Stokholm"})


def test_a_file_with_an_unknown_setting_is_refused(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('curency = "EUR"\n')
    with pytest.raises(DefinitionError, match="Did you mean 'currency'"):
        option("currency", environ)


def test_a_refused_value_leaves_the_file_as_it_was(environ: dict[str, str], tmp_path: Path) -> None:
    store_options({"currency": "USD"}, environ)
    with pytest.raises(DefinitionError):
        store_options({"currency": "dollars"}, environ)
    assert (tmp_path / "settings.toml").read_text() == 'currency = "USD"\n'


def test_what_was_set_before_stays(environ: dict[str, str]) -> None:
    store_options({"currency": "NOK"}, environ)
    told = {**environ, "RAPPORT_TIME_ZONE": "Europe/Oslo"}
    store_missing({"currency": "USD", "time_zone": "America/New_York"}, told)
    assert stored_options(told) == {"currency": "NOK"}
    store_missing({"currency": "USD", "time_zone": "America/New_York"}, environ)
    assert stored_options(environ) == {"currency": "NOK", "time_zone": "America/New_York"}
