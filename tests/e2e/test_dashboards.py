"""Own dashboards by keyboard alone, pages without fault for axe-core, and the link for outsiders."""

from __future__ import annotations

import re
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, expect

from e2e.accessibility import faults
from e2e.conftest import DESKTOP, PHONE, SIZES, Eyes, Workspace, assert_fine, listen, new_context, settled


def _own(page: Page, url: str, title: str) -> str:
    """An own dashboard with revenue and orders; returns its address."""
    page.goto(f"{url}/dashboards/new/")
    page.get_by_label("Title").fill(title)
    page.get_by_role("button", name="Pick metrics").click()
    page.wait_for_url("**/edit/")
    for name in ("Revenue", "Orders"):
        page.get_by_role("button", name=f"Add {name}", exact=True).click()
        expect(page.get_by_label(f"Title of {name}", exact=True)).to_be_visible()
    return re.sub(r"edit/$", "", page.url.removeprefix(url))


class TestOwnDashboard:
    def test_is_made_and_ordered_by_keyboard_alone(self, eyes: Eyes) -> None:
        page = eyes.open("/dashboards/executive/")
        page.keyboard.press("n")
        page.wait_for_url("**/dashboards/new/")
        page.get_by_label("Title").focus()
        page.keyboard.type("By keyboard")
        page.keyboard.press("Enter")
        page.wait_for_url("**/edit/")
        rows = page.locator(".tile-row")
        for count, words in enumerate(("open deals", "revenue"), 1):
            page.keyboard.press("/")
            page.keyboard.press("Control+a")
            page.keyboard.type(words)
            expect(page.locator("#catalogue")).to_contain_text(f"with “{words}”")
            page.keyboard.press("ArrowDown")
            page.keyboard.press("Enter")
            expect(rows).to_have_count(count)
            page.get_by_label("Find a metric").focus()
            page.keyboard.press("Escape")
            page.evaluate("document.activeElement.blur()")
        second = rows.nth(1).locator("input[name=title]")
        name = second.get_attribute("placeholder")
        second.focus()
        page.keyboard.press("Alt+ArrowUp")
        expect(rows.nth(0).locator("input[name=title]")).to_have_attribute("placeholder", str(name))
        assert faults(settled(page)) == []

    @pytest.mark.parametrize("eyes", SIZES, indirect=True)
    def test_its_pages_have_no_fault_and_fit_the_screen(self, eyes: Eyes) -> None:
        own = _own(eyes.page, eyes.url, "Every page")
        for path in ("", "edit/", "links/", "mail/", "delete/"):
            assert_fine(eyes.open(own + path), path)

    def test_a_display_is_changed_and_kept(self, eyes: Eyes) -> None:
        own = _own(eyes.page, eyes.url, "Changed")
        page = eyes.page
        page.get_by_label("How Orders is shown").select_option("table")
        expect(page.get_by_label("What Orders is split by")).to_be_visible()
        eyes.open(own)
        expect(page.get_by_role("heading", name="Orders")).to_be_visible()

    def test_the_filter_opens_by_its_key_and_filters(self, eyes: Eyes) -> None:
        page = eyes.open("/dashboards/sales/")
        page.keyboard.press("f")
        page.get_by_label("Only of one").select_option("owner")
        expect(page.get_by_label("Owner", exact=True)).to_be_visible()
        assert faults(settled(page)) == []
        page.get_by_role("dialog").get_by_role("button", name="Show").click()
        page.wait_for_url("**f.owner=**")
        expect(page.locator(".board-line .chip")).to_contain_text("Owner")


class TestOutside:
    def test_a_link_opens_for_a_stranger(self, eyes: Eyes, workspace: Workspace, browser: Browser) -> None:
        own = _own(eyes.page, eyes.url, "For the board")
        page = eyes.open(own + "links/")
        page.get_by_role("button", name="Make the link").click()
        link = page.get_by_label("The new link").input_value()
        for size in (DESKTOP, PHONE):
            with closing(new_context(browser, viewport=size)) as context:
                stranger = context.new_page()
                complaints: list[str] = []
                listen(stranger, complaints)
                stranger.goto(link)
                expect(stranger.get_by_role("heading", name="For the board")).to_be_visible()
                assert_fine(stranger)
                assert complaints == []
