"""The forecast page as people see it: figures come by themselves, the run rate beside, in every look without fault."""

from __future__ import annotations

import os
import re

import pytest
from playwright.sync_api import expect

from e2e.accessibility import faults
from e2e.conftest import SIZES, Eyes, assert_fine, settled


class TestForecast:
    @pytest.mark.parametrize("eyes", SIZES, indirect=True)
    def test_tells_what_is_expected_beside_the_run_rate(self, eyes: Eyes) -> None:
        page = eyes.open("/deals/board/")
        page.get_by_role("navigation", name="Views").get_by_role("link", name="Forecast").click()
        expect(page.get_by_text("Run rate of the last 90 days").first).to_be_visible()
        expect(page.locator("#chart-forecast-fan svg")).to_be_visible()
        expect(page.get_by_role("heading", name="How good forecasts were")).to_be_visible()
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        assert_fine(page)
        if folder := os.environ.get("RAPPORT_SHOTS"):
            page.screenshot(path=f"{folder}/forecast-{page.viewport_size['width']}.png", full_page=True)  # type: ignore[index]

    def test_another_period_is_picked_and_the_address_keeps_it(self, eyes: Eyes) -> None:
        page = eyes.open("/deals/forecast/")
        page.get_by_label("Period").select_option(index=1)
        page.wait_for_url(re.compile(r"period=\d{4}-\d\d"))
        expect(page.locator("#chart-forecast-fan svg")).to_be_visible()
        page.get_by_text("The figures").first.click()
        expect(page.get_by_role("columnheader", name="95 %")).to_be_visible()
        assert faults(settled(page)) == []
