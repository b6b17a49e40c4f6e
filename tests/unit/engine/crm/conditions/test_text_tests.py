"""Text tests: both sides after NFC and casefold; `matches` on NFC alone."""

from __future__ import annotations

from typing import Any

import pytest

from rapport.engine.crm.closed import validated
from rapport.engine.crm.conditions.grammar import FieldTest
from rapport.engine.crm.conditions.named_lists import named_list
from rapport.engine.crm.conditions.patterns import compiled
from rapport.engine.crm.conditions.text_tests import truths
from rapport.engine.errors import DefinitionError

DECOMPOSED = "Cafe\u0301"  # e and an accent of its own


@pytest.mark.parametrize(
    ("test", "value", "expected"),
    [
        ({"is": "STRASSE"}, "Straße", True),
        ({"is": "café"}, DECOMPOSED, True),
        ({"is": 1}, "1", True),
        ({"is": True}, "TRUE", True),
        ({"in": ["vp", "C_level"]}, "c_LEVEL", True),
        ({"in": ["vp"]}, "vp ", False),
        ({"contains": "ASS"}, "Straße", True),
        ({"contains": "rasz"}, "STRAßE", False),
        ({"starts_with": "/Pricing"}, "/pricing/eu", True),
        ({"ends_with": "É"}, DECOMPOSED, True),
        ({"in_list": "free_mail"}, "GMail.com", True),
        ({"in_list": "free_mail"}, "gmail.com.example", False),
        ({"matches": r"\bvp\b"}, "VP Sales", False),
        ({"matches": r"(?i)\bvp\b"}, "VP Sales", True),
        ({"matches": "é$"}, DECOMPOSED, True),
        ({"present": True}, "", True),
        ({"present": False}, "x", False),
    ],
)
def test_texts_are_compared_after_folding(test: dict[str, Any], value: str, expected: bool) -> None:
    read = validated(FieldTest, {"field": "f", **test}, what="")
    assert truths([read], [value]) == [(expected,)]


def test_several_tests_look_at_a_value_once_each() -> None:
    tests = [validated(FieldTest, {"field": "f", **t}, what="") for t in ({"is": "a"}, {"matches": "b"})]
    assert truths(tests, ["A", "b", "ab"]) == [(True, False), (False, True), (False, True)]


@pytest.mark.parametrize("pattern", ["(?=x)", r"(a)\1", "(", "x" * 201])
def test_patterns_outside_the_subset_are_refused(pattern: str) -> None:
    with pytest.raises(DefinitionError):
        compiled(pattern)


def test_a_pattern_that_would_run_away_elsewhere_is_quick() -> None:
    assert compiled("^(a+)+$").search("a" * 50_000 + "b") is None


def test_an_unknown_list_is_named_with_those_there_are() -> None:
    with pytest.raises(DefinitionError, match="Did you mean 'free_mail'"):
        named_list("freemail")
