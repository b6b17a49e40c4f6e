"""A workspace served as in real use and a browser to look at it with.

A test acts on a page once it is still (`settled`), and looks by `expect`, which waits: it must pass on a machine that
is ten times slower than its writer's.

The server is `uvicorn` over a database of its own (`fill.py`), so that what is tested is what people run. Chromium is
the system's (`RAPPORT_CHROMIUM`, else /usr/bin/chromium); without one these tests are skipped.
"""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from e2e.accessibility import faults, faults_of_colour
from e2e.stillness import settled

HERE = Path(__file__).parent
CHROMIUM = Path(os.environ.get("RAPPORT_CHROMIUM", "/usr/bin/chromium"))
PASSWORD = "quiet-harbour-lamp-41"
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
_PATIENCE_S = 240
_PATIENCE_MS, _PATIENCE_FOR_PAGES_MS = 60_000, 120_000
expect.set_options(timeout=_PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass(frozen=True)
class Workspace:
    """A served workspace. home: its folder."""

    url: str
    home: Path


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    if not CHROMIUM.is_file():
        pytest.skip(f"no Chromium at {CHROMIUM} (RAPPORT_CHROMIUM)")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {"executable_path": str(CHROMIUM), "args": [*sandbox, "--disable-dev-shm-usage"]}


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Two hundred contacts, the small company and a live score, served on a free port."""
    home = tmp_path_factory.mktemp("workspace")
    environment = {
        **os.environ,
        "RAPPORT_HOME": str(home),
        "RAPPORT_DATABASE": "",
        "RAPPORT_TIME_ZONE": "Europe/Stockholm",
        "DJANGO_SETTINGS_MODULE": "rapport.workspace.settings",
        "PYTHONPATH": os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")]),
    }
    subprocess.run([sys.executable, str(HERE / "fill.py"), PASSWORD], env=environment, check=True)
    with socket.socket() as door:  # handed over open, so that nobody else takes the port meanwhile
        door.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{door.getsockname()[1]}"
        command = [sys.executable, "-m", "uvicorn", "rapport.workspace.asgi:application"]
        command += ["--fd", str(door.fileno()), "--log-level", "warning"]
        with subprocess.Popen(command, env=environment, pass_fds=[door.fileno()]) as server:
            try:
                _wait_for(f"{url}/healthz", server)
                yield Workspace(url=url, home=home)
            finally:
                server.terminate()


def _free_port() -> int:
    """A free port outside the range from which the system gives ports to callers."""
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError("No port is free.")


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        if server.poll() is not None:
            raise RuntimeError(f"The server ended with {server.returncode}.")
        try:
            with urlopen(address, timeout=2):
                return
        except (URLError, TimeoutError):
            time.sleep(0.2)
    raise TimeoutError(f"{address} did not answer within {_PATIENCE_S} s.")


@pytest.fixture(scope="session")
def signed_in(workspace: Workspace, browser: Browser) -> Any:
    """Cookies of the administrator, who signed in once as people do."""
    with closing(new_context(browser)) as context:
        sign_in(context.new_page(), workspace.url, "ada")
        return context.storage_state()


@dataclass
class Eyes:
    """A page of the signed-in administrator, and what the browser complained of meanwhile."""

    page: Page
    url: str
    complaints: list[str]

    def open(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return settled(self.page)


SIZES = [pytest.param((DESKTOP, "light"), id="desktop"), pytest.param((PHONE, "light"), id="phone")]


@pytest.fixture
def eyes(workspace: Workspace, browser: Browser, signed_in: Any, request: pytest.FixtureRequest) -> Iterator[Eyes]:
    """A fresh page; `indirect` parameters (`SIZES`) choose size and scheme. Fails on any complaint of the browser."""
    size, scheme = getattr(request, "param", (DESKTOP, "light"))
    context = new_context(
        browser,
        viewport=cast(Any, size),
        color_scheme=cast(Any, scheme),
        storage_state=signed_in,
    )
    found = Eyes(page=context.new_page(), url=workspace.url, complaints=[])
    listen(found.page, found.complaints)
    yield found
    context.close()
    assert not found.complaints, found.complaints


# A request that a newer one or another page replaced; one that failed says so by an event of its own.
_TAKEN_BACK = ("htmx:sendAbort", "htmx:afterRequest")


def listen(page: Page, complaints: list[str]) -> None:
    """Errors of scripts, refused files and breaches of the content security policy."""
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda line: (
            complaints.append(line.text) if line.type == "error" and not line.text.startswith(_TAKEN_BACK) else None
        ),
    )


def new_context(browser: Browser, **wanted: Any) -> BrowserContext:
    """A browser of its own that waits patiently, without motion."""
    context = browser.new_context(**{"locale": "en-GB", "reduced_motion": "reduce", **wanted})
    context.set_default_timeout(_PATIENCE_MS)
    context.set_default_navigation_timeout(_PATIENCE_FOR_PAGES_MS)
    return context


def sign_in(page: Page, url: str, name: str, password: str = PASSWORD) -> None:
    page.goto(f"{url}/account/sign-in/")
    page.get_by_label("Username or e-mail").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in").click()
    settled(page)


def assert_fine(page: Page, about: str = "") -> None:
    """The page has no fault for axe-core in light and in dark, and is no wider than the screen."""
    assert faults(settled(page)) == [], about
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{about} wider than the screen"
    in_scheme(page, "dark")
    assert faults_of_colour(settled(page)) == [], f"{about} in the dark"
    in_scheme(page, "light")


def in_scheme(page: Page, scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=scheme)
    expect(page.locator("html")).to_have_attribute("data-bs-theme", scheme)


__all__ = [
    "DESKTOP", "PASSWORD", "PHONE", "SIZES", "BrowserContext", "Eyes", "Workspace", "assert_fine", "listen",
    "new_context", "settled", "sign_in",
]  # fmt: skip
