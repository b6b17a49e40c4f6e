"""What speaks against publishing a version: each doubt needs somebody to say why it goes live all the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

UNPROVED, WORSE, WRONG_WAY, LEAK, INTERRUPTED = "unproved", "worse", "wrong_way", "leak", "interrupted"
EMPTY = "empty"
_TOO_GOOD = 0.95  # an AUC beyond is not a good model but a field that knows the outcome
_ENOUGH = 20  # cases of either kind; among fewer even a perfect order is soon had by luck


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """A reason against: its code (`unproved`, `empty`, `worse`, `wrong_way`, `leak`, `interrupted`) and a sentence."""

    code: str
    sentence: str


def doubts(report: Mapping[str, Any] | None) -> tuple[Doubt, ...]:
    """The doubts that a backtest report (JSON; None: there is none) leaves.

    `worse`: the live version ranks better on the same cases, the paired 95 % interval lies below 0.
    `leak`: an AUC beyond .95, or a guard of the kind that says so (`leakage.block` in the report).
    """
    if not report:
        return (Doubt(code=UNPROVED, sentence="It has no backtest."),)
    return tuple(d for found in (_stopped, _empty, _wrong_way, _worse, _leak) for d in found(report))


def _stopped(report: Mapping[str, Any]) -> Iterable[Doubt]:
    if report.get("interrupted"):
        yield Doubt(code=INTERRUPTED, sentence="Its backtest was stopped before its end.")


def _empty(report: Mapping[str, Any]) -> Iterable[Doubt]:
    """A report without a figure proves no more than none: nobody had a value, or nobody the outcome."""
    area = _area(report)
    if "value" in area and area["value"] is None:
        yield Doubt(code=EMPTY, sentence="Its backtest could not tell anything: there were no cases to rank.")


def _wrong_way(report: Mapping[str, Any]) -> Iterable[Doubt]:
    area = _area(report)
    if area.get("high") is not None and area["high"] < 0.5:
        yield Doubt(code=WRONG_WAY, sentence=f"It ranks the wrong way round (AUC {area['value']:.3f}).")


def _worse(report: Mapping[str, Any]) -> Iterable[Doubt]:
    for other in report.get("baselines") or ():
        ahead = other.get("ahead") or {}
        if other.get("name") == "live" and ahead.get("high") is not None and ahead["high"] < 0:
            yield Doubt(
                code=WORSE,
                sentence=f"It ranks worse than the live version on the same cases: AUC {ahead['value']:+.3f} "
                f"({ahead['low']:+.3f} to {ahead['high']:+.3f}).",
            )


def _leak(report: Mapping[str, Any]) -> Iterable[Doubt]:
    guard = report.get("leakage")
    blocked = guard.get("block") if isinstance(guard, Mapping) else None
    if blocked:
        told = blocked if isinstance(blocked, str) else "an input knows the outcome"
        yield Doubt(code=LEAK, sentence=f"The leakage guard stops it: {told.rstrip('.')}.")
        return
    area = _area(report)
    few = min(area.get("event_count", _ENOUGH), area.get("nonevent_count", _ENOUGH)) < _ENOUGH
    if (area.get("value") or 0) > _TOO_GOOD and not few:
        yield Doubt(
            code=LEAK,
            sentence=f"An AUC of {area['value']:.3f} is too good to be true: look for an input that is only known, "
            "or only changes, once the outcome is decided.",
        )


def _area(report: Mapping[str, Any]) -> Mapping[str, Any]:
    return (report.get("score") or {}).get("auc") or {}
