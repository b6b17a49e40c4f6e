"""Accounts, contacts, what happened with them, and who turned out to be whom.

Columns as declared in `rapport.engine.crm.tables`.
"""

from django.db import models

from rapport.workspace.lib.fields import MoneyField
from rapport.workspace.lib.rows import Fact, Record, choices_of, unique_external_id, unpublished
from rapport.workspace.lib.sort_key import SortKey


class Account(Record):
    """One row is a company or household."""

    name = models.CharField(max_length=255, null=True, blank=True)
    domain = models.CharField(max_length=255, null=True, blank=True)
    industry = models.CharField(max_length=255, null=True, blank=True)
    employees = models.BigIntegerField(null=True, blank=True)
    annual_revenue = MoneyField(null=True, blank=True)
    currency = models.CharField(max_length=255, null=True, blank=True)
    country = models.CharField(max_length=255, null=True, blank=True)
    region = models.CharField(max_length=255, null=True, blank=True)
    city = models.CharField(max_length=255, null=True, blank=True)
    type = models.CharField(max_length=20, choices=choices_of("accounts", "type"), null=True, blank=True)
    parent_account = models.ForeignKey("self", models.PROTECT, related_name="+", null=True, blank=True)
    owner = models.ForeignKey("team.User", models.PROTECT, related_name="+", null=True, blank=True)
    properties = models.JSONField(null=True, blank=True)

    class Meta:
        db_table = "accounts"
        constraints = [unique_external_id("accounts")]
        indexes = [
            unpublished("accounts"),
            models.Index(SortKey("name"), "id", name="accounts_by_name"),
            models.Index(SortKey("domain"), "id", name="accounts_by_domain"),
            models.Index(fields=["created_at", "id"], name="accounts_by_created"),
        ]


class Contact(Record):
    """One row is a person; a lead is a contact in an early lifecycle stage."""

    account = models.ForeignKey("records.Account", models.PROTECT, related_name="+", null=True, blank=True)
    email = models.CharField(max_length=255, null=True, blank=True)
    phone = models.CharField(max_length=255, null=True, blank=True)
    first_name = models.CharField(max_length=255, null=True, blank=True)
    last_name = models.CharField(max_length=255, null=True, blank=True)
    title = models.CharField(max_length=255, null=True, blank=True)
    seniority = models.CharField(max_length=255, null=True, blank=True)
    role = models.CharField(max_length=255, null=True, blank=True)
    lifecycle_stage = models.CharField(
        max_length=20, choices=choices_of("contacts", "lifecycle_stage"), null=True, blank=True
    )
    lead_source = models.CharField(max_length=255, null=True, blank=True)
    birth_date = models.DateField(null=True, blank=True)
    gender = models.CharField(max_length=255, null=True, blank=True)
    country = models.CharField(max_length=255, null=True, blank=True)
    region = models.CharField(max_length=255, null=True, blank=True)
    city = models.CharField(max_length=255, null=True, blank=True)
    language = models.CharField(max_length=255, null=True, blank=True)
    time_zone = models.CharField(max_length=255, null=True, blank=True)
    owner = models.ForeignKey("team.User", models.PROTECT, related_name="+", null=True, blank=True)
    referred_by_contact = models.ForeignKey("self", models.PROTECT, related_name="+", null=True, blank=True)
    properties = models.JSONField(null=True, blank=True)

    class Meta:
        db_table = "contacts"
        constraints = [unique_external_id("contacts")]
        indexes = [
            unpublished("contacts"),
            models.Index(SortKey("last_name"), "id", name="contacts_by_last_name"),
            models.Index(SortKey("first_name"), "id", name="contacts_by_first_name"),
            models.Index(SortKey("email"), "id", name="contacts_by_email"),
            models.Index(fields=["created_at", "id"], name="contacts_by_created"),
        ]


class Interaction(Fact):
    """One row is something that happened with a contact."""

    contact = models.ForeignKey(
        "records.Contact",
        models.DO_NOTHING,
        related_name="+",
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
    )
    account = models.ForeignKey(
        "records.Account",
        models.DO_NOTHING,
        related_name="+",
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
    )
    deal = models.ForeignKey(
        "sales.Deal", models.DO_NOTHING, related_name="+", null=True, blank=True, db_constraint=False, db_index=False
    )
    case = models.ForeignKey(
        "service.Case", models.DO_NOTHING, related_name="+", null=True, blank=True, db_constraint=False, db_index=False
    )
    campaign = models.ForeignKey(
        "marketing.Campaign",
        models.DO_NOTHING,
        related_name="+",
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
    )
    order = models.ForeignKey(
        "sales.Order", models.DO_NOTHING, related_name="+", null=True, blank=True, db_constraint=False, db_index=False
    )
    channel = models.CharField(max_length=20, choices=choices_of("interactions", "channel"), null=True, blank=True)
    type = models.CharField(max_length=255)
    direction = models.CharField(max_length=20, choices=choices_of("interactions", "direction"), null=True, blank=True)
    occurred_at = models.DateTimeField()
    message_id = models.CharField(max_length=255, null=True, blank=True)
    session_id = models.CharField(max_length=255, null=True, blank=True)
    url = models.TextField(null=True, blank=True)
    url_path = models.CharField(max_length=255, null=True, blank=True)
    subject_line = models.TextField(null=True, blank=True)
    outcome = models.CharField(max_length=255, null=True, blank=True)
    queue = models.CharField(max_length=255, null=True, blank=True)
    owner = models.ForeignKey(
        "team.User", models.DO_NOTHING, related_name="+", null=True, blank=True, db_constraint=False, db_index=False
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    duration_s = models.FloatField(null=True, blank=True)
    wait_s = models.FloatField(null=True, blank=True)
    hold_s = models.FloatField(null=True, blank=True)
    after_call_s = models.FloatField(null=True, blank=True)
    value = models.FloatField(null=True, blank=True)
    anonymous_id = models.CharField(max_length=255, null=True, blank=True)
    properties = models.JSONField(null=True, blank=True)

    class Meta:
        db_table = "interactions"
        indexes = [
            unpublished("interactions"),
            models.Index(fields=["contact", "-occurred_at"], name="interactions_of_contact"),
            models.Index(
                fields=["account", "-occurred_at"],
                name="interactions_of_account",
                condition=models.Q(account__isnull=False),
            ),
            models.Index(
                fields=["deal", "-occurred_at"],
                name="interactions_of_deal",
                condition=models.Q(deal__isnull=False),
            ),
            models.Index(
                fields=["anonymous_id"],
                name="interactions_of_visitor",
                condition=models.Q(contact__isnull=True, anonymous_id__isnull=False),
            ),
        ]


class AttributeValue(Fact):
    """One row is a value, from some instant on, of a changeable column of a record."""

    entity = models.CharField(max_length=255)
    entity_id = models.CharField(max_length=100, db_index=True)
    attribute = models.CharField(max_length=255)
    value = models.TextField(null=True, blank=True)
    valid_from = models.DateTimeField()
    changed_by = models.CharField(max_length=255, null=True, blank=True)

    class Meta:
        db_table = "attribute_history"
        indexes = [unpublished("attribute_history")]


class IdentityLink(Fact):
    """One row is who turned out to be whom."""

    entity = models.CharField(max_length=255)
    from_id = models.CharField(max_length=100, db_index=True)
    to_id = models.CharField(max_length=100, db_index=True)
    kind = models.CharField(max_length=20, choices=choices_of("identity_links", "kind"))
    by = models.CharField(max_length=255, null=True, blank=True)

    class Meta:
        db_table = "identity_links"
        indexes = [unpublished("identity_links")]


class InteractionFlag(Fact):
    """One row is what was found out about an interaction."""

    interaction = models.ForeignKey("records.Interaction", models.DO_NOTHING, related_name="+", db_constraint=False)
    flag = models.CharField(max_length=20, choices=choices_of("interaction_flags", "flag"))
    value = models.BooleanField(null=True, blank=True)
    by = models.CharField(max_length=255, null=True, blank=True)

    class Meta:
        db_table = "interaction_flags"
        indexes = [unpublished("interaction_flags")]


class Consent(Fact):
    """One row is a permission given or taken."""

    contact = models.ForeignKey("records.Contact", models.DO_NOTHING, related_name="+", db_constraint=False)
    purpose = models.CharField(max_length=255)
    channel = models.CharField(max_length=255, null=True, blank=True)
    granted = models.BooleanField(null=True, blank=True)
    decided_at = models.DateTimeField()
    method = models.CharField(max_length=255, null=True, blank=True)
    evidence = models.TextField(null=True, blank=True)

    class Meta:
        db_table = "consents"
        indexes = [unpublished("consents")]


class SegmentMembership(Record):
    """One row is a subject's stay in a segment."""

    segment = models.CharField(max_length=255)
    subject = models.CharField(
        max_length=20, choices=choices_of("segment_memberships", "subject"), null=True, blank=True
    )
    subject_id = models.CharField(max_length=100, db_index=True)
    entered_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "segment_memberships"
        constraints = [unique_external_id("segment_memberships")]
        indexes = [
            unpublished("segment_memberships"),
            models.Index(fields=["segment", "left_at"], name="segment_memberships_standing"),
        ]


class TouchMark(models.Model):
    """One row says that something about a subject has changed and its live scores are to be computed again.

    Written in the transaction of the change, deleted in the transaction that writes the scores: a process that is
    killed in between loses nothing. Ids tell marks apart; they say nothing of the order of commits.

    contact_id, account_id, deal_id: whom the change is about; each may be null.
    wide: also everybody who belongs to the account (a deal or an order of it counts for all its contacts).
    due_at: not before; later than `touched_at` where a fact is dated later.
    """

    contact_id = models.CharField(max_length=100, null=True, blank=True)
    account_id = models.CharField(max_length=100, null=True, blank=True)
    deal_id = models.CharField(max_length=100, null=True, blank=True)
    wide = models.BooleanField(default=False)
    touched_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "touch_marks"
