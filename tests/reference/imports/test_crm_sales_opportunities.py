"""A B2B company's four files through the import; every count against pandas over the raw files."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from rapport.workspace.crm.intake.service import Imported, import_file
from rapport.workspace.crm.records.models import Account, AttributeValue
from rapport.workspace.crm.sales.models import Deal, DealStageVisit, Product
from rapport.workspace.team.models import Team, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(real_data: Path) -> Path:
    return real_data / "crm_sales_opportunities"


@pytest.fixture
def raw(folder: Path) -> pd.DataFrame:
    """The pipeline as published; dates are %d-%m-%y."""
    frame = pd.read_csv(folder / "sales_pipeline.csv.gz")
    for column in ("engage_date", "close_date"):
        frame[column] = pd.to_datetime(frame[column], format="%d-%m-%y", utc=True)
    return frame


def bring(folder: Path, name: str) -> Imported:
    return import_file(folder / name, source="maven")


@pytest.fixture
def imported(folder: Path) -> dict[str, Imported]:
    files = ("sales_teams.csv", "accounts.csv", "products.csv", "sales_pipeline.csv.gz")
    return {name: bring(folder, name) for name in files}


class TestSalesOpportunities:
    def test_are_recognised_and_taken_as_a_whole(self, imported: dict[str, Imported], raw: pd.DataFrame) -> None:
        taken = {
            name: (i.table, i.counts["new"] + i.counts["updated"], i.counts["error"]) for name, i in imported.items()
        }
        assert taken == {
            "sales_teams.csv": ("users", 35, 0),
            "accounts.csv": ("accounts", 85, 0),
            "products.csv": ("products", 7, 0),
            "sales_pipeline.csv.gz": ("deals", len(raw), 0),
        }
        assert len(raw) == 8800

    def test_have_the_outcomes_of_the_file(self, imported: dict[str, Imported], raw: pd.DataFrame) -> None:
        status = raw["deal_stage"].map({"Won": "won", "Lost": "lost", "Engaging": "open", "Prospecting": "open"})
        assert Counter(Deal.objects.values_list("status", flat=True)) == Counter(status)
        assert Counter(Deal.objects.values_list("stage", flat=True)) == Counter(raw["deal_stage"])

    def test_have_the_amounts_and_dates_of_the_file(self, imported: dict[str, Imported], raw: pd.DataFrame) -> None:
        expected = {
            row.opportunity_id: (
                None if pd.isna(row.engage_date) else row.engage_date,
                None if pd.isna(row.close_date) else row.close_date,
                None if pd.isna(row.close_value) else Decimal(str(row.close_value)),
            )
            for row in raw.itertuples()
        }
        found = Deal.objects.values_list("external_id", "created_at", "closed_at", "amount")
        assert {key: (created, closed, amount) for key, created, closed, amount in found} == expected

    def test_belong_to_the_accounts_products_and_owners_of_the_file(
        self, imported: dict[str, Imported], raw: pd.DataFrame, folder: Path
    ) -> None:
        won = raw[raw["deal_stage"] == "Won"].groupby("sales_agent")["close_value"].sum()
        sums: Counter[str] = Counter()
        for name, amount in Deal.objects.filter(status="won").values_list("owner__name", "amount"):
            sums[name] += amount
        assert {name: float(amount) for name, amount in sums.items()} == won.to_dict()
        assert Deal.objects.filter(account=None).count() == raw["account"].isna().sum() == 1425
        assert Counter(Deal.objects.exclude(account=None).values_list("account__name", flat=True)) == Counter(
            raw["account"].dropna()
        )
        assert User.objects.count() == 35
        teams = pd.read_csv(folder / "sales_teams.csv")
        assert dict(User.objects.values_list("name", "team__name")) == dict(
            zip(teams["sales_agent"], teams["manager"], strict=True)
        )
        assert Team.objects.count() == teams["manager"].nunique()

    def test_name_a_product_that_the_product_file_spells_otherwise(
        self, imported: dict[str, Imported], raw: pd.DataFrame
    ) -> None:
        assert set(Product.objects.values_list("name", flat=True)) == {*raw["product"], "GTX Pro"}
        assert Deal.objects.filter(product__name="GTXPro").count() == (raw["product"] == "GTXPro").sum()

    def test_know_their_subsidiaries(self, imported: dict[str, Imported], folder: Path) -> None:
        accounts = pd.read_csv(folder / "accounts.csv").dropna(subset=["subsidiary_of"])
        found = Account.objects.exclude(parent_account=None).values_list("name", "parent_account__name")
        assert dict(found) == dict(zip(accounts["account"], accounts["subsidiary_of"], strict=True))

    def test_are_known_to_be_won_since_the_close(self, imported: dict[str, Imported], raw: pd.DataFrame) -> None:
        entries = AttributeValue.objects.filter(entity="deal", attribute="status", value="won")
        days = Counter(raw.loc[raw["deal_stage"] == "Won", "close_date"])
        assert Counter(entries.values_list("valid_from", flat=True)) == Counter(
            entries.values_list("recorded_at", flat=True)
        )
        assert Counter(entries.values_list("valid_from", flat=True)) == Counter(
            {day.to_pydatetime(): n for day, n in days.items()}
        )
        assert DealStageVisit.objects.filter(stage="Won").count() == days.total()

    def test_imported_again_change_nothing(self, imported: dict[str, Imported], folder: Path) -> None:
        entries = AttributeValue.objects.count()
        for name in imported:
            again = bring(folder, name).counts
            assert again["new"] == again["updated"] == again["error"] == 0
        assert AttributeValue.objects.count() == entries
