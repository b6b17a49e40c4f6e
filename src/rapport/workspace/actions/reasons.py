"""Why now, in a sentence that a salesperson reads in ten seconds, and the lines behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from rapport.engine.scores.explanation import Explanation, Line
from rapport.workspace.actions.candidates import Candidate

_SHOWN = 3
_NOTHING = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Told:
    """A line, and by how much its points differ from a week earlier (null: not compared)."""

    line: Line
    change: Decimal | None = None

    @property
    def words(self) -> str:
        """`Purchase −6: 7 × order placed in 30 days`."""
        moved = "" if self.change is None else f" {'−' if self.change < 0 else '+'}{_points(self.change)}"
        name = self.line.name[:1].upper() + self.line.name[1:]
        return f"{name}{moved}: {self.line.sentence.rstrip('.')}"

    def to_json(self) -> dict[str, str]:
        told = {"name": self.line.name, "points": str(self.line.points), "sentence": self.line.sentence}
        return told if self.change is None else {**told, "change": str(self.change)}


@dataclass(frozen=True, kw_only=True)
class Reasoned:
    """A sentence, and the strongest lines as {name, points, sentence, change}."""

    sentence: str
    lines: list[dict[str, str]]


def reasoned(candidate: Candidate, now: Explanation | None, week_ago: Explanation | None) -> Reasoned:
    """The cause first, then what speaks most for it: who moves is told by what moved, the others by what counts."""
    lines = now.shown_lines if now else ()
    if candidate.cause in ("risen", "falling") and now and week_ago:
        told = _moved(lines, week_ago.shown_lines, downward=candidate.cause == "falling")
    else:
        told = [Told(line=line) for line in _strongest(lines)]
    because = "; ".join(t.words for t in told[:2])
    opening = _opening(candidate)
    return Reasoned(
        sentence=f"{opening}. {because}." if because else f"{opening}.", lines=[t.to_json() for t in told[:_SHOWN]]
    )


def _opening(candidate: Candidate) -> str:
    current = candidate.current
    if candidate.override is not None:
        return f"Set to {_points(candidate.override.value)} by {candidate.override.by}: {candidate.override.reason}"
    match candidate.cause:
        case "ready":
            return f"Ready since {current.ready_since:%-d %b}" if current.ready_since else "Ready"
        case "falling":
            return f"Lost {_points(current.change_7d)} points in a week"
        case "risen":
            return f"Gained {_points(current.change_7d)} points in a week"
        case _:
            return f"In the top band, {current.band}"


def _strongest(lines: Sequence[Line]) -> list[Line]:
    ordered = sorted(lines, key=lambda line: (-line.points, line.name))
    return [line for line in ordered if line.points > 0]


def _moved(now: Sequence[Line], before: Sequence[Line], *, downward: bool) -> list[Told]:
    """The lines whose points moved most in one direction; one that is gone is told in the words of then."""
    lines = {(line.group, line.name): line for line in (*before, *now)}
    points_now = {(line.group, line.name): line.points for line in now}
    points_before = {(line.group, line.name): line.points for line in before}
    told = [
        Told(
            line=line if key in points_now else _gone(line),
            change=points_now.get(key, _NOTHING) - points_before.get(key, _NOTHING),
        )
        for key, line in lines.items()
    ]
    towards = [t for t in told if t.change and (t.change < 0 if downward else t.change > 0)]
    return sorted(towards, key=lambda t: (-abs(t.change or _NOTHING), t.line.name))


def _gone(line: Line) -> Line:
    return Line(
        name=line.name,
        group=line.group,
        points=_NOTHING,
        sentence=f"No longer counts: {line.sentence[:1].lower()}{line.sentence[1:]}",
        kind=line.kind,
    )


def _points(change: Decimal | None) -> str:
    return f"{abs(change or _NOTHING):.0f}"
