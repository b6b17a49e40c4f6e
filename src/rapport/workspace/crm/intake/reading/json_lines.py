"""JSON lines: an object on each line. Objects inside are flattened: `address.city`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rapport.workspace.crm.intake.reading.rows import Line, Opened, UnreadableFileError, checked
from rapport.workspace.crm.intake.reading.text import guessed_encoding, opened_text

LINE_LIMIT = 16_000_000


def open_json_lines(path: Path, *, encoding: str = "") -> Opened:
    """Columns are all names found anywhere in the file, in the order in which they appear."""
    encoding = encoding or guessed_encoding(path)
    names: dict[str, None] = {}
    for _, found, _ in _objects(path, encoding):
        names |= dict.fromkeys(found)
    if not names:
        raise UnreadableFileError("holds no JSON object", where=path.name, next_step="Write one object on each line.")
    header = tuple(names)

    def lines() -> Iterator[Line]:
        for number, found, problem in _objects(path, encoding):
            cells = [found.get(name) for name in header]
            yield Line(number, cells, problem) if problem else checked(number, cells, len(header))

    return Opened(header=header, lines=lines, form="json", notes={"encoding": encoding})


def _objects(path: Path, encoding: str) -> Iterator[tuple[int, dict[str, Any], str]]:
    """(number, flattened object, why it cannot be taken) of each line that holds anything."""
    with opened_text(path, encoding) as file:
        number = 0
        while text := file.readline(LINE_LIMIT):
            number += 1
            if len(text) >= LINE_LIMIT:
                raise UnreadableFileError(
                    f"line {number:,} is longer than {LINE_LIMIT:,} characters", where=path.name,
                    next_step="Write one object on each line, not one list of all.",
                )  # fmt: skip
            if text.strip():
                yield _parsed(number, text)


def _parsed(number: int, text: str) -> tuple[int, dict[str, Any], str]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        return number, {}, f"the line is no JSON: {error}"
    if not isinstance(found, Mapping):
        return number, {}, "the line holds no JSON object"
    return number, dict(_flattened(found)), ""


def _flattened(found: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    for name, value in found.items():
        if isinstance(value, Mapping) and depth < 4:
            yield from _flattened(value, f"{prefix}{name}.", depth + 1)
        elif isinstance(value, (list, Mapping)):
            yield f"{prefix}{name}", json.dumps(value, ensure_ascii=False)
        else:
            yield f"{prefix}{name}", value
