"""A file is brought in and taken back, as a person does it for the first time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e.accessibility import faults
from e2e.conftest import LOOKS, Eyes, Workspace

_WORK = "import django; django.setup(); from rapport.workspace.queue import run_worker; run_worker(stop_when_idle=True)"
FILE = (
    "Record ID,First Name,Last Name,Email,Company Name,Lifecycle Stage,Create Date,Shoe size\n"
    "901,Ida,Holm,ida.holm@example.org,Holm & Sons,Customer,2024-03-12 09:14,38\n"
    "902,Jon,Vik,not an address,Holm & Sons,Lead,2024-03-13 10:00,44\n"
    "901,Ida,Again,ida.again@example.org,,Lead,2024-03-14 10:00,\n"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "contacts.csv"
    path.write_text(FILE)
    return path


def work(workspace: Workspace) -> None:
    """Let the worker do what waits."""
    environment = {
        **os.environ,
        "RAPPORT_HOME": str(workspace.home),
        "RAPPORT_DATABASE": "",
        "DJANGO_SETTINGS_MODULE": "rapport.workspace.settings",
    }
    subprocess.run([sys.executable, "-c", _WORK], env=environment, check=True)


def upload(eyes: Eyes, file: Path) -> Page:
    page = eyes.open("/data/imports/")
    page.locator("#file").set_input_files(file)
    page.get_by_label(re.compile("^Source")).fill("hubspot")
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", name="Map the columns of contacts.csv")).to_be_visible()
    return page


class TestImport:
    def test_is_mapped_checked_written_and_undone(self, eyes: Eyes, workspace: Workspace, file: Path) -> None:
        page = upload(eyes, file)
        expect(page.get_by_label("Where Company Name goes to")).to_have_value("account_id:name")
        page.get_by_role("button", name="Check every row").click()
        work(workspace)
        expect(page.get_by_text("This was a dry run")).to_be_visible(timeout=15_000)
        expect(page.get_by_text("is no e-mail address")).to_be_visible()
        expect(page.get_by_text("duplicate of row 2")).to_be_visible()
        page.get_by_role("button", name="Import 1 row").click()
        work(workspace)
        expect(page.get_by_text("1 row in quarantine")).to_be_visible(timeout=15_000)
        eyes.open("/contacts/?q=holm")
        expect(page.get_by_text("Ida Holm").first).to_be_visible()
        eyes.open("/data/imports/")
        page.get_by_role("link", name="contacts.csv").first.click()
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Undo").click()
        work(workspace)
        expect(page.get_by_text(re.compile("Undone: 2 deleted"))).to_be_visible(timeout=15_000)
        eyes.open("/contacts/?q=holm")
        expect(page.get_by_text("Ida Holm")).to_have_count(0)


class TestLooks:
    @pytest.mark.parametrize("eyes", LOOKS, indirect=True)
    def test_of_every_step_are_without_fault(self, eyes: Eyes, workspace: Workspace, file: Path) -> None:
        page = eyes.open("/data/imports/")
        assert faults(page) == []
        upload(eyes, file)
        assert faults(page) == []
        assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        page.get_by_role("button", name="Check every row").click()
        expect(page.get_by_text("Waiting for a free worker")).to_be_visible()
        assert faults(page) == []
        work(workspace)
        expect(page.get_by_text("This was a dry run")).to_be_visible(timeout=15_000)
        assert faults(page) == []
        if folder := os.environ.get("RAPPORT_SHOTS"):
            page.screenshot(path=f"{folder}/import-result-{page.viewport_size['width']}.png", full_page=True)  # type: ignore[index]
