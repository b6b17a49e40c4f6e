"""Lists of words that ship with the product, for `in_list`. One file each under `lists/`."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from rapport.engine.crm.conditions.fold import folded
from rapport.engine.errors import DefinitionError

_FOLDER = resources.files("rapport.engine.crm.conditions") / "lists"


@lru_cache
def named_lists() -> tuple[str, ...]:
    """Names of the lists that there are."""
    return tuple(sorted(file.name.removesuffix(".txt") for file in _FOLDER.iterdir() if file.name.endswith(".txt")))


@lru_cache
def named_list(name: str) -> frozenset[str]:
    """The folded words of a list. Raises: DefinitionError where there is no such list."""
    if name not in named_lists():
        raise DefinitionError("There is no such list.", where="in_list", received=name, allowed=named_lists())
    lines = (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(folded(line.strip()) for line in lines if line.strip() and not line.startswith("#"))
