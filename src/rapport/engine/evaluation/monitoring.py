"""A live score looked at: is it fresh, whom does it cover, is its model sound, are its inputs what they were?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from scipy.stats import norm

from rapport.engine.evaluation.levels import ALARM, OK, UNKNOWN, WATCH, Finding
from rapport.engine.scores.definition_base import ScoreDefinition
from rapport.engine.scores.population import PopulationRun
from rapport.engine.statistics.wilson import share

_LATE = {
    "continuous": timedelta(hours=36),  # the nightly pass still runs
    "hourly": timedelta(hours=36),
    "daily": timedelta(hours=36),
    "weekly": timedelta(days=9),
}
_VERY_LATE = 3  # times as late
_LOST, _MUCH_LOST = 0.05, 0.20  # share of subjects that lost their value since it was published
_CHANCE = 0.01
_WARNINGS = ("warnings", "warning", "problems", "problem", "degenerate", "not_settled")
_DEPTH = 4


@dataclass(frozen=True, kw_only=True)
class Covered:
    """Subjects of the audience with a value, and those without by reason."""

    scored: int
    unscored: Mapping[str, int]

    @property
    def unscored_count(self) -> int:
        return sum(self.unscored.values())

    @property
    def total(self) -> int:
        return self.scored + self.unscored_count


def staleness(definition: ScoreDefinition, *, computed_as_of: datetime | None, failed: str, now: datetime) -> Finding:
    """How old the newest values are, against how often the definition asks for them."""
    late = _LATE.get(definition.refresh)
    figures = {"as_of": computed_as_of.isoformat() if computed_as_of else None, "failed": failed}
    if computed_as_of is None:
        return Finding(about="freshness", level=ALARM, sentence="It has never been computed.", figures=figures)
    age = now - computed_as_of
    if failed:
        return Finding(about="freshness", level=ALARM, sentence=f"The last run failed: {failed}", figures=figures)
    if late is None or age <= late:
        return Finding(about="freshness", level=OK, sentence=f"Computed {_age(age)} ago.", figures=figures)
    level = ALARM if age > _VERY_LATE * late else WATCH
    told = f"Its values are {_age(age)} old; it is to be computed {definition.refresh}."
    return Finding(about="freshness", level=level, sentence=told, figures=figures)


def coverage(now: Covered, then: Covered | None) -> Finding:
    """The share of subjects with a value now and when it was published, and why the others have none.

    A change counts where it is more than chance explains (two-proportion z test, 1 %) and more than 5 points.
    """
    figures: dict[str, Any] = {"scored": now.scored, "unscored": dict(now.unscored)}
    if now.total == 0:
        return Finding(about="coverage", level=UNKNOWN, sentence="Nobody is in its audience.", figures=figures)
    rate = now.scored / now.total
    told = f"{rate:.0%} of {now.total:,} have a value{_reasons(now)}"
    if now.scored == 0:
        return Finding(about="coverage", level=ALARM, sentence=f"{told}.", figures=figures)
    if then is None or then.total == 0:
        return Finding(about="coverage", level=OK, sentence=f"{told}.", figures=figures)
    before = then.scored / then.total
    figures["then"] = before
    lost = before - rate
    by_chance = _may_be_chance(now, then)
    level = OK if by_chance or lost <= _LOST else WATCH if lost <= _MUCH_LOST else ALARM
    return Finding(
        about="coverage", level=level, sentence=f"{told}; {before:.0%} when it was published.", figures=figures
    )


def model_warnings(run: PopulationRun | None) -> list[Finding]:
    """What the fitted model says of itself: warnings anywhere in its text, and its age."""
    if run is None:
        return []
    found = [f for name, part in run.parts.items() for f in _renamed(model_warnings(part), name)]
    if run.model is None:
        return found
    told = _warnings(_document(run.model.text), _DEPTH)
    level = WATCH if told else OK
    sentence = f"The model warns: {'; '.join(told)}." if told else "The model was fitted without a warning."
    fitted = run.model.fitted_at
    about = {"fitted_at": fitted.isoformat(), "checked_at": run.model.checked_at.isoformat(), "warnings": told}
    return [
        Finding(about="model", level=level, sentence=f"{sentence} Fitted {fitted:%Y-%m-%d}.", figures=about),
        *found,
    ]


def _renamed(found: list[Finding], part: str) -> list[Finding]:
    return [
        Finding(about=f"{f.about} of {part}", level=f.level, sentence=f"{part}: {f.sentence}", figures=f.figures)
        for f in found
    ]


def _document(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _warnings(told: object, depth: int) -> list[str]:
    """Texts under a member that is called a warning or a problem; a true flag is told by its name."""
    if depth == 0 or not isinstance(told, Mapping | list):
        return []
    found: list[str] = []
    for name, value in told.items() if isinstance(told, Mapping) else (("", v) for v in told):
        if name in _WARNINGS:
            found += _texts(name, value)
        else:
            found += _warnings(value, depth - 1)
    return list(dict.fromkeys(found))


def _texts(name: str, value: object) -> list[str]:
    if value is True:
        return [name.replace("_", " ")]
    if isinstance(value, str) and value.strip():
        return [value.strip().rstrip(".")]
    if isinstance(value, Mapping):
        value = list(value.values())
    return [text for one in value for text in _texts(name, one)] if isinstance(value, list) else []


def _may_be_chance(now: Covered, then: Covered) -> bool:
    pooled = (now.scored + then.scored) / (now.total + then.total)
    spread = pooled * (1 - pooled) * (1 / now.total + 1 / then.total)
    if spread == 0:
        return True
    gap = abs(now.scored / now.total - then.scored / then.total)
    return bool(gap <= norm.isf(_CHANCE / 2) * spread**0.5)


def _reasons(now: Covered) -> str:
    if not now.unscored_count:
        return ""
    most = sorted(now.unscored.items(), key=lambda item: (-item[1], item[0]))[:3]
    return "; without: " + ", ".join(f"{reason} ({share(n, now.total).rate:.1%})" for reason, n in most)


def _age(age: timedelta) -> str:
    hours = age.total_seconds() / 3600
    return f"{hours:.0f} hours" if hours < 48 else f"{age.days:,} days"
