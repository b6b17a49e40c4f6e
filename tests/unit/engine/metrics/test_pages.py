"""The pages in docs/metrics are those that the specs make."""

from __future__ import annotations

from pathlib import Path

from rapport.engine.metrics import METRICS
from rapport.engine.metrics.pages import index_page, metric_page, pages

DOCS = Path(__file__).parents[4] / "docs" / "metrics"


def test_the_pages_are_current() -> None:
    written = {file.name: file.read_text(encoding="utf-8") for file in DOCS.glob("*.md")}
    assert written == pages(), "run `python tools/make_docs.py`"


def test_a_page_says_what_it_means_how_to_read_it_and_when_not_to_trust_it() -> None:
    page = metric_page(METRICS["win_rate"])
    assert page.startswith("# Win rate\n\nShare of the deals closed in the period that were won.")
    for part in (
        "won / (won + lost)",
        "## How to read it",
        "## When not to trust it",
        "## Source",
        "`deals.closed_at`",
    ):
        assert part in page


def test_the_index_lists_every_metric_once() -> None:
    index = index_page()
    assert all(index.count(f"]({metric}.md)") == 1 for metric in METRICS)
