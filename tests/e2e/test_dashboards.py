"""Own dashboards by keyboard alone, pages without fault for axe-core, and the link for outsiders."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from e2e.accessibility import faults
from e2e.conftest import DESKTOP, LOOKS, PHONE, Eyes, Workspace, listen


def _fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def _own(page: Page, url: str, title: str) -> str:
    """An own dashboard with revenue and orders; returns its address."""
    page.goto(f"{url}/dashboards/new/")
    page.get_by_label("Title").fill(title)
    page.get_by_role("button", name="Pick metrics").click()
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
        for words in ("open deals", "revenue"):
            page.keyboard.press("/")
            page.keyboard.press("Control+a")
            page.keyboard.type(words)
            expect(page.locator("#catalogue")).to_contain_text(f"with “{words}”")
            page.keyboard.press("ArrowDown")
            page.keyboard.press("Enter")
            expect(page.locator("[role=status]", has_text="Added")).to_have_count(1)
            page.get_by_label("Find a metric").focus()
            page.keyboard.press("Escape")
            page.evaluate("document.activeElement.blur()")
        rows = page.locator(".tile-row")
        expect(rows).to_have_count(2)
        second = rows.nth(1).locator("input[name=title]")
        name = second.get_attribute("placeholder")
        second.focus()
        page.keyboard.press("Alt+ArrowUp")
        expect(rows.nth(0).locator("input[name=title]")).to_have_attribute("placeholder", str(name))
        assert faults(page) == []

    @pytest.mark.parametrize("eyes", [LOOKS[0], LOOKS[3]], indirect=True)
    def test_its_pages_have_no_fault_and_fit_the_screen(self, eyes: Eyes) -> None:
        own = _own(eyes.page, eyes.url, "Every page")
        for path in ("", "edit/", "links/", "mail/", "delete/"):
            page = eyes.open(own + path)
            assert faults(page) == [], path
            assert _fits(page), path

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
        expect(page.get_by_label("Owner", exact=True)).to_be_visible(timeout=20_000)
        assert faults(page) == []
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
            stranger = browser.new_context(viewport=size).new_page()  # type: ignore[arg-type]
            complaints: list[str] = []
            listen(stranger, complaints)
            stranger.goto(link)
            stranger.wait_for_load_state("networkidle")
            expect(stranger.get_by_role("heading", name="For the board")).to_be_visible()
            assert faults(stranger) == []
            assert _fits(stranger)
            assert complaints == []
