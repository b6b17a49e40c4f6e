"""A file is brought in and taken back, as a person does it for the first time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import SIZES, Eyes, Workspace, assert_fine

# Works off what waits for each line that comes, and answers with one.
_WORK = """
import sys, django
django.setup()
from rapport.workspace.queue import run_worker
for line in sys.stdin:
    run_worker(stop_when_idle=True)
    print("idle", flush=True)
"""
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


@pytest.fixture(scope="module")
def worker(workspace: Workspace) -> Iterator[subprocess.Popen[str]]:
    """A worker that works when it is told to, so that what waits for it can be looked at."""
    environment = {
        **os.environ,
        "RAPPORT_HOME": str(workspace.home),
        "RAPPORT_DATABASE": "",
        "DJANGO_SETTINGS_MODULE": "rapport.workspace.settings",
    }
    command = [sys.executable, "-c", _WORK]
    with subprocess.Popen(
        command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        yield process
        process.stdin.close()  # type: ignore[union-attr]


def work(page: Page, worker: subprocess.Popen[str]) -> None:
    """Let the worker do what waits, once it waits."""
    expect(page.get_by_text("Waiting for a free worker")).to_be_visible()
    assert worker.stdin
    assert worker.stdout
    print("work", file=worker.stdin, flush=True)
    assert worker.stdout.readline() == "idle\n"


def upload(eyes: Eyes, file: Path) -> Page:
    page = eyes.open("/data/imports/")
    page.locator("#file").set_input_files(file)
    page.get_by_label(re.compile("^Source")).fill("hubspot")
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", name="Map the columns of contacts.csv")).to_be_visible()
    return page


class TestImport:
    def test_is_mapped_checked_written_and_undone(self, eyes: Eyes, worker: subprocess.Popen[str], file: Path) -> None:
        page = upload(eyes, file)
        expect(page.get_by_label("Where Company Name goes to")).to_have_value("account_id:name")
        page.get_by_role("button", name="Check every row").click()
        work(page, worker)
        expect(page.get_by_text("This was a dry run")).to_be_visible()
        expect(page.get_by_text("is no e-mail address")).to_be_visible()
        expect(page.get_by_text("duplicate of row 2")).to_be_visible()
        page.get_by_role("button", name="Import 1 row").click()
        work(page, worker)
        expect(page.get_by_text("1 row in quarantine")).to_be_visible()
        eyes.open("/contacts/?q=holm")
        expect(page.get_by_text("Ida Holm").first).to_be_visible()
        eyes.open("/data/imports/")
        page.get_by_role("link", name="contacts.csv").first.click()
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Undo").click()
        work(page, worker)
        expect(page.get_by_text(re.compile("Undone: 2 deleted"))).to_be_visible()
        eyes.open("/contacts/?q=holm")
        expect(page.get_by_text("Ida Holm")).to_have_count(0)


class TestLooks:
    @pytest.mark.parametrize("eyes", SIZES, indirect=True)
    def test_of_every_step_are_without_fault(self, eyes: Eyes, worker: subprocess.Popen[str], file: Path) -> None:
        assert_fine(eyes.open("/data/imports/"))
        page = upload(eyes, file)
        assert_fine(page)
        page.get_by_role("button", name="Check every row").click()
        expect(page.get_by_text("Waiting for a free worker")).to_be_visible()
        assert_fine(page)
        work(page, worker)
        expect(page.get_by_text("This was a dry run")).to_be_visible()
        assert_fine(page)
        if folder := os.environ.get("RAPPORT_SHOTS"):
            page.screenshot(path=f"{folder}/import-result-{page.viewport_size['width']}.png", full_page=True)  # type: ignore[index]
