"""Views for BI tools in PostgreSQL: made, brought up to date, granted to a role and taken away.

Views show everything to whoever may read them: permissions of users do not hold there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, connection, transaction

from rapport.engine.errors import DataError, DefinitionError
from rapport.workspace.metrics.exports.view_sql import (
    SCHEMA,
    identifier,
    literal,
    schema_comment,
    statements,
    view_names,
)

_LOCK = 7_302_001  # one at a time
_NOT_ALLOWED = "42501"


@dataclass(frozen=True, kw_only=True)
class Installed:
    """What there is now. made_roles: roles that did not exist before; exposed: tables of the workspace that a role
    can read beside the views, by role."""

    views: Sequence[str]
    with_personal_data: bool
    roles: Sequence[str]
    made_roles: Sequence[str] = ()
    exposed: dict[str, Sequence[str]]


def check_database() -> None:
    """Raises: DefinitionError where records are not in PostgreSQL."""
    if connection.vendor != "postgresql":
        raise DefinitionError(
            "Views for BI tools need PostgreSQL; this workspace keeps its records in SQLite.",
            where="export views",
            next_step="`rapport export parquet FOLDER` gives the same tables as files. For a workspace in PostgreSQL "
            "set RAPPORT_DATABASE to postgresql://user:password@host/name before anything is imported.",
        )


def install(*, with_personal_data: bool, role: str | None = None) -> Installed:
    """Make schema, views, comments and grants, or bring them up to date. Safe to repeat.

    Parameters: role, one more role that may read the views; it is made where there is none, able to sign in but
    without a password. Roles of earlier times keep their rights.
    Raises: DefinitionError on SQLite; DataError where the database does not allow it.
    """
    check_database()
    with _told_plainly(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        for statement in statements(with_personal_data=with_personal_data):
            cursor.execute(statement)
        made = [role] if role and _made(cursor, role) else []
        roles = sorted({*_readers(cursor), *([role] if role else [])})
        for name in roles:
            _grant(cursor, name)
        return Installed(
            views=view_names(),
            with_personal_data=with_personal_data,
            roles=roles,
            made_roles=made,
            exposed={name: found for name in roles if (found := _exposed(cursor, name))},
        )


def state() -> bool | None:
    """Whether the views tell personal data; None where there are no views."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT obj_description(to_regnamespace(%s), 'pg_namespace')", [SCHEMA])
        comment = cursor.fetchone()[0]
    known = {schema_comment(with_personal_data=told): told for told in (True, False)}
    return known.get(comment) if comment else None


def bring_up_to_date() -> bool:
    """Make views that are there anew after the product changed; whether there are any."""
    told = state()
    if told is None:
        return False
    install(with_personal_data=told)
    return True


def remove() -> None:
    """Take the views away. Raises: DataError where views of others rest on them."""
    check_database()
    with _told_plainly(), transaction.atomic(), connection.cursor() as cursor:
        _drop_views(cursor)
        cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA}")


def set_aside() -> bool:
    """Take away the views but not the schema, so that their tables may change; `bring_up_to_date` brings them back.

    Where views of others rest on them they stay.
    """
    if state() is None:
        return False
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            _drop_views(cursor)
    except DatabaseError:
        return False
    return True


def _drop_views(cursor: Any) -> None:
    listed = ", ".join(f"{SCHEMA}.{view}" for view in view_names())
    cursor.execute(f"DROP VIEW IF EXISTS {listed}")


def _made(cursor: Any, role: str) -> bool:
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
    if cursor.fetchone():
        return False
    cursor.execute(f"CREATE ROLE {identifier(role)} LOGIN")
    cursor.execute(f"ALTER ROLE {identifier(role)} SET default_transaction_read_only = on")
    cursor.execute(f"ALTER ROLE {identifier(role)} SET search_path = {SCHEMA}")
    return True


def _grant(cursor: Any, role: str) -> None:
    cursor.execute("SELECT current_database()")
    database = identifier(cursor.fetchone()[0])
    cursor.execute(f"GRANT CONNECT ON DATABASE {database} TO {identifier(role)}")
    cursor.execute(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {identifier(role)}")
    for view in view_names():
        cursor.execute(f"GRANT SELECT ON {SCHEMA}.{view} TO {identifier(role)}")


def _readers(cursor: Any) -> list[str]:
    """Roles that were given the schema before."""
    cursor.execute(
        "SELECT DISTINCT r.rolname FROM pg_namespace n, aclexplode(n.nspacl) a JOIN pg_roles r ON r.oid = a.grantee "
        "WHERE n.nspname = %s AND a.privilege_type = 'USAGE' AND a.grantee <> n.nspowner",
        [SCHEMA],
    )
    return [name for (name,) in cursor.fetchall()]


def _exposed(cursor: Any, role: str) -> list[str]:
    """Tables outside the schema that a role can read, which a role for BI should not."""
    cursor.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', %s) "
        "AND n.nspname NOT LIKE 'pg_toast%%' AND has_schema_privilege(%s, n.oid, 'USAGE') "
        "AND has_table_privilege(%s, c.oid, 'SELECT') ORDER BY 1",
        [SCHEMA, role, role],
    )
    return [name for (name,) in cursor.fetchall()]


@contextmanager
def _told_plainly() -> Iterator[None]:
    """What the database refuses, in a sentence that says what to do."""
    try:
        yield
    except DatabaseError as error:
        cause = error.__cause__
        said = str(error).strip().splitlines()[0]
        if getattr(cause, "sqlstate", "") == _NOT_ALLOWED:
            raise DataError(
                "The database does not allow it to Rapport's user.", where="export views", received=said,
                next_step="Let its owner `GRANT CREATE ON DATABASE name TO` that user, and make the role where one is "
                "wanted (or grant CREATEROLE); `rapport export views --show-sql` prints what would be run.",
            ) from error  # fmt: skip
        raise DataError("The database refused the views.", where="export views", received=said) from error


def role_script(role: str) -> list[str]:
    """What `install` does for a role, as SQL for a person to run."""
    quoted = identifier(role)
    return [
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {literal(role)}) "
        f"THEN CREATE ROLE {quoted} LOGIN; END IF; END $$",
        f"GRANT USAGE ON SCHEMA {SCHEMA} TO {quoted}",
        *(f"GRANT SELECT ON {SCHEMA}.{view} TO {quoted}" for view in view_names()),
    ]
