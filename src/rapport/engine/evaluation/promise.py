"""What a score's backtest promised when it was published, against what it has done since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

from rapport.engine.evaluation.levels import ALARM, OK, UNKNOWN, WATCH, Finding
from rapport.engine.evaluation.matured import Matured
from rapport.engine.statistics.calibration import Calibration

_FEWEST_EVENTS = 10  # below, an interval of an AUC says nothing that could be acted on
_SLOPE = (0.7, 1.4)  # a slope within is as good as right for ranking by probability
_LEVEL = 0.5  # log-odds: 10 % told where 15 % happen


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Change:
    """Now less then. low, high: 95 % interval that takes in how unsure both are."""

    value: float
    low: float
    high: float


def change_of(now: Figure, then: Figure) -> Change:
    """The difference of two independent figures (Newcombe's square-and-add of their intervals)."""
    value = now.value - then.value
    down = sqrt((now.value - now.low) ** 2 + (then.high - then.value) ** 2)
    up = sqrt((now.high - now.value) ** 2 + (then.value - then.low) ** 2)
    return Change(value=value, low=value - down, high=value + up)


def kept_promises(found: Matured, promised: Mapping[str, Any] | None, *, version: str) -> list[Finding]:
    """Findings on ranking, the best tenth and calibration.

    Parameters: promised, the backtest report (JSON) on which the version was published; None where there is none.
    """
    if not found.as_ofs:
        told = "No window of values that it gave is over yet, so nothing can be said of how it ranks."
        return [Finding(about="ranking", level=UNKNOWN, sentence=told, figures={"waiting": found.waiting})]
    findings = [_ranking(found, promised or {}, version), *_best_tenth(found, promised or {})]
    if found.calibration is not None:
        findings.append(_calibration(found.calibration))
    return findings


def _ranking(found: Matured, promised: Mapping[str, Any], version: str) -> Finding:
    now, then = figure_of(_fields(found.auc)), figure_of((promised.get("score") or {}).get("auc") or {})
    about = "ranking"
    if now is None or found.auc.event_count < _FEWEST_EVENTS:
        told = f"Only {found.auc.event_count:,} of those scored had the outcome since: too few to judge how it ranks."
        return Finding(about=about, level=UNKNOWN, sentence=told, figures={"now": _fields(found.auc)})
    figures: dict[str, Any] = {"now": vars(now)}
    since = f"AUC {now.value:.3f} ({now.low:.3f} to {now.high:.3f}) on what it said and what happened"
    if now.high < 0.5 or (then is None and now.low <= 0.5):
        return Finding(about=about, level=ALARM, sentence=f"It ranks no better than chance: {since}.", figures=figures)
    if then is None:
        told = f"{since}; {version} was published without a backtest, so there is nothing to hold it against."
        return Finding(about=about, level=OK, sentence=told, figures=figures)
    change = change_of(now, then)
    figures |= {"promised": vars(then), "change": vars(change)}
    fall = f"{since}; promised {then.value:.3f} ({then.low:.3f} to {then.high:.3f})"
    if change.high < 0:
        told = f"It ranks worse than its backtest promised: {fall}."
        return Finding(about=about, level=ALARM, sentence=told, figures=figures)
    if now.high < then.value:
        told = f"It may rank worse than its backtest promised: {fall}. The two intervals together still allow chance."
        return Finding(about=about, level=WATCH, sentence=told, figures=figures)
    return Finding(about=about, level=OK, sentence=f"It ranks as its backtest promised: {fall}.", figures=figures)


def _best_tenth(found: Matured, promised: Mapping[str, Any]) -> list[Finding]:
    then = ((promised.get("score") or {}).get("deciles") or [None])[0]
    if not found.deciles or then is None or found.top_lift is None or then.get("lift") is None:
        return []
    now_lift, then_lift = _lift(_fields(found.deciles[0])), _lift(then)
    if now_lift is None or then_lift is None:
        return []
    change = change_of(now_lift, then_lift)
    figures = {"now": vars(now_lift), "promised": vars(then_lift), "change": vars(change)}
    told = (
        f"The best tenth converts {now_lift.value:.1f} times the average ({now_lift.low:.1f} to {now_lift.high:.1f}); "
        f"promised {then_lift.value:.1f}."
    )
    return [Finding(about="best tenth", level=WATCH if change.high < 0 else OK, sentence=told, figures=figures)]


def _calibration(found: Calibration) -> Finding:
    figures = {"brier": found.brier, "skill": found.skill, "slope": found.slope, "intercept": found.intercept}
    if found.slope is None or found.intercept is None:
        told = "What it says cannot be held against what happened: all or none had the outcome."
        return Finding(about="calibration", level=UNKNOWN, sentence=told, figures=figures)
    off = abs(found.intercept) > _LEVEL
    bent = not _SLOPE[0] <= found.slope <= _SLOPE[1]
    useless = found.skill is not None and found.skill < 0
    level = ALARM if useless and (off or bent) else WATCH if off or bent else OK
    faults = [
        *(["too low" if found.intercept > 0 else "too high"] if off else []),
        *(["too sure" if found.slope < 1 else "too cautious"] if bent else []),
    ]
    words = " and ".join(faults) or "true"
    told = (
        f"Its probabilities are {words}: calibration slope {found.slope:.2f} (1 is right), "
        f"level off by {found.intercept:+.2f} log-odds (0 is right), Brier score {found.brier:.3f}."
    )
    return Finding(about="calibration", level=level, sentence=told, figures=figures)


def figure_of(told: Mapping[str, Any]) -> Figure | None:
    """A figure from `{value, low, high}`; None where one of them is missing."""
    value, low, high = told.get("value"), told.get("low"), told.get("high")
    return None if value is None or low is None or high is None else Figure(value=value, low=low, high=high)


def _lift(decile: Mapping[str, Any]) -> Figure | None:
    """The lift of a tenth, with the interval of its rate over the same average."""
    rate, lift = decile.get("conversion") or {}, decile.get("lift")
    rate = rate if isinstance(rate, Mapping) else vars(rate)
    if not rate.get("rate") or lift is None:
        return None
    average = rate["rate"] / lift
    return Figure(value=lift, low=rate["low"] / average, high=rate["high"] / average)


def _fields(figure: Any) -> dict[str, Any]:
    return dict(vars(figure))
