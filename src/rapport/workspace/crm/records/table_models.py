"""Which model keeps which CRM table."""

from __future__ import annotations

from functools import cache

from django.apps import apps

from rapport.engine.crm.tables import TABLES
from rapport.engine.errors import DefinitionError
from rapport.workspace.lib.rows import Fact, Record, Row


@cache
def model_of(table: str) -> type[Row]:
    """The model of a table by its plural name (`deals`)."""
    for model in apps.get_models():
        if model._meta.db_table == table and table in TABLES:
            return model  # type: ignore[return-value] # users have the columns of a Row without being one
    raise DefinitionError("no table of the CRM", received=table, allowed=sorted(TABLES))


__all__ = ["Fact", "Record", "Row", "model_of"]
