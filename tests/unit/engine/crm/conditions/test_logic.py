"""Three-valued logic: only true fires."""

from __future__ import annotations

from typing import Any

import pytest

from rapport.engine.crm.closed import validated
from rapport.engine.crm.conditions.fields import check, subject_field
from rapport.engine.crm.conditions.grammar import FieldTest, Not
from rapport.engine.crm.conditions.logic import evaluate
from rapport.engine.crm.conditions.words import condition_words
from rapport.engine.errors import DefinitionError

T, F, U = {"field": "t", "present": True}, {"field": "f", "present": True}, {"field": "u", "present": True}
TRUTHS = {"t": True, "f": False, "u": None}


def truth(document: dict[str, Any]) -> bool | None:
    condition = validated(Not, {"not": document}, what="").not_
    return evaluate(condition, lambda test: TRUTHS[test.field])  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"all": [T, U]}, None),
        ({"all": [F, U]}, False),
        ({"all": [T, T]}, True),
        ({"any": [T, U]}, True),
        ({"any": [F, U]}, None),
        ({"any": [F, F]}, False),
        ({"not": U}, None),
        ({"not": F}, True),
        ({"not": {"any": [F, {"not": T}]}}, True),
    ],
)
def test_unknown_stays_unknown_unless_the_rest_decides(document: dict[str, Any], expected: bool | None) -> None:
    assert truth(document) is expected


def test_a_test_must_fit_the_type_of_its_field() -> None:
    test = validated(FieldTest, {"field": "account.industry", "at_least": 5}, what="")
    with pytest.raises(DefinitionError, match="does not take this test"):
        check(test, subject_field("account.industry", subject="contact"))


def test_a_field_needs_its_table() -> None:
    with pytest.raises(DefinitionError, match=r"contact\.title"):
        subject_field("title", subject="contact")


def test_an_account_has_no_single_contact() -> None:
    with pytest.raises(DefinitionError):
        subject_field("contact.title", subject="account")


def test_conditions_read_as_sentences() -> None:
    document = {
        "all": [
            {
                "any": [
                    {"field": "contact.title", "starts_with": "Head"},
                    {"field": "account.employees", "between": [50, None]},
                ]
            },
            {"not": {"segment": "partners"}},
            {"no": {"event": "page_view", "where": {"field": "url_path", "is": "/demo"}, "within_days": 30}},
        ]
    }
    condition = validated(Not, {"not": document}, what="").not_
    assert condition_words(condition) == (
        "(title starts with Head or account employees is at least 50) and not (in the segment partners) "
        "and no page view (url path is /demo) for 30 days"
    )
