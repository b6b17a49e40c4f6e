"""Campaigns, their members and what was spent. Columns as declared in `rapport.engine.crm.tables`."""

from django.db import models

from rapport.workspace.lib.fields import MoneyField
from rapport.workspace.lib.rows import Fact, Record, choices_of, unique_external_id, unpublished


class Campaign(Record):
    """One row is a marketing effort."""

    name = models.CharField(max_length=255, null=True, blank=True)
    channel = models.CharField(max_length=255, null=True, blank=True)
    type = models.CharField(max_length=255, null=True, blank=True)
    status = models.CharField(max_length=20, choices=choices_of("campaigns", "status"), null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    budget = MoneyField(null=True, blank=True)
    actual_cost = MoneyField(null=True, blank=True)
    currency = models.CharField(max_length=255, null=True, blank=True)
    parent_campaign = models.ForeignKey("self", models.PROTECT, related_name="+", null=True, blank=True)
    owner = models.ForeignKey("team.User", models.PROTECT, related_name="+", null=True, blank=True)

    class Meta:
        db_table = "campaigns"
        constraints = [unique_external_id("campaigns")]
        indexes = [unpublished("campaigns")]


class CampaignMember(Record):
    """One row is a contact in a campaign."""

    campaign = models.ForeignKey("marketing.Campaign", models.PROTECT, related_name="+")
    contact = models.ForeignKey("records.Contact", models.PROTECT, related_name="+")
    status = models.CharField(max_length=255, null=True, blank=True)
    variant = models.CharField(max_length=255, null=True, blank=True)
    is_holdout = models.BooleanField(null=True, blank=True)
    added_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    responded_at = models.DateTimeField(null=True, blank=True)
    unsubscribed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "campaign_members"
        constraints = [unique_external_id("campaign_members")]
        indexes = [unpublished("campaign_members")]


class Cost(Fact):
    """One row is money spent on customers."""

    category = models.CharField(max_length=20, choices=choices_of("costs", "category"), null=True, blank=True)
    account = models.ForeignKey(
        "records.Account", models.DO_NOTHING, related_name="+", null=True, blank=True, db_constraint=False
    )
    contact = models.ForeignKey(
        "records.Contact", models.DO_NOTHING, related_name="+", null=True, blank=True, db_constraint=False
    )
    campaign = models.ForeignKey(
        "marketing.Campaign", models.DO_NOTHING, related_name="+", null=True, blank=True, db_constraint=False
    )
    amount = MoneyField()
    currency = models.CharField(max_length=255, null=True, blank=True)
    period_start = models.DateField(null=True, blank=True)
    period_end = models.DateField(null=True, blank=True)

    class Meta:
        db_table = "costs"
        indexes = [unpublished("costs")]
