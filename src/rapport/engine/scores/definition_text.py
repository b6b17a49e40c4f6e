"""YAML that keeps numbers as written: 0.1 is the decimal 0.1, `no` is a word, a date is a text.

Closed on purpose: no tags, no anchors and aliases, no duplicate keys, at most 200,000 characters.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from decimal import Decimal
from typing import Any

import yaml

from rapport.engine.errors import DefinitionError

LONGEST = 200_000
NUMBER = re.compile(r"^[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)$")
_DEEPEST = 40


class _Loader(yaml.SafeLoader):
    """A safe loader with only null, true / false, decimals and text as scalars."""

    yaml_implicit_resolvers: dict[str, Any] = {}
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem="aliases are not read", problem_mark=_mark(event))
        if self.depth >= _DEEPEST:
            raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=_mark(event))
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {key.value!r} comes twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _key_or_number(loader: _Loader, node: yaml.ScalarNode) -> Decimal:
    return Decimal(node.value)


_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("!decimal", NUMBER, list("-+.0123456789"))
_Loader.add_constructor("!decimal", _key_or_number)


def read_yaml(text: str, *, where: str = "definition") -> dict[str, Any]:
    """The document as a dictionary; every number a Decimal as written.

    Raises: DefinitionError with line and column where it cannot be read.
    """
    if len(text) > LONGEST:
        raise DefinitionError(
            "The text is too long.", where=where, received=f"{len(text):,} characters", allowed=f"at most {LONGEST:,}"
        )
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 (a SafeLoader with fewer abilities)
    except yaml.MarkedYAMLError as failure:
        raise DefinitionError(
            f"The text is not readable YAML: {failure.problem or failure.context}.", where=_place(where, failure)
        ) from None
    except yaml.YAMLError as failure:
        raise DefinitionError(f"The text is not readable YAML: {failure}.", where=where) from None
    if not isinstance(document, dict):
        raise DefinitionError("A definition is a list of keys and values.", where=where, received=document)
    return document


def _place(where: str, failure: yaml.MarkedYAMLError) -> str:
    mark = failure.problem_mark or failure.context_mark
    return where if mark is None else f"{where}, line {mark.line + 1}, column {mark.column + 1}"


def _mark(event: yaml.Event) -> yaml.error.Mark:
    return event.start_mark  # type: ignore[return-value]
