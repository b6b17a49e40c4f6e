"""An installation of its own for each test, whose processes may be killed."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of an installation of its own, on SQLite or in the server of RAPPORT_TEST_DATABASE."""
    environment = {**os.environ, "RAPPORT_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "rapport.workspace.settings"}
    environment.pop("RAPPORT_DATABASE", None)
    environment.pop("RAPPORT_LAKE", None)
    server = os.environ.get("RAPPORT_TEST_DATABASE")
    if not server:
        yield environment
        return
    import psycopg

    name = f"kill_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        yield {**environment, "RAPPORT_DATABASE": urlunsplit(urlsplit(server)._replace(path=f"/{name}"))}
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
