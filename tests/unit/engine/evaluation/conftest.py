"""Scores whose values a test states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from rapport.engine.scores.definition_base import ScoreDefinition
from rapport.engine.scores.kinds import KINDS
from told_scores import ToldKind


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """`told({"a": 90, "b": 10})` is the definition of a score with these values."""

    def definition(values: Mapping[Any, float | None], kind: str = "told", **more: Any) -> ScoreDefinition:
        monkeypatch.setitem(KINDS, kind, ToldKind(values))
        outcome = {"event": "order_placed", "within_days": 30, **more.pop("outcome", {})}
        bands = [{"label": "high", "from": 50}, {"label": "low", "from": 0}]
        stated = {"name": kind, "subject": "contact", "kind": kind, "range": [0, 100], "bands": bands, **more}
        return ScoreDefinition.model_validate({**stated, "outcome": outcome})

    return definition
