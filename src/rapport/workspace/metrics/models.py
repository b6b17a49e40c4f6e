"""Rates, goals and forecasts, with columns as declared in `rapport.engine.crm.tables`; and dashboards."""

from django.conf import settings
from django.db import models

from rapport.workspace.lib.fields import ScaledDecimalField
from rapport.workspace.lib.ids import new_id
from rapport.workspace.lib.rows import Fact, Record, choices_of, unique_external_id, unpublished
from rapport.workspace.metrics.boards.models import (
    DashboardMail,
    DashboardNote,
    DashboardShare,
    MailReceiver,
    MailSent,
    ShareKnock,
)
from rapport.workspace.metrics.exports.models import MetricDay
from rapport.workspace.metrics.goals.models import GoalAlert, GoalPlan, GoalReading, Objective

__all__ = [
    "Audience", "Dashboard", "DashboardMail", "DashboardNote", "DashboardShare", "DashboardValues", "ExchangeRate",
    "ForecastSnapshot", "Goal", "GoalAlert", "GoalPlan", "GoalReading", "MailReceiver", "MailSent", "MetricDay",
    "Objective", "ShareKnock", "Tile",
]  # fmt: skip
DISPLAYS = ("value", "line", "bars", "table")


class ExchangeRate(Fact):
    """One row is a rate on a day."""

    date = models.DateField(null=True, blank=True)
    currency = models.CharField(max_length=255)
    per_base = ScaledDecimalField(places=6)

    class Meta:
        db_table = "exchange_rates"
        indexes = [unpublished("exchange_rates")]


class Goal(Record):
    """One row is a target for a metric."""

    metric = models.CharField(max_length=255, null=True, blank=True)
    filters = models.JSONField(null=True, blank=True)
    target = models.FloatField(null=True, blank=True)
    direction = models.CharField(max_length=20, choices=choices_of("goals", "direction"), null=True, blank=True)
    starts_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    owner = models.ForeignKey("team.User", models.PROTECT, related_name="+", null=True, blank=True)

    class Meta:
        db_table = "goals"
        constraints = [unique_external_id("goals")]
        indexes = [unpublished("goals")]


class ForecastSnapshot(Fact):
    """One row is a forecast as it was made."""

    forecast = models.CharField(max_length=255, null=True, blank=True)
    version = models.BigIntegerField(null=True, blank=True)
    made_at = models.DateTimeField()
    period = models.CharField(max_length=255, null=True, blank=True)
    value = models.FloatField(null=True, blank=True)
    lower = models.FloatField(null=True, blank=True)
    upper = models.FloatField(null=True, blank=True)
    is_frozen = models.BooleanField(null=True, blank=True)

    class Meta:
        db_table = "forecast_snapshots"
        indexes = [unpublished("forecast_snapshots")]


class Audience(models.TextChoices):
    """Who sees an own dashboard besides its owner."""

    PRIVATE = "private"
    TEAM = "team"
    ALL = "all"


class Dashboard(models.Model):
    """One row is a page of tiles. Ready-made ones have no owner and are kept in step with the product.

    audience: who sees an own one; team: the one it is for, where it is for a team.
    opened_at: when somebody last looked, to the hour: figures of those opened lately are computed ahead.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    slug = models.SlugField(max_length=100, unique=True)
    title = models.CharField(max_length=200)
    purpose = models.TextField(blank=True, default="")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", null=True, blank=True)
    audience = models.CharField(max_length=10, choices=Audience.choices, default=Audience.PRIVATE)
    team = models.ForeignKey("team.Team", models.SET_NULL, related_name="+", null=True, blank=True)
    position = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "dashboards"
        ordering = ["position", "title"]

    def __str__(self) -> str:
        return self.title


class Tile(models.Model):
    """One row is a metric on a dashboard.

    display: `value` (number, change, sparkline), `line` (series over time), `bars` (by a dimension) or `table` (by a
        dimension, else by month).
    by: the dimension of `bars` and `table`; empty otherwise.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    dashboard = models.ForeignKey(Dashboard, models.CASCADE, related_name="tiles")
    metric = models.CharField(max_length=100)
    title = models.CharField(max_length=200, blank=True, default="")
    display = models.CharField(max_length=10, choices=[(d, d) for d in DISPLAYS], default="value")
    by = models.CharField(max_length=100, blank=True, default="")
    position = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "dashboard_tiles"
        ordering = ["position", "id"]


class DashboardValues(models.Model):
    """One row is a dashboard as computed once: every tile, for a period and filters, over one state of the data.

    key: sha256 of dashboard, tiles, period, comparison, filters and day; body: tiles as JSON.
    """

    key = models.CharField(primary_key=True, max_length=64)
    dashboard = models.ForeignKey(Dashboard, models.CASCADE, related_name="+")
    data_version = models.CharField(max_length=255)
    computed_at = models.DateTimeField()
    body = models.JSONField()

    class Meta:
        db_table = "dashboard_values"
        indexes = [models.Index(fields=["computed_at"], name="dashboard_values_age")]
