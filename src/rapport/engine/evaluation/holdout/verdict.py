"""What may be said of an action, in one word and one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rapport.engine.evaluation.holdout.rates import Estimate

PAYS, HURTS, UNDECIDED, EARLY, BROKEN = "pays", "hurts", "undecided", "too_early", "broken"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Attributes: word, one of `pays`, `hurts`, `undecided`, `too_early`, `broken`; sentence."""

    word: str
    sentence: str


def verdict(
    arm: str,
    *,
    difference: Estimate | None,
    shown: Estimate | None,
    incremental: Estimate | None,
    early: bool,
    broken: bool,
    due_at: datetime | None,
    waiting: int,
    more_needed: int | None,
    least_effect: float | None,
    smallest_seen: float | None,
) -> Verdict:
    """What may be claimed. `difference` has the interval that claims rest on, `shown` the plain one."""
    if broken:
        return Verdict(
            word=BROKEN,
            sentence="The arms do not have the sizes that were asked for, so something else than chance decided who is "
            "in them. Nothing can be claimed until that is found.",
        )
    if difference is None or shown is None or incremental is None:
        told = f" {waiting:,} are waiting for theirs to end." if waiting else ""
        return Verdict(word=EARLY, sentence=f"Too early: no window is over yet in both arms.{told}")
    points = f"{_hundredths(shown.value)} percentage points, {_hundredths(shown.low)} to {_hundredths(shown.high)}"
    if difference.tells:
        word, way = (PAYS, "more") if difference.low > 0 else (HURTS, "fewer")
        before = " It can be said before the planned end, however often one looked." if early else ""
        return Verdict(
            word=word,
            sentence=f"{_named(arm)}: {abs(incremental.value):,.0f} {way} conversions than without ({points}).{before}",
        )
    if early:
        until = f" before {due_at:%Y-%m-%d}" if due_at else ""
        return Verdict(word=EARLY, sentence=f"Too early to tell: {points} so far. Nothing is claimed{until}.")
    return Verdict(
        word=UNDECIDED,
        sentence=f"It cannot be told from nothing: {points}.{_size(more_needed, least_effect, smallest_seen)}",
    )


def _size(more_needed: int | None, least_effect: float | None, smallest_seen: float | None) -> str:
    told = ""
    if smallest_seen is not None:
        told = f" A rise of {100 * smallest_seen:.2f} points or more would most likely have shown."
    if more_needed and least_effect:
        told += f" To find one of {100 * least_effect:.2f} points, {more_needed:,} more are needed."
    return told


def _hundredths(rate: float) -> str:
    return f"{100 * rate:+.2f}"


def _named(arm: str) -> str:
    return arm[:1].upper() + arm[1:]
