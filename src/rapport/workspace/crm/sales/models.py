"""Deals, quotes, products, orders and contracts. Columns as declared in `rapport.engine.crm.tables`."""

from django.db import models

from rapport.workspace.lib.fields import MoneyField
from rapport.workspace.lib.rows import Fact, Record, choices_of, unique_external_id, unpublished
from rapport.workspace.lib.sort_key import SortKey


class Deal(Record):
    """One row is a possible sale."""

    account = models.ForeignKey("records.Account", models.PROTECT, related_name="+", null=True, blank=True)
    contact = models.ForeignKey("records.Contact", models.PROTECT, related_name="+", null=True, blank=True)
    name = models.CharField(max_length=255, null=True, blank=True)
    pipeline = models.CharField(max_length=255, null=True, blank=True)
    stage = models.CharField(max_length=255, null=True, blank=True)
    status = models.CharField(max_length=20, choices=choices_of("deals", "status"), null=True, blank=True)
    type = models.CharField(max_length=20, choices=choices_of("deals", "type"), null=True, blank=True)
    amount = MoneyField(null=True, blank=True)
    currency = models.CharField(max_length=255, null=True, blank=True)
    expected_close_date = models.DateField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    lost_reason = models.TextField(null=True, blank=True)
    product = models.ForeignKey("sales.Product", models.PROTECT, related_name="+", null=True, blank=True)
    campaign = models.ForeignKey("marketing.Campaign", models.PROTECT, related_name="+", null=True, blank=True)
    owner = models.ForeignKey("team.User", models.PROTECT, related_name="+", null=True, blank=True)
    probability = models.FloatField(null=True, blank=True)
    forecast_category = models.CharField(
        max_length=20, choices=choices_of("deals", "forecast_category"), null=True, blank=True
    )
    competitor = models.CharField(max_length=255, null=True, blank=True)
    recurring_amount = MoneyField(null=True, blank=True)
    term_months = models.BigIntegerField(null=True, blank=True)
    properties = models.JSONField(null=True, blank=True)

    class Meta:
        db_table = "deals"
        constraints = [unique_external_id("deals")]
        indexes = [
            unpublished("deals"),
            models.Index(SortKey("name"), "id", name="deals_by_name"),
            models.Index(fields=["status", "stage", "amount", "id"], name="deals_by_stage"),
            models.Index(fields=["expected_close_date", "id"], name="deals_by_close_date"),
            models.Index(fields=["amount", "id"], name="deals_by_amount"),
            models.Index(fields=["created_at", "id"], name="deals_by_created"),
        ]


class DealStageVisit(Record):
    """One row is a deal's stay in a stage."""

    deal = models.ForeignKey("sales.Deal", models.PROTECT, related_name="+")
    stage = models.CharField(max_length=255)
    entered_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)
    amount = MoneyField(null=True, blank=True)

    class Meta:
        db_table = "deal_stage_visits"
        constraints = [unique_external_id("deal_stage_visits")]
        indexes = [unpublished("deal_stage_visits")]


class Proposal(Record):
    """One row is a quote."""

    deal = models.ForeignKey("sales.Deal", models.PROTECT, related_name="+", null=True, blank=True)
    number = models.CharField(max_length=255, null=True, blank=True)
    amount = MoneyField(null=True, blank=True)
    currency = models.CharField(max_length=255, null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    rejected_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "proposals"
        constraints = [unique_external_id("proposals")]
        indexes = [unpublished("proposals")]


class Product(Record):
    """One row is something sold."""

    sku = models.CharField(max_length=255, null=True, blank=True)
    name = models.CharField(max_length=255, null=True, blank=True)
    family = models.CharField(max_length=255, null=True, blank=True)
    category = models.CharField(max_length=255, null=True, blank=True)
    tier = models.CharField(max_length=255, null=True, blank=True)
    list_price = MoneyField(null=True, blank=True)
    unit_cost = MoneyField(null=True, blank=True)
    currency = models.CharField(max_length=255, null=True, blank=True)
    successor_product = models.ForeignKey("self", models.PROTECT, related_name="+", null=True, blank=True)

    class Meta:
        db_table = "products"
        constraints = [unique_external_id("products")]
        indexes = [unpublished("products")]


class Order(Record):
    """One row is a purchase."""

    contact = models.ForeignKey("records.Contact", models.PROTECT, related_name="+", null=True, blank=True)
    account = models.ForeignKey("records.Account", models.PROTECT, related_name="+", null=True, blank=True)
    deal = models.ForeignKey("sales.Deal", models.PROTECT, related_name="+", null=True, blank=True)
    campaign = models.ForeignKey("marketing.Campaign", models.PROTECT, related_name="+", null=True, blank=True)
    channel = models.CharField(max_length=255, null=True, blank=True)
    ordered_at = models.DateTimeField()
    amount = MoneyField(null=True, blank=True)
    margin = MoneyField(null=True, blank=True)
    currency = models.CharField(max_length=255, null=True, blank=True)
    status = models.CharField(max_length=20, choices=choices_of("orders", "status"), null=True, blank=True)

    class Meta:
        db_table = "orders"
        constraints = [unique_external_id("orders")]
        indexes = [unpublished("orders")]


class Refund(Fact):
    """One row is money given back."""

    order = models.ForeignKey("sales.Order", models.DO_NOTHING, related_name="+", db_constraint=False)
    order_line = models.ForeignKey(
        "sales.OrderLine", models.DO_NOTHING, related_name="+", null=True, blank=True, db_constraint=False
    )
    amount = MoneyField()
    currency = models.CharField(max_length=255, null=True, blank=True)
    refunded_at = models.DateTimeField()

    class Meta:
        db_table = "refunds"
        indexes = [unpublished("refunds")]


class OrderLine(Fact):
    """One row is a product in an order."""

    order = models.ForeignKey("sales.Order", models.DO_NOTHING, related_name="+", db_constraint=False)
    product = models.ForeignKey(
        "sales.Product", models.DO_NOTHING, related_name="+", null=True, blank=True, db_constraint=False
    )
    quantity = models.FloatField(null=True, blank=True)
    unit_price = MoneyField(null=True, blank=True)
    discount = MoneyField(null=True, blank=True)

    class Meta:
        db_table = "order_lines"
        indexes = [unpublished("order_lines")]


class Contract(Record):
    """One row is a term of a recurring relation."""

    account = models.ForeignKey("records.Account", models.PROTECT, related_name="+", null=True, blank=True)
    contact = models.ForeignKey("records.Contact", models.PROTECT, related_name="+", null=True, blank=True)
    product = models.ForeignKey("sales.Product", models.PROTECT, related_name="+", null=True, blank=True)
    plan = models.CharField(max_length=255, null=True, blank=True)
    quantity = models.FloatField(null=True, blank=True)
    monthly_amount = MoneyField(null=True, blank=True)
    currency = models.CharField(max_length=255, null=True, blank=True)
    started_at = models.DateTimeField()
    term_end_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    renewed_by_contract = models.ForeignKey("self", models.PROTECT, related_name="+", null=True, blank=True)
    cancel_reason = models.TextField(null=True, blank=True)

    class Meta:
        db_table = "contracts"
        constraints = [unique_external_id("contracts")]
        indexes = [unpublished("contracts")]
