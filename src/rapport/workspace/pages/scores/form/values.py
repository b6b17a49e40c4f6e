"""What people type into a field, as a definition holds it, and back."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from rapport.engine.crm.conditions.grammar import DAY_TESTS, NUMBER_TESTS

_BETWEEN = " to "
_WORDS = {"true": True, "yes": True, "false": False, "no": False}


def number_or_text(typed: str) -> Decimal | str:
    """A number as written; what is none stays text, so that the check can say what is wrong with it."""
    try:
        number = Decimal(typed.replace(" ", ""))
    except InvalidOperation:
        return typed
    return number if number.is_finite() else typed


def operand(test: str, typed: str) -> Any:
    """The operand of a test of a field, as typed: lists by comma, `50 to 1000`, yes or no."""
    if test == "in":
        return [part.strip() for part in typed.split(",") if part.strip()]
    if test == "between":
        low, _, high = f" {typed} ".partition(_BETWEEN)
        return [number_or_text(end.strip()) if end.strip() else None for end in (low, high)]
    typed = typed.strip()
    if test in (*NUMBER_TESTS, *DAY_TESTS):
        return number_or_text(typed)
    if test == "present" or (test == "is" and typed.lower() in ("true", "false")):
        return _WORDS.get(typed.lower(), typed)
    return typed


def typed_operand(test: str, held: Any) -> str:
    """The reverse of `operand`."""
    if test == "between" and isinstance(held, list | tuple):
        return _BETWEEN.join(shown(end) for end in held)
    if isinstance(held, list | tuple):
        return ", ".join(shown(part) for part in held)
    return shown(held)


def shown(held: Any) -> str:
    """A value in a field; empty for none."""
    if held is None:
        return ""
    if isinstance(held, bool):
        return "true" if held else "false"
    if isinstance(held, Decimal):
        return f"{held:f}"
    return str(held)


def plain(document: Any) -> Any:
    """A copy made of dictionaries and lists only, to be changed in place."""
    if isinstance(document, Mapping):
        return {key: plain(value) for key, value in document.items()}
    if isinstance(document, list | tuple):
        return [plain(value) for value in document]
    return document
