"""Cases, promises on them, survey answers and when the company works.

Columns as declared in `rapport.engine.crm.tables`.
"""

from django.db import models

from rapport.workspace.lib.rows import Fact, Record, choices_of, unique_external_id, unpublished


class Case(Record):
    """One row is a service request."""

    contact = models.ForeignKey("records.Contact", models.PROTECT, related_name="+", null=True, blank=True)
    account = models.ForeignKey("records.Account", models.PROTECT, related_name="+", null=True, blank=True)
    product = models.ForeignKey("sales.Product", models.PROTECT, related_name="+", null=True, blank=True)
    order = models.ForeignKey("sales.Order", models.PROTECT, related_name="+", null=True, blank=True)
    subject_line = models.TextField(null=True, blank=True)
    type = models.CharField(max_length=20, choices=choices_of("cases", "type"), null=True, blank=True)
    topic = models.CharField(max_length=255, null=True, blank=True)
    channel = models.CharField(max_length=255, null=True, blank=True)
    priority = models.CharField(max_length=255, null=True, blank=True)
    status = models.CharField(max_length=255, null=True, blank=True)
    queue = models.CharField(max_length=255, null=True, blank=True)
    tags = models.JSONField(null=True, blank=True)
    is_spam = models.BooleanField(null=True, blank=True)
    merged_into = models.ForeignKey("self", models.PROTECT, related_name="+", null=True, blank=True)
    opened_at = models.DateTimeField()
    first_response_at = models.DateTimeField(null=True, blank=True)
    solved_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    owner = models.ForeignKey("team.User", models.PROTECT, related_name="+", null=True, blank=True)
    properties = models.JSONField(null=True, blank=True)

    class Meta:
        db_table = "cases"
        constraints = [unique_external_id("cases")]
        indexes = [unpublished("cases")]


class CaseEvent(Fact):
    """One row is something in a case."""

    case = models.ForeignKey("service.Case", models.DO_NOTHING, related_name="+", db_constraint=False)
    type = models.CharField(max_length=20, choices=choices_of("case_events", "type"))
    occurred_at = models.DateTimeField()
    author_id = models.CharField(max_length=100, null=True, blank=True)
    is_public = models.BooleanField(null=True, blank=True)
    is_automatic = models.BooleanField(null=True, blank=True)

    class Meta:
        db_table = "case_events"
        indexes = [unpublished("case_events")]


class SlaTarget(Record):
    """One row is a promise on a case."""

    case = models.ForeignKey("service.Case", models.PROTECT, related_name="+")
    metric = models.CharField(max_length=20, choices=choices_of("sla_targets", "metric"), null=True, blank=True)
    applied_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    met_at = models.DateTimeField(null=True, blank=True)
    breached_at = models.DateTimeField(null=True, blank=True)
    policy = models.CharField(max_length=255, null=True, blank=True)
    calendar = models.CharField(max_length=255, null=True, blank=True)

    class Meta:
        db_table = "sla_targets"
        constraints = [unique_external_id("sla_targets")]
        indexes = [unpublished("sla_targets")]


class SurveyAnswer(Fact):
    """One row is an answer."""

    contact = models.ForeignKey(
        "records.Contact", models.DO_NOTHING, related_name="+", null=True, blank=True, db_constraint=False
    )
    account = models.ForeignKey(
        "records.Account", models.DO_NOTHING, related_name="+", null=True, blank=True, db_constraint=False
    )
    case = models.ForeignKey(
        "service.Case", models.DO_NOTHING, related_name="+", null=True, blank=True, db_constraint=False
    )
    deal = models.ForeignKey(
        "sales.Deal", models.DO_NOTHING, related_name="+", null=True, blank=True, db_constraint=False
    )
    order = models.ForeignKey(
        "sales.Order", models.DO_NOTHING, related_name="+", null=True, blank=True, db_constraint=False
    )
    survey = models.CharField(max_length=255, null=True, blank=True)
    kind = models.CharField(max_length=20, choices=choices_of("survey_answers", "kind"), null=True, blank=True)
    score = models.FloatField(null=True, blank=True)
    scale_min = models.FloatField(null=True, blank=True)
    scale_max = models.FloatField(null=True, blank=True)
    comment = models.TextField(null=True, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField()

    class Meta:
        db_table = "survey_answers"
        indexes = [unpublished("survey_answers")]


class BusinessCalendar(Fact):
    """One row is opening hours on a weekday, in force from `valid_from` to `valid_to`, or a holiday."""

    name = models.CharField(max_length=255)
    time_zone = models.CharField(max_length=255)
    weekday = models.FloatField(null=True, blank=True)
    opens = models.CharField(max_length=255, null=True, blank=True)
    closes = models.CharField(max_length=255, null=True, blank=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    holiday = models.DateField(null=True, blank=True)

    class Meta:
        db_table = "business_calendars"
        indexes = [unpublished("business_calendars")]
