"""Segments as people make and read them."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from e2e.accessibility import faults
from e2e.conftest import SIZES, Eyes, assert_fine, settled


@pytest.mark.parametrize("eyes", SIZES, indirect=True)
def test_the_pages_are_without_fault(eyes: Eyes) -> None:
    for path in ("", "visitors/", "visitors/edit/", "metrics/", "groups/"):
        assert_fine(eyes.open(f"/segments/{path}"), path)


def test_a_segment_is_made_by_a_form_that_counts_as_it_is_filled(eyes: Eyes) -> None:
    page = eyes.open("/segments/")
    page.get_by_role("button", name="New segment").click()
    page.get_by_role("link", name="Contacts People by who they are").click()
    page.get_by_role("button", name="Remove this test").click()
    page.get_by_role("button", name="Something they did").click()
    expect(page.get_by_label("Times at least")).to_have_value("1")
    expect(page.locator(".segment-count")).to_contain_text("of 203 contacts")
    before = page.locator(".segment-count strong").inner_text()
    page.get_by_label("Times at least").fill("15")
    page.keyboard.press("Tab")
    expect(page.locator(".segment-count strong")).not_to_have_text(before)
    assert faults(settled(page)) == []
    page.get_by_role("button", name="Text", exact=True).click()
    expect(page.get_by_label("Rules as YAML")).to_contain_text("times: 15")
    page.get_by_label("Name", exact=True).fill("Often here")
    page.get_by_role("button", name="Save and build").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Often here")
    expect(page.get_by_text("its members are being found")).to_be_visible()


def test_members_and_what_distinguishes_them_are_shown_and_exported(eyes: Eyes) -> None:
    page = eyes.open("/segments/visitors/")
    expect(page.get_by_role("heading", name="What distinguishes it")).to_be_visible()
    rows = page.get_by_role("table", name="Members", exact=True).get_by_role("row")
    expect(rows).to_have_count(52)
    page.get_by_role("link", name="Show more").click()
    expect(rows).to_have_count(102)
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    assert download.value.suggested_filename.startswith("visitors-")
    assert len(download.value.path().read_text("utf-8-sig").splitlines()) > 150
