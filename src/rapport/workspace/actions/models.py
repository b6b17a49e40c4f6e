"""Who was given, or held out from, an action. Columns as declared in `rapport.engine.crm.tables`."""

from django.db import models

from rapport.workspace.lib.rows import Record, choices_of, unique_external_id, unpublished


class ActionAssignment(Record):
    """One row is who was given, or held out from, an action."""

    action = models.CharField(max_length=255, null=True, blank=True)
    subject = models.CharField(
        max_length=20, choices=choices_of("action_assignments", "subject"), null=True, blank=True
    )
    subject_id = models.CharField(max_length=100, null=True, blank=True)
    arm = models.CharField(max_length=20, choices=choices_of("action_assignments", "arm"), null=True, blank=True)
    assigned_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=255, null=True, blank=True)

    class Meta:
        db_table = "action_assignments"
        constraints = [unique_external_id("action_assignments")]
        indexes = [unpublished("action_assignments")]
