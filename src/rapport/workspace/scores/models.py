"""Definitions of scores, their runs and values, and what people said of them.

Columns of published tables are as declared in `rapport.engine.crm.tables`; the others are the workspace's own.
"""

from django.db import models
from django.utils import timezone

from rapport.workspace.lib.fields import ScaledDecimalField
from rapport.workspace.lib.ids import new_id
from rapport.workspace.lib.rows import Fact, Record, choices_of, unique_external_id, unpublished


class State(models.TextChoices):
    """Where a version stands: a draft may change, a published one is live, a retired one was."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


class ScoreDefinition(Record):
    """One row is a version of a score's definition. Once published, its document never changes.

    time_zone: the reporting zone copied when it was published; null while it is a draft.
    backtest: the report (JSON) on which it was published; null where it was published by override.
    """

    name = models.CharField(max_length=255, null=True, blank=True)
    version = models.BigIntegerField(null=True, blank=True)
    document = models.TextField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    by = models.CharField(max_length=255, null=True, blank=True)

    title = models.CharField(max_length=255, blank=True, default="")
    subject = models.CharField(max_length=20, default="contact")
    kind = models.CharField(max_length=50, default="points")
    state = models.CharField(max_length=20, choices=State.choices, default=State.DRAFT)
    note = models.TextField(blank=True, default="")
    time_zone = models.CharField(max_length=64, null=True, blank=True)
    backtest = models.JSONField(null=True, blank=True)
    backtest_html = models.TextField(null=True, blank=True)
    backtested_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "score_definitions"
        constraints = [
            unique_external_id("score_definitions"),
            models.UniqueConstraint(fields=["name", "version"], name="score_definitions_version"),
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(state="published"), name="score_definitions_one_live"
            ),
        ]
        indexes = [unpublished("score_definitions")]

    @property
    def label(self) -> str:
        """What people call the score: its title, else its name in words."""
        return self.title or (self.name or "").replace("_", " ").replace("-", " ").capitalize()


class ScoreRelease(models.Model):
    """One row is a decision about a version: published, rolled back to, or retired; who, when and why.

    override: why it was published without a backtest; empty where there was one.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    definition = models.ForeignKey(ScoreDefinition, models.PROTECT, related_name="releases")
    action = models.CharField(max_length=20, choices=[(a, a) for a in ("publish", "rollback", "retire")])
    decided_at = models.DateTimeField()
    by = models.CharField(max_length=255)
    reason = models.TextField()
    override = models.TextField(blank=True, default="")

    class Meta:
        db_table = "score_releases"
        ordering = ["-decided_at", "-id"]


class ScoreRun(models.Model):
    """One row is a pass of one version over all its subjects as of an instant.

    population: the values and cut points that later ranks refer to; null where the kind ranks nobody.
    data_version: what was read (lake version and delta).
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    score = models.CharField(max_length=255)
    version = models.BigIntegerField()
    as_of = models.DateTimeField()
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=20, choices=[(s, s) for s in ("running", "done", "failed")], default="running")
    scored_count = models.BigIntegerField(default=0)
    null_count = models.BigIntegerField(default=0)
    changed_count = models.BigIntegerField(default=0)
    population = models.BinaryField(null=True, blank=True)
    data_version = models.CharField(max_length=255, blank=True, default="")
    error = models.TextField(blank=True, default="")

    class Meta:
        db_table = "score_runs"
        indexes = [models.Index(fields=["score", "version", "-as_of"], name="score_runs_newest")]


class CurrentScore(models.Model):
    """One row is the newest value of a live score for a subject; what lists sort, filter and show.

    change_7d, change_30d: value less that of the same version 7 / 30 x 24 h earlier; null where that is null.
    trend: rising, falling or steady over 7 days; null where it cannot be told.
    ready_since: since when the subject is ready (see `ready_at` of the definition); null while it is not.
    """

    score = models.CharField(max_length=255)
    version = models.BigIntegerField()
    subject = models.CharField(max_length=20)
    subject_id = models.CharField(max_length=100)
    value = ScaledDecimalField(places=6, null=True, blank=True)
    low = ScaledDecimalField(places=6, null=True, blank=True)
    high = ScaledDecimalField(places=6, null=True, blank=True)
    fit = ScaledDecimalField(places=6, null=True, blank=True)
    engagement = ScaledDecimalField(places=6, null=True, blank=True)
    matrix = models.CharField(max_length=255, null=True, blank=True)
    band = models.CharField(max_length=100, null=True, blank=True)
    percentile = models.FloatField(null=True, blank=True)
    trend = models.CharField(max_length=10, null=True, blank=True)
    change_7d = ScaledDecimalField(places=6, null=True, blank=True)
    change_30d = ScaledDecimalField(places=6, null=True, blank=True)
    as_of = models.DateTimeField()
    computed_at = models.DateTimeField()
    run_id = models.CharField(max_length=100)
    reason_null = models.CharField(max_length=255, null=True, blank=True)
    ready_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "current_scores"
        constraints = [models.UniqueConstraint(fields=["score", "subject_id"], name="current_scores_subject")]
        indexes = [
            models.Index(fields=["score", "-value", "subject_id"], name="current_scores_value"),
            models.Index(fields=["score", "-change_7d"], name="current_scores_change"),
            models.Index(fields=["subject_id"], name="current_scores_by_subject"),
        ]


class ScoreOverride(models.Model):
    """One row is a value that a person set for a subject, kept apart from the one that is computed.

    until: when it ends by itself; ended_at, ended_by: when somebody ended it; null while it stands.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    score = models.CharField(max_length=255)
    subject_id = models.CharField(max_length=100)
    value = ScaledDecimalField(places=6)
    reason = models.TextField()
    by = models.CharField(max_length=255)
    given_at = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=255, blank=True, default="")

    class Meta:
        db_table = "score_overrides"
        constraints = [
            models.UniqueConstraint(
                fields=["score", "subject_id"], condition=models.Q(ended_at=None), name="score_overrides_one_standing"
            )
        ]


class ReadinessEvent(models.Model):
    """One row is a subject becoming ready (at or above `enter`) or ceasing to be (below `leave`)."""

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    score = models.CharField(max_length=255)
    version = models.BigIntegerField()
    subject = models.CharField(max_length=20)
    subject_id = models.CharField(max_length=100, db_index=True)
    kind = models.CharField(max_length=10, choices=[(k, k) for k in ("entered", "left")])
    occurred_at = models.DateTimeField()
    value = ScaledDecimalField(places=6, null=True, blank=True)
    run_id = models.CharField(max_length=100)

    class Meta:
        db_table = "readiness_events"
        indexes = [models.Index(fields=["score", "-occurred_at"], name="readiness_newest")]


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
    subject_id = models.CharField(max_length=100)
    as_of = models.DateTimeField()
    run_id = models.CharField(max_length=255, null=True, blank=True)
    value = ScaledDecimalField(places=6, null=True, blank=True)
    low = ScaledDecimalField(places=6, null=True, blank=True)
    high = ScaledDecimalField(places=6, null=True, blank=True)
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
        indexes = [
            unpublished("score_values"),
            models.Index(fields=["score", "subject_id", "as_of"], name="score_values_history"),
        ]


class ScoreCheck(models.Model):
    """One row is a look at a live score: what was found, and how serious it is.

    level: the most serious of the findings (ok, unknown, watch, alarm).
    findings: [{about, level, sentence, figures}], the most serious first.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    score = models.CharField(max_length=255)
    version = models.BigIntegerField()
    checked_at = models.DateTimeField()
    level = models.CharField(max_length=10, choices=[(v, v) for v in ("ok", "unknown", "watch", "alarm")])
    findings = models.JSONField(default=list)

    class Meta:
        db_table = "score_checks"
        indexes = [models.Index(fields=["score", "-checked_at"], name="score_checks_newest")]


class Shadow(models.Model):
    """One row is a draft that runs beside the live version of its score, seen by nobody but those who judge it.

    document: of the draft when it began; a changed draft begins anew. stopped_at: null while it runs.
    ended: why it was stopped. error: of its last pass, empty where that went well.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    score = models.CharField(max_length=255)
    definition = models.ForeignKey(ScoreDefinition, models.PROTECT, related_name="shadows")
    document = models.TextField()
    started_at = models.DateTimeField(default=timezone.now)
    started_by = models.CharField(max_length=255)
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_by = models.CharField(max_length=255, blank=True, default="")
    ended = models.TextField(blank=True, default="")
    error = models.TextField(blank=True, default="")

    class Meta:
        db_table = "score_shadows"
        constraints = [
            models.UniqueConstraint(
                fields=["score"], condition=models.Q(stopped_at__isnull=True), name="score_shadows_one_runs"
            )
        ]


class ShadowPass(models.Model):
    """One row is what the live version and the draft said of everyone at one instant; one a local day is kept.

    values: Parquet, a row per subject: subject_id, live, draft (micro-points, null: no value), live_band, draft_band.
    population: of the draft, as in `ScoreRun`.
    """

    shadow = models.ForeignKey(Shadow, models.CASCADE, related_name="passes")
    as_of = models.DateTimeField()
    day = models.DateField()
    live_version = models.BigIntegerField()
    subject_count = models.BigIntegerField(default=0)
    values = models.BinaryField()
    population = models.BinaryField(null=True, blank=True)

    class Meta:
        db_table = "score_shadow_passes"
        constraints = [models.UniqueConstraint(fields=["shadow", "day"], name="score_shadow_passes_day")]
        ordering = ["as_of"]
