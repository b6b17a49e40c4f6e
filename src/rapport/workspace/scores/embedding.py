"""Writing whole documents into a document that only names them, with every line left as it was written."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator

import yaml

from rapport.engine.errors import DefinitionError
from rapport.engine.scores.definition_text import read_yaml

Find = Callable[[str], str]
_KEY = "scores"


def embedded(document: str, find: Find) -> str:
    """`document` with what `find` gives for each score that it only names under `scores`; itself where it names none.

    A name is an entry of the list `scores: [fit, engagement]`, or a key without a document.
    Raises: DefinitionError where the document cannot be read, or `find` knows no such score.
    """
    if not names_some(read_yaml(document)):
        return document
    root = yaml.compose(document, Loader=yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    key, value = next((key, value) for key, value in root.value if key.value == _KEY)
    if root.flow_style:
        raise DefinitionError(
            "Scores can be named only in a document with one key a line.",
            where=_KEY,
            next_step="Write each key on a line of its own, without braces around all.",
        )
    before, after = document[: key.start_mark.index], document[value.end_mark.index :]
    written = "".join(_entry(name, text) for name, text in _entries(document, value, find))
    return f"{before}{_KEY}:\n{written}{after.lstrip(chr(10))}"


def names_some(document: dict[str, object]) -> bool:
    """Whether the document names a score without holding it."""
    scores = document.get(_KEY)
    if isinstance(scores, dict):
        return any(not isinstance(part, dict) for part in scores.values())
    return isinstance(scores, list)


def with_time_zone(document: str, zone: str) -> str:
    """The document with a time zone of its own, where it has none."""
    if not zone or "time_zone" in read_yaml(document):
        return document
    bare = document.rstrip()
    if bare.endswith("}") and bare.lstrip().startswith("{"):
        return f"{bare[:-1].rstrip().rstrip(',')}, time_zone: {zone}}}\n"
    return f"{bare}\ntime_zone: {zone}\n"


def _entries(document: str, value: yaml.Node, find: Find) -> Iterator[tuple[str, str]]:
    """Name and text of each score."""
    if isinstance(value, yaml.SequenceNode):
        for node in value.value:
            yield str(node.value), find(str(node.value))
        return
    assert isinstance(value, yaml.MappingNode)
    for key, node in value.value:
        name = str(key.value)
        yield name, _own_text(document, node) if isinstance(node, yaml.MappingNode) else find(name)


def _own_text(document: str, node: yaml.Node) -> str:
    """The text of a document within a document, without its indentation."""
    text = document[node.start_mark.index : node.end_mark.index]
    return textwrap.dedent(" " * node.start_mark.column + text)


def _entry(name: str, text: str) -> str:
    return f"  {name}:\n{textwrap.indent(text.strip(chr(10)), '    ')}\n"
