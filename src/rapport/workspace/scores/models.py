"""Definitions of scores, what people said of them and the values computed. Columns as declared in `rapport.engine.crm.tables`."""

from django.db import models

from rapport.workspace.lib.fields import ScaledDecimalField
from rapport.workspace.lib.rows import Fact, Record, choices_of, unique_external_id, unpublished


class ScoreDefinition(Record):
    """One row is a version of a score's definition."""

    name = models.CharField(max_length=255, null=True, blank=True)
    version = models.BigIntegerField(null=True, blank=True)
    document = models.TextField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    by = models.CharField(max_length=255, null=True, blank=True)

    class Meta:
        db_table = "score_definitions"
        constraints = [unique_external_id("score_definitions")]
        indexes = [unpublished("score_definitions")]


class ScoreFeedback(Fact):
    """One row is what a salesperson said of a score."""

    score = models.CharField(max_length=255, null=True, blank=True)
    version = models.BigIntegerField(null=True, blank=True)
    subject_id = models.CharField(max_length=100, null=True, blank=True)
    verdict = models.CharField(max_length=20, choices=choices_of("score_feedback", "verdict"), null=True, blank=True)
    reason = models.TextField(null=True, blank=True)
    given_at = models.DateTimeField(null=True, blank=True)
    by = models.CharField(max_length=255, null=True, blank=True)

    class Meta:
        db_table = "score_feedback"
        indexes = [unpublished("score_feedback")]


class ScoreValue(Fact):
    """One row is a score of a subject."""

    score = models.CharField(max_length=255)
    version = models.BigIntegerField(null=True, blank=True)
    subject = models.CharField(max_length=20, choices=choices_of("score_values", "subject"), null=True, blank=True)
    subject_id = models.CharField(max_length=100, db_index=True)
    as_of = models.DateTimeField()
    run_id = models.CharField(max_length=255, null=True, blank=True)
    value = ScaledDecimalField(places=6, null=True, blank=True)
    fit = ScaledDecimalField(places=6, null=True, blank=True)
    engagement = ScaledDecimalField(places=6, null=True, blank=True)
    matrix = models.CharField(max_length=255, null=True, blank=True)
    band = models.CharField(max_length=255, null=True, blank=True)
    percentile = models.FloatField(null=True, blank=True)
    cause = models.CharField(max_length=255, null=True, blank=True)
    contributions = models.JSONField(null=True, blank=True)
    reason_null = models.CharField(max_length=255, null=True, blank=True)
    computed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "score_values"
        indexes = [unpublished("score_values")]
