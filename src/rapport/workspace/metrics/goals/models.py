"""What belongs to a goal beside its row of the table `goals`: its objective, its days, and when it slipped."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from rapport.workspace.lib.ids import new_id

PERSPECTIVES = ("Financial", "Customers", "Processes", "Learning and growth")


class Objective(models.Model):
    """One row is what the company wants; goals say how much of it, by when.

    heading: one of the four perspectives of a balanced scorecard, or one of its own.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    title = models.CharField(max_length=200)
    heading = models.CharField(max_length=100, default=PERSPECTIVES[0])
    why = models.CharField(max_length=500, blank=True, default="")
    position = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "objectives"
        ordering = ["position", "title"]

    def __str__(self) -> str:
        return self.title


class GoalPlan(models.Model):
    """One row is what people keep with a goal.

    title: empty, the metric's name stands for it. team: responsible beside or instead of the goal's owner.
    change, baseline: where the target was set as a relative change, by how much and of what; else null.
    reading: how the metric is read against the target, settled when it is first measured.
    shown: months, pace and reasons as they were last measured, for charts.
    slipped_at: since when it is at risk or missed; null while it is not.
    """

    goal = models.OneToOneField("metrics.Goal", models.CASCADE, primary_key=True, related_name="plan")
    objective = models.ForeignKey(Objective, models.SET_NULL, related_name="plans", null=True, blank=True)
    title = models.CharField(max_length=200, blank=True, default="")
    team = models.ForeignKey("team.Team", models.SET_NULL, related_name="+", null=True, blank=True)
    change = models.FloatField(null=True, blank=True)
    baseline = models.FloatField(null=True, blank=True)
    reading = models.CharField(max_length=20, blank=True, default="")
    shown = models.JSONField(null=True, blank=True)
    slipped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "goal_plans"


class GoalReading(models.Model):
    """One row is how a goal stood on a day, whole days before it counted.

    value, expected, likely, lower, upper: in the metric's unit, null where unknown; probability 0..1.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    goal = models.ForeignKey("metrics.Goal", models.CASCADE, related_name="readings")
    day = models.DateField()
    value = models.FloatField(null=True, blank=True)
    expected = models.FloatField(null=True, blank=True)
    likely = models.FloatField(null=True, blank=True)
    lower = models.FloatField(null=True, blank=True)
    upper = models.FloatField(null=True, blank=True)
    probability = models.FloatField(null=True, blank=True)
    status = models.CharField(max_length=20)
    reason = models.TextField(blank=True, default="")
    flags = models.JSONField(default=list, blank=True)
    computed_at = models.DateTimeField()

    class Meta:
        db_table = "goal_readings"
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["goal", "day"], name="goal_readings_once_a_day")]


class GoalAlert(models.Model):
    """One row tells one person that a goal slipped: once per slip, until they have seen it."""

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    goal = models.ForeignKey("metrics.Goal", models.CASCADE, related_name="alerts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    reading = models.ForeignKey(GoalReading, models.CASCADE, related_name="+")
    raised_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "goal_alerts"
        ordering = ["-raised_at"]
        indexes = [models.Index(fields=["user", "seen_at"], name="goal_alerts_of_user")]
