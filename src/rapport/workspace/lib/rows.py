"""What every published row has: the columns common to all CRM tables, and its publishing batch."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from rapport.engine.crm.tables import TABLES
from rapport.workspace.lib.fields import BatchField
from rapport.workspace.lib.ids import new_id


class Row(models.Model):
    """A row of a CRM table (`rapport.engine.crm.tables.COMMON`) that is published to the lake.

    batch: the lake batch of its table that claimed it; null until a publisher does.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    source = models.CharField(max_length=100, blank=True, default="")
    external_id = models.CharField(max_length=200, null=True, blank=True)
    created_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    recorded_at = models.DateTimeField(default=timezone.now)
    recorded_at_assumed = models.BooleanField(default=False)
    ingested_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True)
    batch = BatchField(null=True, editable=False)

    class Meta:
        abstract = True


class Record(Row):
    """A row that changes; each change of a changeable column is also an attribute-history row."""

    class Meta:
        abstract = True


class Fact(Row):
    """A row that never changes."""

    class Meta:
        abstract = True


def choices_of(table: str, column: str) -> list[tuple[str, str]]:
    """The choices of a declared column, for a model field."""
    return [(value, value.replace("_", " ")) for value in TABLES[table].columns[column].choices]


def unique_external_id(table: str) -> models.UniqueConstraint:
    """One row per id of the source, so that the same file imported twice changes nothing."""
    return models.UniqueConstraint(fields=["source", "external_id"], name=f"{table}_unique_external_id")


def unpublished(table: str) -> models.Index:
    """Finds the rows that no publisher has claimed, and those of a batch on its way to the lake."""
    return models.Index(fields=["batch"], name=f"{table[:18]}_unpublished")
