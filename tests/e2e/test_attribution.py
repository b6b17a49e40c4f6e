"""Campaigns side by side under every model of attribution, in a browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from e2e.conftest import SIZES, Eyes, assert_fine

MODELS = 11


@pytest.mark.parametrize("eyes", SIZES, indirect=True)
def test_looks_right_in_every_look(eyes: Eyes) -> None:
    page = eyes.open("/dashboards/attribution/?period=12m")
    expect(page.locator("[aria-busy]")).to_have_count(0)
    expect(page.get_by_role("heading", name="Last 12 months")).to_be_visible()
    assert_fine(page)


def test_shows_what_each_model_credits_and_opens_the_rows(eyes: Eyes) -> None:
    page = eyes.open("/dashboards/marketing/?period=12m")
    page.get_by_role("link", name="Attribution", exact=True).click()
    page.wait_for_url("**/attribution/**")
    page.get_by_role("link", name="Purchases", exact=True).click()
    table = page.get_by_role("table", name="Credit for purchases by campaign and model")
    expect(table.locator("thead th")).to_have_count(MODELS + 1)
    totals = table.locator("tfoot td").all_inner_texts()
    assert len(set(totals)) == 1  # every model shares out the same purchases
    row = table.locator("tbody tr").first
    row.locator("td a").nth(3).click()
    page.wait_for_url(re.compile(r"campaign_purchases_linear/rows/.*f\.campaign="))
    expect(page.get_by_role("heading", level=1)).to_have_text("Rows of Campaign purchases, linear")
