"""A start-up check: models keep the columns that the engine's tables declare, in their types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, register
from django.db import models

from rapport.engine.crm.tables import TABLES, Column, Table, Type
from rapport.workspace.lib.fields import MoneyField, ScaledDecimalField

FIELD_TYPES: dict[Type, tuple[type[models.Field[Any, Any]], ...]] = {
    Type.ID: (models.CharField, models.ForeignKey),
    Type.TEXT: (models.CharField, models.TextField),
    Type.CHOICE: (models.CharField,),
    Type.INTEGER: (models.IntegerField,),
    Type.NUMBER: (models.FloatField,),
    Type.MONEY: (MoneyField,),
    Type.SCORE: (ScaledDecimalField,),
    Type.BOOLEAN: (models.BooleanField,),
    Type.INSTANT: (models.DateTimeField,),
    Type.DATE: (models.DateField,),
    Type.JSON: (models.JSONField,),
}


def published_models() -> dict[str, type[models.Model]]:
    """The model that keeps each declared table, by table name."""
    return {m._meta.db_table: m for m in apps.get_models() if m._meta.db_table in TABLES}


@register()
def models_keep_what_tables_declare(app_configs: object, **_options: object) -> list[CheckMessage]:
    """E001: a table without model; E002: a column without field; E003: a field of another type."""
    kept = published_models()
    missing = [Error(f"No model keeps the table {name}.", id="rapport.E001") for name in TABLES if name not in kept]
    return missing + [error for name, model in kept.items() for error in _differences(TABLES[name], model)]


def _differences(table: Table, model: type[models.Model]) -> Iterator[CheckMessage]:
    fields = {field.attname: field for field in model._meta.concrete_fields}
    for column in table.columns.values():
        field = fields.get(column.name)
        if field is None:
            yield Error(f"{model.__name__} lacks {table.name}.{column.name}.", obj=model, id="rapport.E002")
        elif not _agrees(column, field):
            what = f"{table.name}.{column.name} is declared {column.type}, but is a {type(field).__name__}."
            yield Error(what, obj=model, id="rapport.E003")


def _agrees(column: Column, field: models.Field[Any, Any]) -> bool:
    if not isinstance(field, FIELD_TYPES[column.type]):
        return False
    if isinstance(field, models.ForeignKey):
        target = field.remote_field.model
        return isinstance(target, type) and target._meta.db_table == column.refers_to
    return column.type is not Type.CHOICE or tuple(value for value, _ in field.choices or ()) == column.choices
