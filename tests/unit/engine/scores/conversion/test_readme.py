"""What the documents show is a definition that can be used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rapport.engine.scores.conversion.spec import ConversionDefinition
from rapport.engine.scores.definition import parse_definition

_ROOT = Path(__file__).parents[5]
_README = _ROOT / "src" / "rapport" / "engine" / "scores" / "conversion" / "README.md"
_GUIDE = _ROOT / "docs" / "guide" / "predictive-scores.md"


@pytest.mark.parametrize("page", [_README, _GUIDE], ids=["readme", "guide"])
def test_the_example_can_be_used(page: Path) -> None:
    found = re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), flags=re.S)
    definitions = [parse_definition(text if "models_by: deal" not in text else deal(text)) for text in found]
    assert definitions
    assert all(isinstance(one, ConversionDefinition) for one in definitions)


def deal(text: str) -> str:
    """A pipeline is of deals; the page shows every word on one definition."""
    return text.replace("subject: contact", "subject: deal")


def test_each_way_to_change_it_can_be_written() -> None:
    rows = re.findall(r"\| `([a-z_]+: .*?)` \|", _GUIDE.read_text("utf-8"))
    base = "name: a, subject: deal, kind: conversion, outcome: {event: deal_won, within_days: 60}"
    assert len(rows) >= 6
    for row in rows:
        parse_definition("{" + f"{base}, {row}" + "}")
