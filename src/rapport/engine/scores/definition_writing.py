"""Definitions as YAML that `parse_definition` reads back as the same definition."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import yaml

from rapport.engine.scores.definition_base import ScoreDefinition
from rapport.engine.scores.definition_text import NUMBER

_FIRST = ("name", "title", "description", "subject", "kind")
_WIDTH = 110


def definition_yaml(definition: ScoreDefinition) -> str:
    """The definition as text: what is said, without defaults; numbers as they are, the name first."""
    said: dict[str, Any] = definition.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True)
    said |= {"kind": definition.kind, "range": [definition.range.min, definition.range.max]}
    return write_yaml({key: said[key] for key in (*_FIRST, *said) if key in said})


def write_yaml(document: Mapping[str, Any]) -> str:
    """A document of mappings, lists, texts, decimals, whole numbers, true / false and null as YAML."""
    return yaml.dump(dict(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)


class _Dumper(yaml.SafeDumper):
    """Quotes every text that the reader would take for something else."""

    def ignore_aliases(self, data: Any) -> bool:
        return True  # the reader knows no aliases

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        return super().increase_indent(flow, False)


def _plain(dumper: yaml.SafeDumper, number: Decimal | int) -> yaml.ScalarNode:
    return dumper.represent_scalar("!decimal", f"{number:f}" if isinstance(number, Decimal) else str(number))


def _sequence(dumper: yaml.SafeDumper, parts: tuple[Any, ...] | list[Any]) -> yaml.SequenceNode:
    """Lists of plain values on one line."""
    plain = not any(isinstance(part, Mapping | list | tuple) for part in parts)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", parts, flow_style=plain)


_NUMBER_FIRST = {first: [("!decimal", NUMBER)] for first in "-+.0123456789"}  # before YAML's own kinds of number
_Dumper.yaml_implicit_resolvers = {
    first: [*_NUMBER_FIRST.get(first, []), *yaml.SafeDumper.yaml_implicit_resolvers.get(first, [])]
    for first in {*_NUMBER_FIRST, *yaml.SafeDumper.yaml_implicit_resolvers}
}
_Dumper.add_representer(Decimal, _plain)
_Dumper.add_representer(int, _plain)
_Dumper.add_representer(tuple, _sequence)
_Dumper.add_representer(list, _sequence)
