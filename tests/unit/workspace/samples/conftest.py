"""A small sample that loads quickly: the first households of the retailer."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from rapport.workspace.crm.samples import catalogue, retailer_source

AT = datetime(2026, 3, 4, 10, tzinfo=UTC)
HOUSEHOLDS = 6


@pytest.fixture
def few_households(monkeypatch: pytest.MonkeyPatch) -> dict[str, pl.DataFrame]:
    """The source with its first six households only."""
    whole = retailer_source.retailer_source()
    chosen = whole["households"].sort("household_id").head(HOUSEHOLDS).select("household_id")
    few = {n: t.join(chosen, on="household_id") if "household_id" in t.columns else t for n, t in whole.items()}
    few["lines"] = few["lines"].join(few["baskets"].select("basket_id"), on="basket_id")
    few["products"] = few["products"].join(few["lines"].select("product_id").unique(), on="product_id")
    monkeypatch.setattr(catalogue, "retailer_source", lambda: few)
    return few
