"""The work list; and who was given, or held out from, an action (columns as in `rapport.engine.crm.tables`)."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from rapport.workspace.lib.fields import ScaledDecimalField
from rapport.workspace.lib.ids import new_id
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


class WorkItem(models.Model):
    """One row is a suggestion to contact somebody now, why, and what was decided about it.

    for_user: who is to act; null where the record has no owner (managers see it).
    cause: what put it on the list (ready, risen, falling, high); reason: one sentence;
    lines: the strongest lines of the explanation, as shown when it was suggested.
    best_hour: local hour 0..23 at which the contact mostly reacts; null where too little is known.
    """

    class State(models.TextChoices):
        OPEN = "open"
        DONE = "done"
        SNOOZED = "snoozed"
        NOT_RELEVANT = "not_relevant"

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    for_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="work_items", null=True, blank=True
    )
    subject = models.CharField(max_length=20)
    subject_id = models.CharField(max_length=100, db_index=True)
    subject_name = models.CharField(max_length=500, blank=True, default="")
    score = models.CharField(max_length=255)
    version = models.BigIntegerField()
    run_id = models.CharField(max_length=100)
    cause = models.CharField(max_length=20, choices=[(c, c) for c in ("ready", "risen", "falling", "high")])
    value = ScaledDecimalField(places=6, null=True, blank=True)
    band = models.CharField(max_length=100, null=True, blank=True)
    trend = models.CharField(max_length=10, null=True, blank=True)
    change_7d = ScaledDecimalField(places=6, null=True, blank=True)
    reason = models.TextField()
    lines = models.JSONField(default=list)
    channel = models.CharField(max_length=20, blank=True, default="")
    best_hour = models.PositiveSmallIntegerField(null=True, blank=True)
    rank = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=20, choices=State.choices, default=State.OPEN)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, related_name="+", null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    feedback = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "work_items"
        constraints = [
            models.UniqueConstraint(
                fields=["score", "subject_id"],
                condition=models.Q(state__in=["open", "snoozed"]),
                name="work_items_one_pending",
            )
        ]
        indexes = [models.Index(fields=["for_user", "state", "rank"], name="work_items_list")]
