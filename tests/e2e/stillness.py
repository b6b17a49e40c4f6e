"""When a page is still: what it asked for has come and is drawn."""

from __future__ import annotations

from playwright.sync_api import Error, Page

_PATIENCE_MS = 180_000
# Nothing of the above is open for `quiet` milliseconds on end.
_STILL = """([quiet, patience]) => new Promise((done, fail) => {
    const asking = () => document.querySelector(".htmx-request");
    const undrawn = () => [...document.querySelectorAll("[data-chart]:not([data-drawn])")]
        .find((box) => document.getElementById(box.dataset.chart));
    const open = () => document.readyState !== "complete" || document.fonts.status !== "loaded"
        || asking() || undrawn();
    const start = Date.now();
    let since = start;
    const look = () => {
        const now = Date.now();
        if (open()) since = now;
        if (now - since >= quiet) done();
        else if (now - start > patience)
            fail(new Error(`never still: ${(asking() || undrawn())?.outerHTML.slice(0, 200)}`));
        else setTimeout(look, 20);
    };
    look();
})"""


def settled(page: Page, *, quiet_ms: int = 120) -> Page:
    """The page once it is still. quiet_ms: longer than the page itself waits before it asks (a search that waits for
    the next letter), for there is nothing to see of that wait.
    """
    page.wait_for_load_state()
    try:
        page.evaluate(_STILL, [quiet_ms, _PATIENCE_MS])
    except Error as error:
        if "context was destroyed" not in error.message:
            raise
        return settled(page, quiet_ms=quiet_ms)  # another page came meanwhile
    return page
