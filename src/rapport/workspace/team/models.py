"""Who works here: users, their teams and their roles."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone

from rapport.workspace.lib.fields import BatchField
from rapport.workspace.lib.ids import new_id
from rapport.workspace.lib.rows import Record, unique_external_id, unpublished


class Team(Record):
    """One row is a team."""

    name = models.CharField(max_length=255)
    parent_team = models.ForeignKey("self", models.PROTECT, related_name="+", null=True, blank=True)

    class Meta:
        db_table = "teams"
        constraints = [unique_external_id("teams")]
        indexes = [unpublished("teams")]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a user may see and do: a member's own records, a manager's team's, an admin's all."""

    MEMBER = "member"
    MANAGER = "manager"
    ADMIN = "admin"


class User(AbstractUser):
    """One row is a person who works here and owns records.

    An imported owner (a name in a source's owner column) is a user who cannot sign in.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    source = models.CharField(max_length=100, blank=True, default="")
    external_id = models.CharField(max_length=200, null=True, blank=True)
    created_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    recorded_at = models.DateTimeField(default=timezone.now)
    recorded_at_assumed = models.BooleanField(default=False)
    ingested_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True)
    batch = BatchField(null=True, editable=False)

    name = models.CharField(max_length=255, blank=True, default="")
    team = models.ForeignKey(Team, models.PROTECT, related_name="members", null=True, blank=True)
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.MEMBER)
    time_zone = models.CharField(max_length=64, blank=True, default="")
    language = models.CharField(max_length=20, blank=True, default="")

    class Meta:
        db_table = "users"
        constraints = [unique_external_id("users")]
        indexes = [unpublished("users")]

    def __str__(self) -> str:
        return self.name or self.username


class SavedView(models.Model):
    """One row is a list as someone wants to see it again: its filters, order and columns.

    page: which list ("contacts"). query: the list's query string. shared: everyone sees it, its maker changes it.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    page = models.CharField(max_length=50)
    name = models.CharField(max_length=100)
    query = models.TextField(blank=True, default="")
    owner = models.ForeignKey(User, models.CASCADE, related_name="saved_views")
    shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "saved_views"
        ordering = ["name"]
        indexes = [models.Index(fields=["page"], name="saved_views_of_page")]

    def __str__(self) -> str:
        return self.name
