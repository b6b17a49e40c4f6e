"""The first run as a new user has it: the demo command, sign in, Today, a score's reasons, an import and its undo."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from e2e.accessibility import faults
from e2e.conftest import DESKTOP, PHONE, _free_port, _wait_for, listen, new_context, settled, sign_in

pytestmark = pytest.mark.slow

RAPPORT = [sys.executable, "-m", "rapport.cli"]
SAMPLE = ["--sample", "software", "--contacts", "300", "--interactions", "9000"]


@dataclass(frozen=True)
class Demo:
    """A served demo, its generated password and what its command printed."""

    url: str
    password: str
    printed: str


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    home = tmp_path_factory.mktemp("demo")
    environment = {**os.environ, "RAPPORT_HOME": str(home), "RAPPORT_DATABASE": "", "COLUMNS": "200"}
    made = subprocess.run(
        [*RAPPORT, "demo", "--no-serve", *SAMPLE], env=environment, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stdout + made.stderr
    found = re.search(r"Password\s+(\S+)", made.stdout)
    assert found, made.stdout
    port = _free_port()
    with subprocess.Popen([*RAPPORT, "serve", "--port", str(port)], env=environment) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}/healthz", server)
            yield Demo(f"http://127.0.0.1:{port}", found.group(1), made.stdout)
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def cookies(demo: Demo, browser: Browser) -> object:
    with closing(new_context(browser)) as context:
        sign_in(context.new_page(), demo.url, "admin", demo.password)
        return context.storage_state()


@pytest.fixture
def page(demo: Demo, browser: Browser, cookies: object) -> Iterator[Page]:
    complaints: list[str] = []
    context = new_context(browser, storage_state=cookies, viewport=DESKTOP, base_url=demo.url)
    opened = context.new_page()
    listen(opened, complaints)
    yield opened
    context.close()
    assert complaints == []


def test_the_password_is_generated_and_lets_in(demo: Demo, page: Page) -> None:
    assert len(demo.password) >= 12
    page.goto("/")
    expect(page).to_have_url(re.compile("/today/$"))
    expect(page.get_by_role("heading", name="Today", exact=True)).to_be_visible()


def test_sample_data_is_marked_as_simulated_on_every_page(page: Page) -> None:
    for path in ("/today/", "/contacts/", "/scores/", "/data/", "/settings/"):
        page.goto(path)
        expect(page.get_by_text(re.compile("simulated", re.IGNORECASE)).first).to_be_visible()


def test_today_says_who_and_why_and_takes_a_decision(page: Page) -> None:
    page.goto("/today/")
    first = page.locator("[data-work-item]").first
    name = first.get_by_role("heading").inner_text()
    first.get_by_role("button", name=re.compile("^Done")).click()
    expect(page.locator("[data-decided]")).to_contain_text(f"{name} contacted")
    page.reload()
    expect(page.locator("[data-work-item]").filter(has_text=name)).to_have_count(0)


def test_the_reasons_of_a_score_add_up_to_it(page: Page) -> None:
    page.goto("/scores/lead_readiness/")
    record = page.locator("main a[href^='/contacts/']").first.get_attribute("href")
    page.goto(str(record))
    reasons = page.locator("table.reasons").first
    reasons.wait_for()
    points = [Decimal(number(text)) for text in reasons.locator("tbody td.num").all_inner_texts()]
    assert len(points) > 1
    assert sum(points) == Decimal(number(reasons.locator("tfoot td.num").inner_text()))


def number(shown: str) -> str:
    return shown.strip().replace("−", "-").replace("+", "").replace(",", "")


def test_a_file_is_imported_and_taken_back(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(
        "Record ID,First Name,Last Name,Email,Job Title\n"
        "1,Zora,Quell,zora.quell@example.com,Buyer\n"
        "2,Yara,Quell,yara.quell@example.com,Head\n"
        "3,Xaver,Quell,no address,Clerk\n",
        encoding="utf-8",
    )
    page.goto("/data/imports/")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("button", name="Check every row").click()
    start = page.get_by_role("button", name=re.compile("^(Start|Import)"))
    expect(start).to_be_visible()
    start.click()
    undo = page.get_by_role("button", name=re.compile("Undo"))
    expect(undo).to_be_visible()
    page_of_import = page.url
    page.goto("/contacts/?q=Quell")
    expect(page.get_by_text("Zora Quell")).to_be_visible()
    expect(page.get_by_text("Xaver Quell")).to_have_count(0)
    page.goto(page_of_import)
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name=re.compile("Undo")).click()
    expect(page.get_by_text(re.compile("undone|taken back", re.IGNORECASE)).first).to_be_visible()
    page.goto("/contacts/?q=Quell")
    expect(page.get_by_text("Zora Quell")).to_have_count(0)


def test_a_score_is_changed_in_the_form_and_previewed(demo: Demo, page: Page) -> None:
    page.goto(demo.url + "/scores/lead_readiness/1/edit/")
    points = page.get_by_label("Points", exact=True).first
    expect(points).to_be_visible()
    points.fill("11.5")
    points.press("Tab")
    expect(page.locator("#document")).to_have_value(re.compile(r"\b11\.5\b"))
    expect(page.locator("#preview table")).to_be_visible()
    page.get_by_role("button", name="Text", exact=True).click()
    expect(page.locator("#document")).to_be_visible()
    page.get_by_label(re.compile("^What changes")).fill("a little less")
    page.get_by_role("button", name=re.compile("Save draft")).click()
    expect(page.get_by_text("saved as a draft")).to_be_visible()
    expect(page.get_by_role("region", name="Differences")).to_contain_text("11.5")


PAGES = [
    "/today/", "/dashboards/", "/dashboards/sales/", "/dashboards/metrics/", "/dashboards/metrics/win_rate/",
    "/dashboards/metrics/win_rate/rows/", "/scores/", "/scores/lead_readiness/", "/scores/new/", "/contacts/",
    "/accounts/", "/deals/", "/deals/board/", "/data/", "/data/imports/", "/settings/", "/settings/people/",
    "/scores/capacity/", "/scores/import/hubspot/", "/scores/lead_readiness/watch/", "/scores/lead_readiness/holdout/",
    "/scores/lead_readiness/feedback/", "/scores/lead_readiness/1/", "/scores/lead_readiness/1/edit/",
    "/scores/lead_readiness/1/lint/", "/scores/lead_readiness/1/suggestions/", "/scores/lead_readiness/1/hubspot/",
]  # fmt: skip


@pytest.fixture(scope="module", params=[(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone-dark"])
def window(request: pytest.FixtureRequest, demo: Demo, browser: Browser, cookies: object) -> Iterator[BrowserContext]:
    """One for all pages: what they share is fetched once."""
    size, scheme = request.param
    context = new_context(browser, storage_state=cookies, viewport=size, color_scheme=scheme, base_url=demo.url)
    with closing(context):
        yield context


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_without_fault_and_fits_the_screen(window: BrowserContext, path: str) -> None:
    with closing(window.new_page()) as opened:
        answer = opened.goto(path)
        assert answer is not None
        assert answer.status == 200
        assert faults(settled(opened)) == []
        assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth"), "wider than the screen"
