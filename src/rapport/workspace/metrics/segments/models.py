"""Segments, groupings and builds. Who was in a segment from when until when is in `segment_memberships`."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from rapport.workspace.lib.ids import new_id


class Grouping(models.Model):
    """One row is a search for groups that behave alike, with the frozen model it came to.

    model: scales and centroids, null where there are no clear groups; `reason` then says why.
    names: the features it reads. groups: size, name, description and traits of each, the largest first.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    subject = models.CharField(max_length=20)
    as_of = models.DateTimeField()
    names = models.JSONField(default=list)
    model = models.JSONField(null=True, blank=True)
    groups = models.JSONField(default=list)
    tried = models.JSONField(default=list)
    reason = models.TextField(blank=True, default="")
    active_count = models.BigIntegerField(default=0)
    sampled_count = models.BigIntegerField(default=0)
    created_by = models.CharField(max_length=255, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "segment_groupings"
        ordering = ["-created_at"]


class Segment(models.Model):
    """One row is a segment.

    name: what memberships, conditions and filters call it; given once, never reused. title: what people call it.
    document: its rules as YAML; empty where it is a group of a grouping. version: raised whenever its rules change.
    ready_made: the key of what it was made from; empty for one's own.
    size, built_at: of the newest build; null before the first. value: revenue of its members in the year before, while
    they were in it, in base currency; null where unknown.
    findings: what distinguishes it, and its metrics, as last computed; null until then.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    name = models.SlugField(max_length=100, unique=True)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True, default="")
    subject = models.CharField(max_length=20)
    document = models.TextField(blank=True, default="")
    grouping = models.ForeignKey(Grouping, models.PROTECT, related_name="segments", null=True, blank=True)
    group_number = models.PositiveIntegerField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    ready_made = models.CharField(max_length=100, blank=True, default="")
    created_by = models.CharField(max_length=255, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)
    size = models.BigIntegerField(null=True, blank=True)
    built_at = models.DateTimeField(null=True, blank=True)
    value = models.FloatField(null=True, blank=True)
    findings = models.JSONField(null=True, blank=True)

    class Meta:
        db_table = "segments"
        ordering = ["title", "id"]

    def __str__(self) -> str:
        return self.title

    @property
    def kind(self) -> str:
        """Rules or behaviour, in a word."""
        if self.grouping_id:
            return "behaviour"
        return "score" if "scores:" in self.document and "when:" not in self.document else "rules"


class SegmentBuild(models.Model):
    """One row is a build of a segment as of an instant. entered, left: who came and went since the build before.

    error: why it failed; then the members of the build before stay.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    segment = models.ForeignKey(Segment, models.CASCADE, related_name="builds")
    version = models.PositiveIntegerField()
    as_of = models.DateTimeField()
    size = models.BigIntegerField(null=True, blank=True)
    entered_count = models.BigIntegerField(default=0)
    left_count = models.BigIntegerField(default=0)
    error = models.TextField(blank=True, default="")
    finished_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "segment_builds"
        ordering = ["-as_of", "-finished_at"]
        indexes = [models.Index(fields=["segment", "-as_of"], name="segment_builds_newest")]
