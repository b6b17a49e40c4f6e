"""Olist: leads -> deals -> orders through the import; every count against pandas over the raw files."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from rapport.workspace.crm.intake.models import Import
from rapport.workspace.crm.intake.quarantine import admit
from rapport.workspace.crm.intake.service import Imported, import_file
from rapport.workspace.crm.records.models import Contact
from rapport.workspace.crm.sales.models import Deal, Order, OrderLine, Product
from rapport.workspace.crm.service.models import SurveyAnswer

pytestmark = pytest.mark.django_db

LEADS = "olist_marketing_qualified_leads_dataset.csv.gz"
DEALS = "olist_closed_deals_dataset.csv.gz"
PRODUCTS = "olist_products_dataset.csv.gz"
ORDERS = "sample_olist_orders_dataset.csv.gz"
LINES = "sample_olist_order_items_dataset.csv.gz"
REVIEWS = "sample_olist_order_reviews_dataset.csv.gz"

BRAZIL = {"time_zone": "America/Sao_Paulo"}
AS_DEALS = {
    "mql_id": ["external_id", "contact_id:external_id"],
    "seller_id": "account_id:external_id",
    "constants": {"status": "won", "stage": "Closed Won", "currency": "BRL"},
    **BRAZIL,
}


@pytest.fixture
def folder(real_data: Path) -> Path:
    return real_data / "olist"


def bring(folder: Path, name: str, **how: Any) -> Imported:
    return import_file(folder / name, source="olist", **how)


def local(texts: pd.Series[Any]) -> pd.Series[Any]:
    at = pd.to_datetime(texts).dt
    zone = {"ambiguous": True, "nonexistent": "shift_forward"}  # summer time began at midnight there
    return at.tz_localize("America/Sao_Paulo", **zone).dt.tz_convert("UTC")


class TestLeadsAndDeals:
    def test_meet_each_other(self, folder: Path) -> None:
        leads, deals = pd.read_csv(folder / LEADS), pd.read_csv(folder / DEALS)
        assert bring(folder, LEADS, mapping=BRAZIL).counts["new"] == len(leads) == 8000
        assert bring(folder, DEALS, mapping=AS_DEALS).counts["new"] == len(deals) == 842
        assert Contact.objects.count() == 8000, "every deal found its lead"
        joined = deals.merge(leads, on="mql_id")
        by_origin = Counter(joined["origin"].fillna("none"))
        found = Counter(origin or "none" for origin in Deal.objects.values_list("contact__lead_source", flat=True))
        assert found == by_origin
        sdr = Counter(Deal.objects.values_list("owner__external_id", flat=True))
        assert sdr == Counter(deals["sr_id"])

    def test_have_the_times_of_the_files(self, folder: Path) -> None:
        leads, deals = pd.read_csv(folder / LEADS), pd.read_csv(folder / DEALS)
        bring(folder, LEADS, mapping=BRAZIL)
        bring(folder, DEALS, mapping=AS_DEALS)
        made = dict(zip(leads["mql_id"], local(leads["first_contact_date"]), strict=True))
        assert dict(Contact.objects.values_list("external_id", "created_at")) == made
        won = dict(zip(deals["mql_id"], local(deals["won_date"]), strict=True))
        assert dict(Deal.objects.values_list("external_id", "closed_at")) == won
        assert dict(Contact.objects.values_list("external_id", "recorded_at")) == made

    def test_keep_what_our_tables_have_no_column_for(self, folder: Path) -> None:
        deals = pd.read_csv(folder / DEALS)
        bring(folder, DEALS, mapping=AS_DEALS)
        segments = Counter(Deal.objects.values_list("properties__business_segment", flat=True))
        assert segments == Counter(deals["business_segment"].where(deals["business_segment"].notna(), None))


class TestOrders:
    def test_have_the_states_and_times_of_the_file(self, folder: Path) -> None:
        orders = pd.read_csv(folder / ORDERS)
        imported = bring(folder, ORDERS, mapping=BRAZIL)
        assert imported.counts["new"] == len(orders) == 4071
        cancelled = orders["order_status"].isin(["canceled", "unavailable"])
        assert Order.objects.filter(status="cancelled").count() == cancelled.sum()
        assert Order.objects.filter(status="paid").count() == (~cancelled).sum()
        times = dict(zip(orders["order_id"], local(orders["order_purchase_timestamp"]), strict=True))
        assert dict(Order.objects.values_list("external_id", "ordered_at")) == times
        assert Contact.objects.count() == orders["customer_id"].nunique()

    def test_lines_of_orders_that_are_absent_wait_in_quarantine(self, folder: Path) -> None:
        orders, lines = pd.read_csv(folder / ORDERS), pd.read_csv(folder / LINES)
        there = lines["order_id"].isin(orders["order_id"])
        waiting = bring(folder, LINES)
        assert waiting.counts["error"] == len(lines)
        assert bring(folder, PRODUCTS).counts["new"] == 32_951
        bring(folder, ORDERS, mapping=BRAZIL)
        assert admit(waiting.import_id)["new"] == there.sum()
        assert Import.objects.get(pk=waiting.import_id).counts["error"] == (~there).sum()
        prices = [Decimal(str(price)) for price in lines.loc[there, "price"]]
        assert sorted(OrderLine.objects.values_list("unit_price", flat=True)) == sorted(prices)
        assert Product.objects.count() == 32_951, "every line found its product"

    def test_reviews_have_the_scores_of_the_file(self, folder: Path) -> None:
        orders, reviews = pd.read_csv(folder / ORDERS), pd.read_csv(folder / REVIEWS)
        bring(folder, ORDERS, mapping=BRAZIL)
        bring(folder, REVIEWS, mapping={"constants": {"kind": "csat", "scale_min": "1", "scale_max": "5"}, **BRAZIL})
        there = reviews[reviews["order_id"].isin(orders["order_id"])].drop_duplicates("review_id")
        assert Counter(SurveyAnswer.objects.values_list("score", flat=True)) == Counter(
            there["review_score"].astype(float)
        )


class TestImportedAgain:
    def test_they_change_nothing(self, folder: Path) -> None:
        for name, how in ((LEADS, BRAZIL), (DEALS, AS_DEALS), (ORDERS, BRAZIL)):
            bring(folder, name, mapping=how)
            again = bring(folder, name, mapping=how).counts
            assert (again["new"], again["updated"], again["error"]) == (0, 0, 0)
