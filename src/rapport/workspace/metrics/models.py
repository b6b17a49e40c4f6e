"""Rates, goals and forecasts. Columns as declared in `rapport.engine.crm.tables`."""

from django.db import models

from rapport.workspace.lib.fields import ScaledDecimalField
from rapport.workspace.lib.rows import Fact, Record, choices_of, unique_external_id, unpublished


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
