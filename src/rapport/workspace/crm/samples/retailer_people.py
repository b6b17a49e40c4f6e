"""Households as contacts, campaigns and who was sent them, and what happened with each."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pyarrow as pa

from rapport.workspace.crm.samples.retailer_source import Source, declared, label, start_of_day

_DEMOGRAPHICS = (
    *("age", "income", "home_ownership", "marital_status"),
    *("household_size", "household_comp", "kids_count"),
)


def people_tables(source: Source, *, shift: timedelta, at: datetime) -> tuple[dict[str, pa.Table], pa.Table]:
    """contacts, campaigns, campaign_members and interactions, and the history of what changed, shifted."""
    campaigns = _campaigns(source, shift, at)
    members = _members(source, campaigns, shift)
    contacts = _contacts(source, members, shift)
    tables = {
        "campaigns": declared("campaigns", campaigns, at="started_at"),
        "contacts": declared("contacts", contacts, at="known_at"),
        "campaign_members": declared("campaign_members", members, at="sent_at"),
        "interactions": declared("interactions", _interactions(source, members, shift), at="occurred_at"),
    }
    return tables, _history(campaigns, contacts, members, at)


def redemption_baskets(source: Source) -> pl.DataFrame:
    """One row per redemption: campaign_id, household_id, coupon_upc, basket_id and sold_at of the basket it was in.

    The source tells the day only: it is the household's basket of that local day with the most coupon
    discount, the first of equals. Every redemption has one.
    """
    discount = source["lines"].group_by("basket_id").agg(coupons=pl.col("coupon_discount_cents").sum())
    baskets = source["baskets"].join(discount, on="basket_id", how="left")
    best = baskets.sort("coupons", "sold_at", "basket_id", descending=[True, False, False], nulls_last=True)
    best = best.unique(["household_id", "day"], keep="first", maintain_order=True)
    return source["redemptions"].join(
        best.select("household_id", "day", "basket_id", "sold_at"),
        left_on=["household_id", "redemption_date"],
        right_on=["household_id", "day"],
        how="inner",
    )


def _campaigns(source: Source, shift: timedelta, at: datetime) -> pl.DataFrame:
    """A campaign runs from the start of its first day to the end of its last; ends after `at` are planned ones."""
    started = start_of_day(pl.col("start_date")) + shift
    ended = start_of_day(pl.col("end_date") + pl.duration(days=1)) + shift
    return source["campaigns"].select(
        id=label("campaign", "campaign_id"),
        campaign_id=pl.col("campaign_id"),
        name=pl.format("Campaign {}", pl.col("campaign_id")),
        channel=pl.lit("mail"),
        type=pl.col("campaign_type"),
        status=pl.when(ended <= at).then(pl.lit("completed")).otherwise(pl.lit("active")),
        started_at=started,
        ended_at=ended,
    )


def _members(source: Source, campaigns: pl.DataFrame, shift: timedelta) -> pl.DataFrame:
    """Sent at the start of the campaign (the source tells no mailing day); answered with the first coupon redeemed."""
    first = redemption_baskets(source).group_by("campaign_id", "household_id").agg(pl.col("sold_at").min())
    answered = first.with_columns(responded_at=pl.col("sold_at") + shift).drop("sold_at")
    sent = campaigns.select("campaign_id", sent_at="started_at", campaign="id")
    rows = source["members"].join(sent, on="campaign_id").join(answered, on=["campaign_id", "household_id"], how="left")
    return rows.sort("campaign_id", "household_id").select(
        id=pl.format("member-{}-{}", "campaign_id", "household_id"),
        campaign_id=pl.col("campaign"),
        contact_id=label("household", "household_id"),
        household_id=pl.col("household_id"),
        status=pl.when(pl.col("responded_at").is_null()).then(pl.lit("sent")).otherwise(pl.lit("responded")),
        is_holdout=pl.lit(False),
        added_at=pl.col("sent_at"),
        sent_at=pl.col("sent_at"),
        responded_at=pl.col("responded_at"),
    )


def _contacts(source: Source, members: pl.DataFrame, shift: timedelta) -> pl.DataFrame:
    """Known from the first basket or mailing on; a customer from the first basket on."""
    bought = source["baskets"].group_by("household_id").agg(bought_at=pl.col("sold_at").min() + shift)
    sent = members.group_by("household_id").agg(sent_at=pl.col("sent_at").min())
    rows = source["households"].join(bought, on="household_id", how="left").join(sent, on="household_id", how="left")
    facts = pl.struct([pl.col(c) for c in _DEMOGRAPHICS]).struct.json_encode()
    known = pl.any_horizontal([pl.col(c).is_not_null() for c in _DEMOGRAPHICS])
    return rows.sort("household_id").select(
        id=label("household", "household_id"),
        first_name=pl.lit("Household"),
        last_name=pl.col("household_id").cast(pl.String),
        lifecycle_stage=pl.when(pl.col("bought_at").is_null()).then(pl.lit("lead")).otherwise(pl.lit("customer")),
        country=pl.lit("US"),
        properties=pl.when(known).then(facts),
        known_at=pl.min_horizontal("bought_at", "sent_at"),
        bought_at=pl.col("bought_at"),
    )


def _interactions(source: Source, members: pl.DataFrame, shift: timedelta) -> pl.DataFrame:
    """A visit to the store for each basket, a mailing for each member, a coupon for each redemption."""
    visits = source["baskets"].select(
        id=label("visit", "basket_id"),
        contact_id=label("household", "household_id"),
        order_id=label("basket", "basket_id"),
        channel=pl.lit("store"),
        type=pl.lit("store_visit"),
        direction=pl.lit("inbound"),
        occurred_at=pl.col("sold_at") + shift,
    )
    mailings = members.select(
        id=pl.format("mailing-{}", "id"),
        contact_id="contact_id",
        campaign_id="campaign_id",
        channel=pl.lit("mail"),
        type=pl.lit("mail_sent"),
        direction=pl.lit("outbound"),
        occurred_at="sent_at",
    )
    coupons = redemption_baskets(source).with_row_index("number")
    redeemed = coupons.select(
        id=label("coupon", "number"),
        contact_id=label("household", "household_id"),
        campaign_id=label("campaign", "campaign_id"),
        order_id=label("basket", "basket_id"),
        channel=pl.lit("store"),
        type=pl.lit("coupon_redeemed"),
        direction=pl.lit("inbound"),
        occurred_at=pl.col("sold_at") + shift,
        properties=pl.format('{"coupon":"{}"}'.replace('{"', '{{"').replace('"}', '"}}'), "coupon_upc"),
    )
    return pl.concat([visits, mailings, redeemed], how="diagonal").sort("contact_id", "occurred_at", "id")


def _history(campaigns: pl.DataFrame, contacts: pl.DataFrame, members: pl.DataFrame, at: datetime) -> pa.Table:
    """Lifecycle stage of contacts, status of campaigns and members: every value they had up to `at`."""
    parts = [
        _entries("contact", "lifecycle_stage", contacts, "lead", "known_at"),
        _entries("contact", "lifecycle_stage", contacts, "customer", "bought_at"),
        _entries("campaign", "status", campaigns, "active", "started_at"),
        _entries("campaign", "status", campaigns, "completed", "ended_at"),
        _entries("campaign_member", "status", members, "sent", "sent_at"),
        _entries("campaign_member", "status", members, "responded", "responded_at"),
    ]
    rows = pl.concat(parts).filter(pl.col("valid_from") <= at)
    # A household that was not sent anything before its first basket is a customer from the start.
    rows = rows.with_row_index("order").sort("order").unique(
        ["entity", "entity_id", "attribute", "valid_from"], keep="last", maintain_order=True
    )  # fmt: skip
    return rows.drop("order").to_arrow()


def _entries(entity: str, attribute: str, rows: pl.DataFrame, value: str, since: str) -> pl.DataFrame:
    return rows.select(
        entity=pl.lit(entity),
        entity_id=pl.col("id"),
        attribute=pl.lit(attribute),
        value=pl.lit(value),
        valid_from=pl.col(since),
    ).drop_nulls("valid_from")
