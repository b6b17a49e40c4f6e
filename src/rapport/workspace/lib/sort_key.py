"""Text as lists sort and search it: without regard to case, byte by byte, by an index on every database."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, Func
from django.db.models.sql.compiler import SQLCompiler

_LAST = "\U0010ffff"


class SortKey(Func):
    """`SortKey("email")`: the column in lower case. SQLite folds A to Z only.

    PostgreSQL compares it byte by byte (COLLATE "C"), so that an index answers "starts with" whatever the
    database's language. In `Meta.indexes` and in queries alike, so that the one serves the other.
    """

    function = "LOWER"
    arity = 1
    output_field = CharField()

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template='LOWER(%(expressions)s) COLLATE "C"', **context)


class Unindexed(Func):
    """A column that SQLite is not to look up by its own index, as another index serves the query better.

    PostgreSQL keeps statistics that tell it so.
    """

    arity = 1
    template = "%(expressions)s"
    output_field = CharField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="+%(expressions)s", **context)


def ranges(typed: str) -> list[tuple[str, str]]:
    """The half-open ranges of sort keys that start with what was typed.

    More than one where it holds letters beyond A to Z, as SQLite leaves those as they were stored.
    """
    lowered = typed.lower()
    ascii_folded = "".join(letter.lower() if letter.isascii() else letter for letter in typed)
    capital = lowered[:1].upper() + lowered[1:]
    prefixes = {lowered, ascii_folded}
    if not lowered.isascii():
        prefixes.add("".join(letter.lower() if letter.isascii() else letter for letter in capital))
    return [(prefix, prefix + _LAST) for prefix in sorted(prefixes)]
