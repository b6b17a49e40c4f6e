"""What proves a line of an explanation, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rapport.workspace.pages.frame import wording

_FEW = 5


def evidence_of(evidence: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(what, value) pairs for people; nothing where a value is unknown or none is given."""
    return [
        (wording.plain(key), _told(value)) for key, value in evidence.items() if key != "kind" and value is not None
    ]


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | Decimal):
        return wording.number(value)
    if isinstance(value, datetime):
        return wording.instant(value)
    if isinstance(value, date):
        return wording.day(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{wording.plain(str(k))} {_told(v)}" for k, v in value.items() if v is not None)
    if isinstance(value, Sequence) and not isinstance(value, str):
        told = ", ".join(_told(v) for v in value[:_FEW])
        return f"{told} and {len(value) - _FEW:,} more" if len(value) > _FEW else told
    return str(value)
