"""Makes the generated pages of docs/ again: tables, settings, one page per metric.

`--check` writes nothing and fails, naming the pages that are not current.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rapport.engine.crm.tables.page import tables_page
from rapport.engine.metrics.pages import pages as metric_pages
from rapport.workspace.options import options_page

DOCS = Path(__file__).parent.parent / "docs"


def generated_pages() -> dict[Path, str]:
    """Every generated page by its path."""
    pages = {Path("reference/tables.md"): tables_page(), Path("reference/settings.md"): options_page()}
    return pages | {Path("metrics") / name: text for name, text in metric_pages().items()}


def stale_pages() -> list[Path]:
    """Pages whose file is missing or differs."""
    return [path for path, text in generated_pages().items() if not is_current(DOCS / path, text)]


def is_current(file: Path, text: str) -> bool:
    return file.exists() and file.read_text(encoding="utf-8") == text


def main() -> int:
    if "--check" in sys.argv:
        stale = stale_pages()
        print("\n".join(f"not current: docs/{path}" for path in stale) or "All generated pages are current.")
        return 1 if stale else 0
    for path, text in generated_pages().items():
        (DOCS / path).parent.mkdir(parents=True, exist_ok=True)
        (DOCS / path).write_text(text, encoding="utf-8")
        print(f"docs/{path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
