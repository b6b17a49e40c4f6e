"""Baskets as orders with their lines, and the products in them.

For each line of the source: `sales_value` is what the retailer took for it, after its own (loyalty and coupon-match)
discounts; what a manufacturer's coupon paid is part of it, for the manufacturer gives it back. So

    order.amount = sum of sales_value of its lines
    line.discount = retail_disc + coupon_match_disc
    line.unit_price = (sales_value + line.discount) / quantity, to 1/10,000

Fuel is counted in thousandths of a gallon by the source and in gallons here. A line without quantity (a coupon's own
line) has no unit price.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pyarrow as pa

from rapport.workspace.crm.samples.retailer_people import redemption_baskets
from rapport.workspace.crm.samples.retailer_source import Source, declared, label

_FUEL = ("FUEL", "COUPON/MISC ITEMS")
_THOUSANDTHS = 100  # the smallest quantity that can only be meant in thousandths


def order_tables(source: Source, *, shift: timedelta) -> dict[str, pa.Table]:
    """products, orders and order_lines, shifted."""
    sold = source["baskets"].select("basket_id", "household_id", sold_at=pl.col("sold_at") + shift)
    lines = source["lines"].join(sold, on="basket_id")
    return {
        "products": declared("products", _products(source, lines), at="first_sold_at"),
        "orders": declared("orders", _orders(source, lines), at="ordered_at"),
        "order_lines": declared("order_lines", _lines(source, lines), at="sold_at"),
    }


def _products(source: Source, lines: pl.DataFrame) -> pl.DataFrame:
    first = lines.group_by("product_id").agg(first_sold_at=pl.col("sold_at").min())
    return source["products"].join(first, on="product_id").select(
        id=label("product", "product_id"),
        sku=pl.col("product_id").cast(pl.String),
        name=pl.coalesce(_title("product_type"), pl.format("Product {}", "product_id")),
        family=_title("department"),
        category=_title("product_category"),
        first_sold_at="first_sold_at",
    )  # fmt: skip


def _title(column: str) -> pl.Expr:
    return pl.col(column).str.to_lowercase().str.replace(r"^\w", pl.col(column).str.slice(0, 1))


def _orders(source: Source, lines: pl.DataFrame) -> pl.DataFrame:
    """The campaign of an order is the latest one whose coupon was redeemed in it."""
    redeemed = redemption_baskets(source).join(source["campaigns"], on="campaign_id").sort("start_date", "campaign_id")
    by = redeemed.group_by("basket_id").agg(campaign=pl.col("campaign_id").last())
    totals = lines.group_by("basket_id").agg(
        pl.col("household_id").first(),
        pl.col("sold_at").first(),
        units=pl.col("sales_cents").sum().cast(pl.Int64) * 100,
    )
    return totals.join(by, on="basket_id", how="left").sort("household_id", "sold_at", "basket_id").select(
        id=label("basket", "basket_id"),
        contact_id=label("household", "household_id"),
        campaign_id=label("campaign", "campaign"),
        channel=pl.lit("store"),
        ordered_at="sold_at",
        amount="units",
        currency=pl.lit("USD"),
        status=pl.lit("paid"),
    )  # fmt: skip


def _lines(source: Source, lines: pl.DataFrame) -> pl.DataFrame:
    rows = lines.join(source["products"].select("product_id", "product_category"), on="product_id", how="left")
    fuel = pl.col("product_category").is_in(_FUEL) & (pl.col("quantity") >= _THOUSANDTHS)
    quantity = pl.when(fuel).then(pl.col("quantity") / 1000).otherwise(pl.col("quantity").cast(pl.Float64))
    discount = (pl.col("retail_discount_cents") + pl.col("coupon_match_cents")).cast(pl.Int64)
    price = ((pl.col("sales_cents") + discount) * 100 / pl.col("sold")).round().cast(pl.Int64)
    return rows.with_columns(sold=quantity).select(
        id=pl.format("line-{}-{}", "basket_id", "product_id"),
        order_id=label("basket", "basket_id"),
        product_id=label("product", "product_id"),
        quantity="sold",
        unit_price=pl.when(pl.col("sold") > 0).then(price),
        discount=discount * 100,
        sold_at="sold_at",
    )  # fmt: skip
