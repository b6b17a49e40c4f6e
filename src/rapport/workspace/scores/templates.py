"""Definitions to start from, one YAML document each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from rapport.engine.errors import DefinitionError


@dataclass(frozen=True, kw_only=True)
class Template:
    """A definition to start from: its key, what it is for (the document's first line) and the document."""

    key: str
    purpose: str
    document: str


def templates() -> Mapping[str, Template]:
    """Every template by key, in alphabetical order."""
    folder = files("rapport.workspace.scores") / "templates_yaml"
    found = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    return {t.key: t for t in (_template(f.name.removesuffix(".yaml"), f.read_text("utf-8")) for f in found)}


def template(key: str) -> Template:
    known = templates()
    if key not in known:
        raise DefinitionError("There is no such template.", where="scores", received=key, allowed=tuple(known))
    return known[key]


def _template(key: str, document: str) -> Template:
    first, _, rest = document.partition("\n")
    purpose = first.removeprefix("#").strip() if first.startswith("#") else ""
    return Template(key=key, purpose=purpose, document=rest if purpose else document)
