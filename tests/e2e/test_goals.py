"""Goals as people set and read them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from e2e.accessibility import faults
from e2e.conftest import SIZES, Eyes, assert_fine, settled


class TestGoals:
    def test_a_goal_is_set_from_what_its_history_says_read_and_removed(self, eyes: Eyes) -> None:
        page = eyes.open("/goals/new/")
        page.locator("#id_metric").select_option("revenue")
        preview = page.locator("#goal-preview")
        expect(preview).to_contain_text("Likely when due")
        expect(page.locator("#id_target_helptext")).to_have_text("In the company's currency.")
        page.locator("#id_dimension").select_option("channel")
        expect(page.locator("#id_dimension")).to_have_value("channel")
        page.locator("#id_dimension").select_option("")
        page.get_by_label("Target", exact=True).fill("12000")
        expect(preview).to_contain_text("12,000")
        page.locator("#id_objective").select_option("new")
        page.get_by_label("Name of the new objective").fill("Grow what we are good at")
        assert faults(settled(page)) == []
        page.get_by_role("button", name="Set the goal").click()
        expect(page.get_by_role("heading", name="How it stands")).to_be_visible()
        assert faults(settled(page)) == []
        page.get_by_role("link", name="Goals", exact=True).first.click()
        expect(page.get_by_role("heading", name="Grow what we are good at")).to_be_visible()
        expect(page.locator("[hx-get='/goals/offers/']")).to_have_count(0)
        page.get_by_role("link", name="Strategy on one page").click()
        expect(page.get_by_role("row", name=re.compile("at least €12,000"))).to_be_visible()
        assert faults(settled(page)) == []
        page.get_by_role("link", name="Revenue").click()
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Remove").click()
        expect(page.get_by_text("The goal was removed.")).to_be_visible()
        expect(page.locator("[hx-get='/goals/offers/']")).to_have_count(0)

    @pytest.mark.parametrize("eyes", SIZES, indirect=True)
    @pytest.mark.parametrize("path", ["/goals/", "/goals/new/", "/goals/strategy/", "/goals/objectives/new/"])
    def test_pages_are_without_fault(self, eyes: Eyes, path: str) -> None:
        assert_fine(eyes.open(path))
