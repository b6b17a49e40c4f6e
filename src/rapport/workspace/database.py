"""Which database keeps the records: SQLite in the home folder, or PostgreSQL by its URL."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from rapport.engine.errors import DefinitionError
from rapport.workspace.options import option


def database_settings(url: str, home: Path) -> dict[str, Any]:
    """Django's `DATABASES["default"]` for an URL; empty means SQLite.

    SQLite: IMMEDIATE, because a deferred transaction that reads and then writes after another's
    commit fails at once with "database is locked", whatever the timeout.
    """
    if not url:
        return _sqlite(home / "rapport.sqlite3")
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return _sqlite(Path(unquote(parts.path)))
    if parts.scheme not in ("postgres", "postgresql"):
        raise DefinitionError(
            "not a database address",
            where="RAPPORT_DATABASE",
            received=parts.scheme,
            allowed=("postgresql", "sqlite"),
            next_step="Write postgresql://user:password@host:5432/name.",
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def _sqlite(file: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(file),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "; ".join(f"PRAGMA {pragma}" for pragma in _pragmas()),
        },
    }


def _pragmas() -> tuple[str, ...]:
    return (
        "journal_mode=WAL",
        f"synchronous={option('sqlite_synchronous')}",
        "temp_store=MEMORY",
        "cache_size=-64000",
    )
