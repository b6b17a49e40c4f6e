"""Metrics by day, kept for other tools."""

from django.db import models

from rapport.workspace.lib.fields import MoneyField


class MetricDay(models.Model):
    """One row is a metric of the whole company on a local day, as measured at `as_of`.

    value: in the metric's unit, null where unknown; amount: the same exactly where it is money.
    """

    day = models.DateField()
    metric = models.CharField(max_length=100)
    value = models.FloatField(null=True)
    amount = MoneyField(null=True)
    numerator = models.FloatField(null=True)
    denominator = models.FloatField(null=True)
    n = models.BigIntegerField(default=0)
    lower = models.FloatField(null=True)
    upper = models.FloatField(null=True)
    maturity = models.FloatField(null=True)
    coverage = models.FloatField(null=True)
    reason = models.TextField(null=True)
    flags = models.TextField(default="")
    definition_version = models.BigIntegerField()
    data_through = models.DateTimeField(null=True)
    as_of = models.DateTimeField()

    class Meta:
        db_table = "metric_days"
        constraints = [models.UniqueConstraint(fields=["metric", "day"], name="metric_days_one")]
        indexes = [models.Index(fields=["day"], name="metric_days_by_day")]
