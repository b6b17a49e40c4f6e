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


@dataclass(frozen=True, kw_only=True)
class LineChange:
    """A line of two explanations of the same subject.

    Attributes:
        line: as it is now; as it was, where it is gone.
        before, now: its points then and now, 0 where it was not there.
    """

    line: Line
    before: Decimal
    now: Decimal

    @property
    def change(self) -> Decimal:
        return self.now - self.before


def changes(before: Explanation, now: Explanation) -> tuple[LineChange, ...]:
    """What moved between two explanations, the largest first; the changes add up to that of the value.

    Lines are the same where group, name and kind are. An explanation without a value has no points.
    """
    lines = {_key(line): line for line in (*before.lines, *now.lines)}
    then, today = _points(before), _points(now)
    moved = [
        LineChange(line=line, before=then.get(key, Decimal(0)), now=today.get(key, Decimal(0)))
        for key, line in lines.items()
    ]
    return tuple(sorted((m for m in moved if m.change), key=lambda m: (-abs(m.change), m.line.name)))


def _key(line: Line) -> tuple[str, str, str]:
    return line.group, line.name, line.kind


def _points(explanation: Explanation) -> dict[tuple[str, str, str], Decimal]:
    """Points by line; lines that share group, name and kind are added."""
    found: dict[tuple[str, str, str], Decimal] = {}
    for line in explanation.lines if explanation.value is not None else ():
        found[_key(line)] = found.get(_key(line), Decimal(0)) + line.points
    return found
