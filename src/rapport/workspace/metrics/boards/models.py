"""What people keep with a dashboard: notes on days, links for outsiders, and mail at set times."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from rapport.workspace.lib.ids import new_id


class DashboardNote(models.Model):
    """One row is a remark on a day, marked on charts over time.

    dashboard: the one it belongs to; null: every dashboard.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    dashboard = models.ForeignKey("metrics.Dashboard", models.CASCADE, related_name="notes", null=True, blank=True)
    day = models.DateField()
    text = models.CharField(max_length=500)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "dashboard_notes"
        ordering = ["-day", "-created_at"]

    def __str__(self) -> str:
        return self.text


class DashboardShare(models.Model):
    """One row is a link by which anyone reads a dashboard's figures, without signing in.

    token_hash: sha256 of the secret in the link, which is kept nowhere. question: period, comparison and filters as an
    address's query. The link ends at `expires_at`, when revoked, or when its maker may no longer give it.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    dashboard = models.ForeignKey("metrics.Dashboard", models.CASCADE, related_name="shares")
    token_hash = models.CharField(max_length=64, unique=True)
    question = models.TextField(blank=True, default="")
    label = models.CharField(max_length=100, blank=True, default="")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    opened_count = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "dashboard_shares"
        ordering = ["-created_at"]


class ShareKnock(models.Model):
    """One row counts requests for links within a minute from one address, for all processes together.

    key: sha256 of address and minute; the address itself is not kept. Rows are deleted within the hour.
    """

    key = models.CharField(primary_key=True, max_length=64)
    count = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "dashboard_share_knocks"


class Cadence(models.TextChoices):
    """How often a dashboard is sent."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class DashboardMail(models.Model):
    """One row is a dashboard sent by e-mail at set times, in the company's time zone.

    weekday: 1 Monday to 7, of weekly mail; month_day: 1 to 28, of monthly mail; hour: 0 to 23.
    due_through: every due time up to it has been dealt with. problem: why the newest did not reach everyone.
    """

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    dashboard = models.ForeignKey("metrics.Dashboard", models.CASCADE, related_name="mails")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    question = models.TextField(blank=True, default="")
    cadence = models.CharField(max_length=10, choices=Cadence.choices, default=Cadence.WEEKLY)
    weekday = models.PositiveSmallIntegerField(default=1)
    month_day = models.PositiveSmallIntegerField(default=1)
    hour = models.PositiveSmallIntegerField(default=7)
    created_at = models.DateTimeField(default=timezone.now)
    due_through = models.DateTimeField(default=timezone.now)
    problem = models.TextField(blank=True, default="")

    class Meta:
        db_table = "dashboard_mails"
        ordering = ["created_at"]


class MailReceiver(models.Model):
    """One row is a person who gets a dashboard by mail; unsubscribed_at: until they no longer wanted it."""

    mail = models.ForeignKey(DashboardMail, models.CASCADE, related_name="receivers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    unsubscribed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "dashboard_mail_receivers"
        constraints = [models.UniqueConstraint(fields=["mail", "user"], name="dashboard_mail_receiver")]


class MailSent(models.Model):
    """One row is a mail to one person for one due time, made before it is handed over: so it is sent at most once.

    state: `begun` until the mail server has answered (for ever, if the sender died meanwhile), then `sent` or `failed`.
    """

    receiver = models.ForeignKey(MailReceiver, models.CASCADE, related_name="sent")
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=[(s, s) for s in ("begun", "sent", "failed")], default="begun")
    problem = models.TextField(blank=True, default="")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "dashboard_mails_sent"
        constraints = [models.UniqueConstraint(fields=["receiver", "due_at"], name="dashboard_mail_sent_once")]
