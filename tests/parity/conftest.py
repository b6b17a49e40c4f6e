"""The same expressions on DuckDB and on Spark."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from parity.cluster import standalone
from rapport.engine.execution.duckdb import DuckdbRunner
from rapport.engine.execution.spark import SparkRunner, local_session
from rapport.engine.runner import Runner


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkRunner]:
    """A standalone cluster: what runs on it runs in another process, as on a large one."""
    if shutil.which("java") is None:
        pytest.fail("Java is missing: tools/setup.sh test installs it")
    with standalone(tmp_path_factory.mktemp("spark")) as address:
        session = local_session(master=address, memory="1g")
        yield SparkRunner(session)
        session.stop()


@pytest.fixture(params=["duckdb", "spark"])
def engine(request: pytest.FixtureRequest) -> Iterator[Runner]:
    """Each engine in turn."""
    if request.param == "spark":
        yield request.getfixturevalue("spark")
        return
    with DuckdbRunner(threads=2) as duckdb:
        yield duckdb
