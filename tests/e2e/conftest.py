"""A workspace served as in real use and a browser to look at it with.

The server is `uvicorn` over a database of its own (`fill.py`), so that what is tested is what people run. Chromium is
the system's (`RAPPORT_CHROMIUM`, else /usr/bin/chromium); without one these tests are skipped.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

HERE = Path(__file__).parent
CHROMIUM = Path(os.environ.get("RAPPORT_CHROMIUM", "/usr/bin/chromium"))
PASSWORD = "quiet-harbour-lamp-41"
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
_PATIENCE_S = 60


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
        "PYTHONPATH": str(HERE.parent),
    }
    subprocess.run([sys.executable, str(HERE / "fill.py"), PASSWORD], env=environment, check=True)
    port = _free_port()
    command = [sys.executable, "-m", "uvicorn", "rapport.workspace.asgi:application"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    with subprocess.Popen(command, env=environment) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}/healthz", server)
            yield Workspace(url=f"http://127.0.0.1:{port}", home=home)
        finally:
            server.terminate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, workspace.url, "ada")
    state = context.storage_state()
    context.close()
    return state


@dataclass
class Eyes:
    """A page of the signed-in administrator, and what the browser complained of meanwhile."""

    page: Page
    url: str
    complaints: list[str]

    def open(self, path: str) -> Page:
        self.page.goto(self.url + path)
        self.page.wait_for_load_state("networkidle")
        return self.page


LOOKS = [
    pytest.param((DESKTOP, "light"), id="desktop-light"),
    pytest.param((DESKTOP, "dark"), id="desktop-dark"),
    pytest.param((PHONE, "light"), id="phone-light"),
    pytest.param((PHONE, "dark"), id="phone-dark"),
]


@pytest.fixture
def eyes(workspace: Workspace, browser: Browser, signed_in: Any, request: pytest.FixtureRequest) -> Iterator[Eyes]:
    """A fresh page; `indirect` parameters (`LOOKS`) choose size and scheme. Fails on any complaint of the browser."""
    size, scheme = getattr(request, "param", (DESKTOP, "light"))
    context = browser.new_context(
        viewport=cast(Any, size),
        color_scheme=cast(Any, scheme),
        storage_state=signed_in,
        locale="en-GB",
        reduced_motion="reduce",
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


def sign_in(page: Page, url: str, name: str, password: str = PASSWORD) -> None:
    page.goto(f"{url}/account/sign-in/")
    page.get_by_label("Username or e-mail").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state("networkidle")


__all__ = ["DESKTOP", "LOOKS", "PASSWORD", "PHONE", "BrowserContext", "Eyes", "Workspace", "listen", "sign_in"]
