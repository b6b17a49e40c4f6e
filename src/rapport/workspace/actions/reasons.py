"""Why now, in a sentence that a salesperson reads in ten seconds, and the lines behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from rapport.engine.scores.explanation import Explanation, Line
from rapport.workspace.actions.candidates import Candidate

_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Reasoned:
    """A sentence, and the strongest lines as {name, points, sentence}."""

    sentence: str
    lines: list[dict[str, str]]


def reasoned(candidate: Candidate, explanation: Explanation | None) -> Reasoned:
    """The cause first, then the lines that speak most for it: those that lower the score for who is falling."""
    lines = _strongest(explanation.lines if explanation else (), downward=candidate.cause == "falling")
    told = "; ".join(line.sentence.rstrip(".") for line in lines[:2])
    opening = _opening(candidate)
    return Reasoned(
        sentence=f"{opening}: {told}." if told else f"{opening}.",
        lines=[{"name": line.name, "points": str(line.points), "sentence": line.sentence} for line in lines],
    )


def _opening(candidate: Candidate) -> str:
    current = candidate.current
    match candidate.cause:
        case "ready":
            return f"Ready since {current.ready_since:%-d %b}" if current.ready_since else "Ready"
        case "falling":
            return f"Lost {_points(current.change_7d)} points in a week"
        case "risen":
            return f"Gained {_points(current.change_7d)} points in a week"
        case _:
            return f"In the top band, {current.band}"


def _strongest(lines: Sequence[Line], *, downward: bool) -> list[Line]:
    """Falling: what lowers first, then what is left. Otherwise what raises most."""
    ordered = sorted(lines, key=lambda line: (line.points if downward else -line.points, line.name))
    telling = [line for line in ordered if (line.points < 0 if downward else line.points > 0)]
    return (telling or [line for line in reversed(ordered) if line.points > 0])[:_SHOWN]


def _points(change: Decimal | None) -> str:
    return f"{abs(change or Decimal(0)):.0f}"
