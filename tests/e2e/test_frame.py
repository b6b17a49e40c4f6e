"""Signing in, moving about by keyboard, light and dark, and pages without fault for axe-core at both sizes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, expect

from e2e.accessibility import faults
from e2e.conftest import PASSWORD, PHONE, SIZES, Eyes, Workspace, assert_fine, listen, new_context, settled, sign_in

PAGES = [
    "/contacts/",
    "/contacts/?q=an&f=country:is:SE",
    "/contacts/?q=nobody-is-called-this",
    "/contacts/c001/",
    "/accounts/",
    "/accounts/account-0/",
    "/deals/",
    "/deals/board/",
    "/deals/deal-0/",
    "/today/",
    "/dashboards/",
    "/scores/",
    "/scores/engagement/",
    "/data/",
    "/data/imports/",
    "/settings/",
    "/settings/people/",
    "/settings/people/new/",
    "/settings/teams/",
    "/settings/installation/",
    "/account/password/",
    "/no-such-page/",
]


@pytest.fixture
def stranger(browser: Browser) -> Iterator[Page]:
    with closing(new_context(browser)) as context:
        yield context.new_page()


class TestSignIn:
    def test_a_wrong_password_is_told_and_the_right_one_lets_in(self, workspace: Workspace, stranger: Page) -> None:
        page = stranger
        complaints: list[str] = []
        listen(page, complaints)
        sign_in(page, workspace.url, "bob", "not this one")
        expect(page.get_by_role("alert")).to_contain_text("not correct")
        assert faults(page) == []
        sign_in(page, workspace.url, "bob")
        expect(page.get_by_role("navigation", name="Sections")).to_be_visible()
        assert complaints == []

    def test_after_signing_in_one_is_where_one_wanted_to_be(self, workspace: Workspace, stranger: Page) -> None:
        page = stranger
        page.goto(f"{workspace.url}/accounts/")
        page.get_by_label("Username or e-mail").fill("alice")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/accounts/")

    def test_signing_out_ends_it(self, workspace: Workspace, stranger: Page) -> None:
        page = stranger
        sign_in(page, workspace.url, "nora")
        page.locator(".side-user > summary").click()
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/account/sign-in/**")
        page.goto(f"{workspace.url}/contacts/")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


class TestEveryPage:
    @pytest.mark.parametrize("path", PAGES)
    @pytest.mark.parametrize("eyes", SIZES, indirect=True)
    def test_has_no_fault_and_fits_the_screen(self, eyes: Eyes, path: str) -> None:
        assert_fine(eyes.open(path))
        if path == "/no-such-page/":
            eyes.complaints.clear()  # the browser tells of the 404 that was asked for


class TestKeyboard:
    def test_the_palette_finds_a_contact_and_opens_it(self, eyes: Eyes) -> None:
        page = eyes.open("/deals/board/")
        page.keyboard.press("Control+k")
        page.keyboard.type("eva mü")
        expect(page.locator("#palette-results a").first).to_contain_text("Eva Müller")
        settled(page, quiet_ms=300)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/contacts/c\d+/"))

    def test_g_then_a_letter_opens_a_section(self, eyes: Eyes) -> None:
        page = eyes.open("/contacts/")
        page.keyboard.press("g")
        page.keyboard.press("a")
        page.wait_for_url("**/accounts/")

    def test_the_first_tab_skips_to_the_content(self, eyes: Eyes) -> None:
        page = eyes.open("/contacts/")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#content")).to_be_focused()

    def test_a_slash_goes_to_the_list_s_search(self, eyes: Eyes) -> None:
        page = eyes.open("/contacts/")
        page.keyboard.press("/")
        expect(page.get_by_role("searchbox", name="Search contacts")).to_be_focused()

    def test_the_palette_has_no_fault_while_open(self, eyes: Eyes) -> None:
        page = eyes.open("/contacts/")
        page.keyboard.press("Control+k")
        page.keyboard.type("an")
        expect(page.locator("#palette-results a").first).to_be_visible()
        assert faults(settled(page, quiet_ms=300)) == []


class TestLightAndDark:
    def test_the_choice_outlasts_the_page(self, eyes: Eyes) -> None:
        page = eyes.open("/contacts/")
        page.get_by_role("button", name="Dark").click()
        assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
        eyes.open("/accounts/")
        assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"


class TestPhone:
    @pytest.mark.parametrize("eyes", [(PHONE, "light")], indirect=True)
    def test_the_sections_open_from_the_bar(self, eyes: Eyes) -> None:
        page = eyes.open("/contacts/")
        page.get_by_role("button", name="More").click()
        page.get_by_role("navigation", name="Sections").get_by_role("link", name="Settings").click()
        page.wait_for_url("**/settings/")
