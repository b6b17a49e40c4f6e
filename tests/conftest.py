"""What every test shares: a home folder of its own, the real data where it is present, and an engine."""

from __future__ import annotations

import gc
import importlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

os.environ["RAPPORT_HOME"] = tempfile.mkdtemp(prefix="rapport-test-")
if os.environ.get("RAPPORT_TEST_DATABASE"):
    os.environ["RAPPORT_DATABASE"] = os.environ["RAPPORT_TEST_DATABASE"]
else:
    os.environ.pop("RAPPORT_DATABASE", None)

from django.conf import settings
from django.db import connections

from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.workspace import settings as options_read

# pytest-django reads the settings before this file sets the environment: read them again
importlib.reload(options_read)
for _name in filter(str.isupper, dir(options_read)):
    setattr(settings, _name, getattr(options_read, _name))
connections._settings = None  # type: ignore[attr-defined]
connections.__dict__.pop("settings", None)
for _alias in connections:
    del connections[_alias]

# the same examples in every run, so that a change is judged by itself; `make explore` draws others
hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None)
hypothesis.settings.register_profile("explore", deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or "fixed")

_WITH_A_DATABASE = {"db", "transactional_db", "installation", "environment"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On another database than SQLite, what touches none needs no second run."""
    if os.environ.get("RAPPORT_TEST_DATABASE"):
        again = [item for item in items if _touches_the_database(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(again)])
        items[:] = again


def _touches_the_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or not fixtures.isdisjoint(_WITH_A_DATABASE)


def pytest_collection_finish() -> None:
    """What is imported stays for good: looking for garbage in it, over and over, took a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


_REPOSITORY = Path(__file__).parent.parent
REAL_DATA = Path(os.environ.get("RAPPORT_TEST_DATA") or _REPOSITORY.parent / "shared" / "data")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of public data sets, `RAPPORT_TEST_DATA`. Tests that need it are skipped where it is absent."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"real data absent: RAPPORT_TEST_DATA ({REAL_DATA})")
    return REAL_DATA


@pytest.fixture
def runner() -> Iterator[DuckdbRunner]:
    with DuckdbRunner(threads=2) as duckdb:
        yield duckdb
