"""Why a predictive score is what it is: the base rate, and what each field and behaviour adds in points."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from rapport.engine.scores.conversion.insights import Insight, attribute_insights
from rapport.engine.scores.conversion.model import ConversionModel
from rapport.engine.scores.explanation import Explanation, Line
from rapport.engine.scores.features.terms import Nature
from rapport.engine.statistics.additive import Categories, Features
from rapport.engine.statistics.additive.features import Column
from rapport.engine.statistics.additive.tables import Table

_MOST_LINES = 8
_LEAST_POINTS = 0.05
_MICRO = 1_000_000
_NEAR = 0.05  # log-odds: nearer to the base than this, the slope of the curve is taken instead of the secant
FIELD, REST = "field", "rest"


def explanation(model: ConversionModel, features: Features, *, group: str | None, left_out: str | None) -> Explanation:
    """The reasons of one subject (`features` has one row); the lines add up to the value exactly.

    Amounts in log-odds become points by one factor for all: (chance - base rate) / (its log-odds - the base
    rate's), so that signs and proportions stay. Windows of one behaviour are one line; small lines are one.
    """
    reason = left_out or model.reason_null
    predictor = model.of_group(group)
    if reason is not None or predictor is None or model.scale is None or model.calibrator is None:
        return Explanation(value=None, reason_null=reason or "no model yet")
    logit = int(model.micro_logits(features, np.array([group], dtype=object))[0])
    value = int(model.scale.micro_points(np.array([logit]))[0])
    names, amounts = predictor.amounts(features)
    told = dict(zip(names, amounts[0].tolist(), strict=True))
    chance = float(model.probabilities(np.array([logit]))[0])
    base = _base_micro(model)
    factor = _factor(model, chance, sum(told.values()), base)
    lines = _lines(model, group, features, {name: amount * factor for name, amount in told.items()})
    return Explanation(
        value=Decimal(value).scaleb(-6), lines=_summed(model, lines, value, base), facts=_facts(model, chance)
    )


def _base_micro(model: ConversionModel) -> int:
    """The base rate in micro-points, cut to the score's range."""
    return int(np.clip(round(model.base_rate * 10_000), 100, 9_900)) * 10_000


def _factor(model: ConversionModel, chance: float, amounts: int, base: int) -> float:
    """Micro-points per micro-logit: the secant from the base rate to the chance."""
    odds, start = amounts / _MICRO, base / 100 / _MICRO
    held = min(max(chance, 0.01), 0.99)
    wanted = (held - start) * 100
    slope = 100 * held * (1 - held)
    secant = wanted / odds if abs(odds) > _NEAR else slope
    # where the level moved since, the amounts may point the other way than the difference does
    return secant if secant > 0 and secant < 4 * max(slope, 25.0) else slope


def _lines(model: ConversionModel, group: str | None, features: Features, points: dict[str, float]) -> list[Line]:
    """One line per family of features, the largest first."""
    families: dict[str, list[str]] = {}
    for feature in model.features:
        if feature.name in points:
            families.setdefault(feature.family, []).append(feature.name)
    reader = _Reader(model, features, {i.name: i for i in attribute_insights(model, group)}, group)
    found = [reader.line(family, names, points) for family, names in families.items()]
    return sorted(found, key=lambda line: (-abs(line.points), line.name))


@dataclass(frozen=True)
class _Reader:
    model: ConversionModel
    features: Features
    insights: dict[str, Insight]
    group: str | None

    def line(self, family: str, names: list[str], points: dict[str, float]) -> Line:
        total = Decimal(round(sum(points[name] for name in names))).scaleb(-6)
        lead = max(names, key=lambda name: (abs(points[name]), name))
        sentence, evidence = self._told(lead, total)
        return Line(name=family, group=FIELD, points=total, sentence=sentence, evidence=evidence)

    def _told(self, name: str, points: Decimal) -> tuple[str, dict[str, Any]]:
        """`Industry software: converts 31 % against 18 %.`"""
        feature = next(f for f in self.model.features if f.name == name)
        column = self.features[name]
        value = _value(column)
        insight = self.insights.get(name)
        rate = insight.of_bin(self._bin(name, column)) if insight else None
        evidence: dict[str, Any] = {"field": name, "value": value}
        words = _started(feature.told(value))
        if rate is None or insight is None or rate.rate.rate is None:
            return f"{words}.", evidence
        evidence |= {"values": rate.label, "converted": int(rate.rate.events), "of": int(rate.rate.n)}
        group = "" if value is None or feature.nature is Nature.CATEGORY or rate.label == "any" else f" ({rate.label})"
        told = f"{words}{group}: converts {_percent(rate.rate.rate)} against {_percent(insight.everybody.rate or 0.0)}"
        against = (rate.rate.rate > (insight.everybody.rate or 0.0)) != (points > 0)
        told += ", few cases" if rate.rate.small_sample else ", less so beside the other reasons" if against else ""
        return f"{told}.", evidence

    def _bin(self, name: str, column: Column) -> int:
        return int(self._table(name).bins(column)[0])

    def _table(self, name: str) -> Table:
        predictor = self.model.of_group(self.group)
        assert predictor is not None
        return next(t for t in predictor.tables.tables if t.name == name)


def _summed(model: ConversionModel, lines: list[Line], value: int, base: int) -> tuple[Line, ...]:
    """The base line, the largest lines, and all else in one, which also takes what rounding leaves."""
    outcome = model.outcome.replace("_", " ")
    first = Line(
        name="base rate",
        group="",
        points=Decimal(base).scaleb(-6),
        sentence=f"On average {_percent(model.base_rate)} come to it ({outcome}).",
        evidence={"events": model.event_count, "n": model.n},
        kind="base",
    )
    shown = [line for line in lines[:_MOST_LINES] if abs(line.points) >= Decimal(str(_LEAST_POINTS))]
    rest = Decimal(value).scaleb(-6) - first.points - sum((line.points for line in shown), Decimal(0))
    small = len(lines) - len(shown)
    sentence = f"{small} smaller reasons and the level of today." if small else "The level of today."
    last = Line(name="everything else", group=REST, points=rest, sentence=sentence, evidence={"reasons": small})
    return (first, *shown, last) if rest else (first, *shown)


def _facts(model: ConversionModel, chance: float) -> dict[str, Any]:
    return {"probability": chance, "model": model.chosen, "learnt from": model.n, "had the outcome": model.event_count}


def _value(column: Column) -> float | str | None:
    """The value of the one row; None where it is unknown."""
    if isinstance(column, Categories):
        code = int(column.codes[0])
        return column.levels[code] if code >= 0 else None
    number = float(column.values[0])
    return None if np.isnan(number) else number


def _percent(rate: float) -> str:
    return f"{100 * rate:.1f} %" if rate < 0.0995 else f"{100 * rate:.0f} %"


def _started(text: str) -> str:
    return text[:1].upper() + text[1:]
