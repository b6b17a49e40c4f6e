"""Lists and records as people use them."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from e2e.accessibility import faults
from e2e.conftest import Eyes, settled


class TestList:
    def test_typing_narrows_the_list_and_the_address_keeps_it(self, eyes: Eyes) -> None:
        page = eyes.open("/contacts/")
        page.get_by_role("searchbox", name="Search contacts").press_sequentially("carla", delay=30)
        page.wait_for_url(re.compile("q=carla"))
        expect(page.locator(".row-name").first).to_contain_text("Carla Rossi")
        expect(page.locator("#list-count")).to_have_text("25")
        page.reload()
        expect(page.locator(".row-name").first).to_contain_text("Carla Rossi")

    def test_a_filter_is_built_named_and_removed(self, eyes: Eyes) -> None:
        page = eyes.open("/contacts/")
        page.keyboard.press("f")
        page.get_by_label("Where").select_option(label="Country")
        page.get_by_label("Value").select_option("DK")
        assert faults(settled(page)) == []
        page.get_by_role("button", name="Add filter").click()
        chip = page.get_by_role("link", name="Country is DK")
        expect(chip).to_be_visible()
        chip.click()
        expect(page.get_by_role("link", name="Country is DK")).to_have_count(0)

    def test_more_rows_come_below_until_all_are_there(self, eyes: Eyes) -> None:
        page = eyes.open("/contacts/?sort=name")
        for shown in (100, 150, 200, 203):
            page.get_by_role("link", name="Show more").click()
            expect(page.locator(".row-name")).to_have_count(shown)
        expect(page.get_by_role("link", name="Show more")).to_have_count(0)

    def test_a_view_is_saved_and_found_again(self, eyes: Eyes) -> None:
        page = eyes.open("/contacts/?f=country:is:NO")
        page.get_by_role("button", name="Save view").click()
        page.get_by_role("textbox", name="Name").fill("Norway")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("navigation", name="Views").get_by_role("link", name="Norway")).to_have_attribute(
            "aria-current", "page"
        )
        page.on("dialog", lambda dialog: dialog.accept())
        settled(page).get_by_role("button", name="Save view").click()
        page.get_by_role("button", name="Remove “Norway”").click()
        expect(page.get_by_role("navigation", name="Views").get_by_role("link", name="Norway")).to_have_count(0)

    def test_columns_are_chosen(self, eyes: Eyes) -> None:
        page = eyes.open("/contacts/")
        page.get_by_role("button", name="Columns").click()
        expect(page.get_by_role("dialog", name="Columns")).to_be_visible()
        assert faults(page) == []
        page.get_by_role("dialog", name="Columns").get_by_label("E-mail").check()
        page.get_by_role("button", name="Show", exact=True).click()
        expect(page.get_by_role("columnheader", name="E-mail")).to_be_visible()

    def test_the_export_is_a_file(self, eyes: Eyes) -> None:
        page = eyes.open("/contacts/?q=carla")
        with page.expect_download() as download:
            page.get_by_role("link", name="Export").click()
        assert re.fullmatch(r"contacts-\d{4}-\d\d-\d\d\.csv", download.value.suggested_filename)
        assert len(download.value.path().read_text("utf-8-sig").splitlines()) == 26


class TestRecord:
    def test_a_fact_is_changed_in_place(self, eyes: Eyes) -> None:
        page = eyes.open("/contacts/c002/")
        page.get_by_role("button", name="Show empty fields").click()
        page.locator("#fact-phone").hover()
        page.get_by_role("button", name="Change phone").click()
        page.get_by_role("textbox", name="Phone").fill("+46 8 123 456")
        page.keyboard.press("Enter")
        expect(page.locator("#fact-phone")).to_contain_text("+46 8 123 456")
        page.reload()
        expect(page.locator("#fact-phone")).to_contain_text("+46 8 123 456")
        expect(page.locator("#timeline")).to_contain_text("Phone: +46 8 123 456")

    def test_escape_leaves_a_fact_as_it_was(self, eyes: Eyes) -> None:
        page = eyes.open("/contacts/c003/")
        page.locator("#fact-email").hover()
        page.get_by_role("button", name="Change e-mail").click()
        page.get_by_role("textbox", name="E-mail").fill("other@example.com")
        page.keyboard.press("Escape")
        expect(page.locator("#fact-email")).to_contain_text("dan.3@example.com")

    def test_the_timeline_shows_one_channel_and_goes_back_in_time(self, eyes: Eyes) -> None:
        page = eyes.open("/contacts/c000/")
        page.get_by_label("Show", exact=True).select_option(label="Orders")
        expect(page.locator(".timeline-entry")).to_have_count(1)
        page.get_by_label("Show", exact=True).select_option(label="Everything")
        expect(page.locator(".timeline-entry")).to_have_count(25)
        page.get_by_role("button", name="Show earlier").click()
        expect(page.get_by_role("button", name="Show earlier")).to_have_count(0)
        expect(page.locator(".timeline-entry")).to_have_count(34)
