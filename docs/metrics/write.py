"""Write the metric pages anew: `python docs/metrics/write.py`."""

from pathlib import Path

from rapport.engine.metrics.pages import pages

FOLDER = Path(__file__).parent


def main() -> None:
    made = pages()
    for old in FOLDER.glob("*.md"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
