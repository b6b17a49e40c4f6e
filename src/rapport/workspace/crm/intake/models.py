"""Imports: what was read, what became of each row, and what it takes to undo it."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from rapport.workspace.lib.ids import new_id


class State(models.TextChoices):
    """How far an import is."""

    UPLOADED = "uploaded"
    CHECKING = "checking"
    CHECKED = "checked"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNDOING = "undoing"
    UNDONE = "undone"


class Import(models.Model):
    """One row is a file brought in.

    how: encoding, delimiter, sheet where chosen. mapping: `mapping.Mapping` as JSON.
    cursor and counts are written in the transaction of the rows they count; the checked ones are of the dry run.
    at: the instant of the import, the same however often it is taken up again. by: user id, or "" for a command.
    message: why it failed, for people. job_id: its job in the queue.
    """

    id = models.CharField(primary_key=True, max_length=36, default=new_id, editable=False)
    table = models.CharField(max_length=50)
    source = models.CharField(max_length=100)
    file_name = models.CharField(max_length=255)
    path = models.TextField()
    size = models.BigIntegerField(default=0)
    form = models.CharField(max_length=10, blank=True, default="")
    how = models.JSONField(default=dict)
    header = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.UPLOADED)
    row_count = models.BigIntegerField(null=True)
    cursor = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    checked_cursor = models.BigIntegerField(default=0)
    checked_counts = models.JSONField(default=dict)
    undo_counts = models.JSONField(default=dict)
    by = models.CharField(max_length=100, blank=True, default="")
    at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    message = models.TextField(blank=True, default="")
    job_id = models.CharField(max_length=36, blank=True, default="")

    class Meta:
        db_table = "imports"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.file_name} -> {self.table}"

    @property
    def mark(self) -> str:
        """What `attribute_history.changed_by` says of this import."""
        return f"import {self.id}"


class RowVerdict(models.Model):
    """One row is what became of a row of the file: the refused and doubled ones, and examples of others.

    of_check: found by the dry run. original: the cells as text, in the order of the header.
    record_id: the record it became, or that it doubles. first_row: the row of the file that it doubles.
    admitted: it was mended and taken later.
    """

    id = models.BigAutoField(primary_key=True)
    of = models.ForeignKey(Import, models.CASCADE, related_name="verdicts")
    of_check = models.BooleanField(default=False)
    row = models.BigIntegerField()
    verdict = models.CharField(max_length=10)
    reason = models.TextField(blank=True, default="")
    record_id = models.CharField(max_length=100, blank=True, default="")
    first_row = models.BigIntegerField(null=True)
    original = models.JSONField(default=list)
    admitted = models.BooleanField(default=False)

    class Meta:
        db_table = "import_verdicts"
        indexes = [models.Index(fields=["of", "of_check", "verdict", "row"], name="import_verdicts_shown")]

    def __str__(self) -> str:
        return f"row {self.row}: {self.verdict}"


class RecordChange(models.Model):
    """One row is a record that an import made or changed.

    old, new: values as text by attribute (`city`, `properties.Plan`); both empty for a record made.
    undone: null until it is undone; then True, or False where people changed it since and it was left.
    """

    id = models.BigAutoField(primary_key=True)
    of = models.ForeignKey(Import, models.CASCADE, related_name="changes")
    row = models.BigIntegerField()
    table = models.CharField(max_length=50)
    record_id = models.CharField(max_length=100)
    made = models.BooleanField()
    old = models.JSONField(default=dict)
    new = models.JSONField(default=dict)
    undone = models.BooleanField(null=True)
    reason = models.TextField(blank=True, default="")

    class Meta:
        db_table = "import_changes"
        indexes = [models.Index(fields=["of", "undone", "id"], name="import_changes_left")]

    def __str__(self) -> str:
        return f"{self.table} {self.record_id}"


class SavedMapping(models.Model):
    """One row is how files of a source with a certain header are mapped, as last confirmed."""

    id = models.BigAutoField(primary_key=True)
    source = models.CharField(max_length=100)
    signature = models.CharField(max_length=64)
    mapping = models.JSONField()
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "import_mappings"
        constraints = [models.UniqueConstraint(fields=["source", "signature"], name="import_mappings_unique")]

    def __str__(self) -> str:
        return self.source
