"""What axe-core finds wrong with a page, by the rules of WCAG 2.2 A and AA."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_COLOURS = ["color-contrast", "link-in-text-block"]
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = """async (rules) => {
    const place = (node) => node.html.slice(0, 160) + ' ' + (node.any[0]?.message || '');
    const found = await axe.run(document, {runOnly: rules, resultTypes: ['violations']});
    return found.violations.map((rule) => `${rule.id}: ${rule.help}: ` + rule.nodes.slice(0, 3).map(place).join(' | '));
}"""


@cache
def _axe() -> str:
    return (Path(__file__).parent / "vendor" / "axe.min.js").read_text()


def faults(page: Page) -> list[str]:
    """One line per broken rule, with the first places; empty for a page without fault."""
    return _faults(page, _RULES)


def faults_of_colour(page: Page) -> list[str]:
    """As `faults`, by the rules on colour alone: what can change when nothing but the colours do."""
    return _faults(page, _COLOURS)


def _faults(page: Page, rules: list[str]) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe())
    found: Any = page.evaluate(_RUN, rules)
    return list(found)
