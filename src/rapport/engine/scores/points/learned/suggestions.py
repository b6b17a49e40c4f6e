"""Other points for the criteria of a definition, with how sure they are and what accepting them would change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from rapport.engine.crm.as_of import AsOf
from rapport.engine.errors import DefinitionError
from rapport.engine.runner import Runner
from rapport.engine.scores.definition_writing import definition_yaml
from rapport.engine.scores.points.learned.criteria import OTHERWISE, CriteriaCases, Item, criteria_cases
from rapport.engine.scores.points.learned.effect import Effect, effect_of, folds_of
from rapport.engine.scores.points.learned.weights import Weights, fit_weights
from rapport.engine.scores.points.spec import CountPoints, Criterion, PointsDefinition, ValuePoints
from rapport.engine.statistics.auc import Floats

_FEWEST_CASES = 20


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """Other points for one number of a definition.

    Attributes:
        criterion, part: where; part is None for points that are one number, else the value, `otherwise` or the
            range's position; label, the part in words.
        present, suggested: points; low, high: 95 % interval of the suggested.
        n, events: cases to which it applies, and how many of them had the outcome.
        alone: what accepting only this one would change.
    """

    criterion: str
    part: str | int | None
    label: str
    present: Decimal
    suggested: Decimal
    low: Decimal
    high: Decimal
    n: int
    events: int
    alone: Effect

    @property
    def sure(self) -> bool:
        """Whether the present points lie outside the interval."""
        return not self.low <= self.present <= self.high

    @property
    def sentence(self) -> str:
        """For people: `Pricing page: 12 (8 to 16) rather than 5, from 340 cases of which 41 had the outcome.`"""
        name = f"{self.criterion}, {self.label}" if self.label else self.criterion
        return (
            f"{name}: {self.suggested:f} ({self.low:f} to {self.high:f}) rather than {self.present:f}, "
            f"from {self.n:,} cases of which {self.events:,} had the outcome."
        )


@dataclass(frozen=True, kw_only=True)
class Suggestions:
    """What the past says of a definition's points.

    Attributes:
        suggestions: those that would change a number, the surest and largest first.
        untold: (criterion, label) -> why nothing is suggested.
        present, accepted: how the definition does as it is, and with every suggestion accepted (none: as it is).
        forward: whether effects were measured on later cases than those learned from.
    """

    suggestions: tuple[Suggestion, ...]
    untold: dict[tuple[str, str], str]
    present: Effect
    accepted: Effect
    n: int
    event_count: int
    forward: bool


def suggest(definition: PointsDefinition, view: AsOf, *, runner: Runner) -> Suggestions:
    """Points for a definition's own criteria, from everyone eligible at past cut-offs as known at the view's instant.

    Raises: DefinitionError without an outcome; DataError where no outcome's window is over.
    """
    return suggest_from(criteria_cases(definition, view, runner=runner))


def suggest_from(cases: CriteriaCases) -> Suggestions:
    """The same from cases at hand. The effect is measured with points learned from other cases than those scored."""
    fitted = fit_weights(cases)
    support = [(int((a != 0).sum()), int((cases.events & (a != 0)).sum())) for a in cases.amounts.T]
    untold = {(i.criterion, i.label): why for i, s in zip(cases.items, support, strict=True) if (why := _thin(s[0]))}
    usable = np.array([_thin(one[0]) is None for one in support], dtype=bool) & fitted.told
    folds = [(fit_weights(cases.take(learn)), tried) for learn, tried in folds_of(cases)]
    chosen = [k for k in range(len(cases.items)) if usable[k] and fitted.points[k] != float(cases.items[k].points)]
    none = effect_of(cases, folds, [])
    found = [_suggestion(cases.items[k], fitted, k, support[k], effect_of(cases, folds, [k])) for k in chosen]
    found.sort(key=lambda one: (not one.sure, -abs(one.suggested - one.present), one.criterion))
    return Suggestions(
        suggestions=tuple(found),
        untold=untold,
        present=none,
        accepted=effect_of(cases, folds, chosen) if chosen else none,
        n=len(cases.events),
        event_count=int(cases.events.sum()),
        forward=len(np.unique(cases.period)) > 1,
    )


def effect_of_some(cases: CriteriaCases, suggestions: Iterable[Suggestion]) -> Effect:
    """What accepting these together would change."""
    wanted = {(one.criterion, one.part) for one in suggestions}
    chosen = [k for k, item in enumerate(cases.items) if (item.criterion, item.part) in wanted]
    return effect_of(cases, [(fit_weights(cases.take(learn)), tried) for learn, tried in folds_of(cases)], chosen)


def accept(definition: PointsDefinition, suggestions: Iterable[Suggestion]) -> PointsDefinition:
    """The definition with the suggested points: all of them, some or none. The rest of it stays as it is.

    Raises: DefinitionError where a suggestion is of a criterion or part that the definition does not have.
    """
    wanted = {(one.criterion, one.part): one.suggested for one in suggestions}
    groups = {
        name: group.model_copy(update={"criteria": tuple(_accepted(c, wanted) for c in group.criteria)})
        for name, group in definition.groups.items()
    }
    if wanted:
        criterion, part = next(iter(wanted))
        raise DefinitionError(
            "The definition has no such points.",
            where=definition.name,
            received=criterion if part is None else f"{criterion}: {part}",
            next_step="Look at the suggestions anew: the definition has changed since.",
        )
    changed = definition.model_copy(update={"groups": groups})
    said = changed.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True)
    return PointsDefinition.model_validate({**said, "range": [definition.range.min, definition.range.max]})


def draft(definition: PointsDefinition, suggestions: Iterable[Suggestion]) -> str:
    """`accept`, as the YAML of a new draft."""
    return definition_yaml(accept(definition, suggestions))


def _accepted(criterion: Criterion, wanted: dict[tuple[str, str | int | None], Decimal]) -> Criterion:
    """The criterion with what is wanted of it, taken out of `wanted`."""
    points: Any = criterion.points
    if isinstance(points, ValuePoints):
        given = {text: wanted.pop((criterion.name, text), now) for text, now in points.map.items()}
        otherwise = wanted.pop((criterion.name, OTHERWISE), points.otherwise)
        points = points.model_copy(update={"map": given, "otherwise": otherwise})
    elif isinstance(points, CountPoints):
        now = enumerate(points.ranges)
        ranges = tuple((low, high, wanted.pop((criterion.name, n), given)) for n, (low, high, given) in now)
        points = points.model_copy(update={"ranges": ranges})
    else:
        points = wanted.pop((criterion.name, None), points)
    return criterion.model_copy(update={"points": points})


def _thin(n: int) -> str | None:
    return f"applies to {n:,} cases only" if n < _FEWEST_CASES else None


def _suggestion(item: Item, fitted: Weights, k: int, support: tuple[int, int], alone: Effect) -> Suggestion:
    n, events = support
    return Suggestion(
        criterion=item.criterion,
        part=item.part,
        label=item.label,
        present=item.points,
        suggested=_decimal(fitted.points, k, fitted),
        low=_decimal(fitted.low, k, fitted),
        high=_decimal(fitted.high, k, fitted),
        n=n,
        events=events,
        alone=alone,
    )


def _decimal(column: Floats, k: int, fitted: Weights) -> Decimal:
    return Decimal(f"{float(column[k]):.{fitted.places}f}") + 0
