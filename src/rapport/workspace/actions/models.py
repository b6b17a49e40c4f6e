"""The work list; and who was given, or held out from, an action (columns as in `rapport.engine.crm.tables`)."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from rapport.workspace.lib.fields import ScaledDecimalField
from rapport.workspace.lib.ids import new_id
from rapport.workspace.lib.rows import Record, choices_of, unique_external_id, unpublished


class ActionAssignment(Record):
    """One row is who was given, or held out from, an action.

    stratum: the band at the time; empty where there was none.
    """

    action = models.CharField(max_length=255, null=True, blank=True)
    subject = models.CharField(
        max_length=20, choices=choices_of("action_assignments", "subject"), null=True, blank=True
    )
    subject_id = models.CharField(max_length=100, null=True, blank=True)
    arm = models.CharField(max_length=20, choices=choices_of("action_assignments", "arm"), null=True, blank=True)
    assigned_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=255, null=True, blank=True)
    stratum = models.CharField(max_length=100, blank=True, default="")

    class Meta:
        db_table = "action_assignments"
        constraints = [unique_external_id("action_assignments")]
        indexes = [
            unpublished("action_assignments"),
            models.Index(fields=["action", "assigned_at"], name="action_assignments_of"),
        ]


class HoldoutPlan(models.Model):
    """One row is an action from which a share of those it would reach is held out at random.

    action: its name, used once (`contact:lead_readiness-1`). score: whose suggestions it divides.
    salt: secret, made once; with it anyone can check who was held out. held_out: 0..1; by_band: {band: share} where
    it differs.
    within_days: how long after the assignment the outcome counts. ends_at: until when subjects are divided; claims
    are made when the last window is over. least_effect: the rise of the rate worth knowing, 0..1; null: a fifth.
    cost: of acting on one, base currency; null where it is not known. stopped_at: ended before its time, and `ended`
    says why. report: as of `reported_at` (JSON of `engine.evaluation.holdout`), null before the first.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    action = models.CharField(max_length=255, unique=True)
    title = models.CharField(max_length=255)
    score = models.CharField(max_length=255)
    version = models.BigIntegerField()
    subject = models.CharField(max_length=20)
    salt = models.CharField(max_length=100)
    held_out = models.FloatField()
    by_band = models.JSONField(default=dict)
    within_days = models.PositiveIntegerField()
    least_effect = models.FloatField(null=True, blank=True)
    cost = ScaledDecimalField(places=6, null=True, blank=True)
    started_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    started_by = models.CharField(max_length=255)
    why = models.TextField(blank=True, default="")
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_by = models.CharField(max_length=255, blank=True, default="")
    ended = models.TextField(blank=True, default="")
    report = models.JSONField(null=True, blank=True)
    reported_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "holdout_plans"
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["score"], condition=models.Q(stopped_at__isnull=True), name="holdout_plans_one_runs"
            )
        ]


class TeamCapacity(models.Model):
    """One row is how many suggestions a team (null: all together) says it works a week, from an instant on."""

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    team = models.ForeignKey("team.Team", models.CASCADE, related_name="capacities", null=True, blank=True)
    per_week = models.PositiveIntegerField()
    set_at = models.DateTimeField(default=timezone.now)
    set_by = models.CharField(max_length=255)

    class Meta:
        db_table = "team_capacities"
        indexes = [models.Index(fields=["team", "-set_at"], name="team_capacities_newest")]


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


class ThresholdCrossing(models.Model):
    """One row is a threshold of a score crossed by a subject: written with the score, in one transaction.

    threshold: `ready`, or `band A`; number: how often this subject has crossed it, this time included: one row each.
    handled_at: when every action had its turn; null while it waits.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    score = models.CharField(max_length=255)
    version = models.BigIntegerField()
    subject = models.CharField(max_length=20)
    subject_id = models.CharField(max_length=100)
    threshold = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=[(k, k) for k in ("entered", "left")])
    number = models.PositiveIntegerField()
    occurred_at = models.DateTimeField()
    value = ScaledDecimalField(places=6, null=True, blank=True)
    band = models.CharField(max_length=100, null=True, blank=True)
    run_id = models.CharField(max_length=100)
    handled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "threshold_crossings"
        constraints = [
            models.UniqueConstraint(
                fields=["score", "subject_id", "threshold", "number"], name="threshold_crossings_once"
            )
        ]
        indexes = [
            models.Index(fields=["id"], name="threshold_crossings_waiting", condition=models.Q(handled_at__isnull=True))
        ]


class CrossingAction(models.Model):
    """One row is an action taken because of a crossing: written with what the action did, in one transaction.

    key: crossing and action; unique, so that nothing is done twice.
    """

    key = models.CharField(primary_key=True, max_length=255)
    crossing = models.ForeignKey(ThresholdCrossing, models.CASCADE, related_name="actions")
    action = models.CharField(max_length=100)
    taken_at = models.DateTimeField()
    result = models.JSONField(default=dict)

    class Meta:
        db_table = "crossing_actions"


class ForeseenCrossing(models.Model):
    """One row is a subject that will leave a threshold on a coming local day if nothing happens until then."""

    score = models.CharField(max_length=255)
    subject = models.CharField(max_length=20)
    subject_id = models.CharField(max_length=100)
    threshold = models.CharField(max_length=100)
    day = models.DateField(db_index=True)
    value = ScaledDecimalField(places=6, null=True, blank=True)
    computed_at = models.DateTimeField()

    class Meta:
        db_table = "foreseen_crossings"
        constraints = [
            models.UniqueConstraint(fields=["score", "subject_id", "threshold"], name="foreseen_crossings_one")
        ]


class RealTimeState(models.Model):
    """The one row (id 1) says how real-time scoring does, over the newest batches.

    lag_p50_s, lag_p95_s: seconds from acceptance to the written score.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    last_batch_at = models.DateTimeField(null=True, blank=True)
    subjects = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0)
    lag_p50_s = models.FloatField(null=True, blank=True)
    lag_p95_s = models.FloatField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "real_time_state"
