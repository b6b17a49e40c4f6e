"""Why a score is what it is: lines that add up to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from rapport.engine.errors import InternalError

_SHOWN = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One reason.

    Attributes:
        name, group: of the criterion, or of the limit that binds (`group` is empty for subtotal, total and range).
        points: signed, at most six decimals.
        sentence: read by a salesperson in ten seconds.
        evidence: which interactions (count, newest ids and instants) or which field value; `kind` says which.
        kind: criterion, limit, base (what an average subject has; of kinds that learn) or rounding.
        inner: where the reason is another score, that score's own lines, in its own points.
    """

    name: str
    group: str
    points: Decimal
    sentence: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    kind: str = "criterion"
    inner: tuple[Line, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A score with the lines behind it.

    Attributes:
        value: null where the score cannot be told; `reason_null` says why.
        lines: exact; their points sum to `value`, zero lines included.
        facts: further figures of the kind's own that a reader wants beside it, by their label.
    """

    value: Decimal | None
    lines: tuple[Line, ...] = ()
    reason_null: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.value is not None and sum((line.points for line in self.lines), Decimal(0)) != self.value:
            raise InternalError("The lines of an explanation do not add up to its value.", received=str(self.value))

    @property
    def shown_value(self) -> Decimal | None:
        """The value with two decimals, cut toward the lower bound, so that it never shows a band it has not."""
        return None if self.value is None else shown(self.value)

    @property
    def shown_lines(self) -> tuple[Line, ...]:
        """Lines with points, cut to two decimals; with a rounding line where needed they sum to `shown_value`."""
        if self.shown_value is None:
            return ()
        lines = [replace(line, points=shown(line.points)) for line in self.lines if line.points]
        rest = self.shown_value - sum((line.points for line in lines), Decimal(0))
        if rest:
            lines.append(
                Line(name="rounding", group="", points=rest, sentence="Rounding of what is shown.", kind="rounding")
            )
        return tuple(lines)


def shown(points: Decimal) -> Decimal:
    """Two decimals, cut downward."""
    return points.quantize(_SHOWN, rounding=ROUND_FLOOR)
