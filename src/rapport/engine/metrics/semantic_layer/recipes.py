"""Recipes: how a metric's value is made of aggregates, told as SQL that any tool can read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from rapport.engine.metrics.aggregates import Aggregate, Operation, count
from rapport.engine.metrics.figures import Amount, Figure, Mean, NetPromoter, Quantile, Ratio
from rapport.engine.metrics.marketing.costs import CompleteCost, ToldCost
from rapport.engine.metrics.sales.figures import Coverage, HalfOver, Told, WeightedAmount
from rapport.engine.metrics.semantic_layer.names import safe_name
from rapport.engine.metrics.spec import MetricSpec, NullPolicy


class Form(StrEnum):
    """One aggregate; one divided by another; or arithmetic on several."""

    SIMPLE = "simple"
    RATIO = "ratio"
    DERIVED = "derived"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Attributes:
    parts: aggregates by the names that `formula` uses.
    formula: the value, as SQL over the parts; null where there is no value.
    zero: the parts that are 0, and not null, where no row gives them anything.
    """

    form: Form
    parts: Mapping[str, Aggregate]
    formula: str
    zero: frozenset[str] = frozenset()


def recipe_of(spec: MetricSpec) -> Recipe | None:
    """The recipe of a metric; None where its arithmetic cannot be told in SQL."""
    recipe = _of_figure(spec.figure)
    if recipe is None or spec.amount_where is None or spec.null_policy is not NullPolicy.ZERO:
        return recipe
    return _of_known_amounts(recipe, spec) if isinstance(spec.figure, Amount) else None


def _of_known_amounts(recipe: Recipe, spec: MetricSpec) -> Recipe:
    """No value, and not 0, where not one of the rows has an amount that could be converted."""
    assert isinstance(spec.figure, Amount)
    counts = {
        "counted": count(*spec.figure.of.where),
        "without_amount": spec.side_counts["missing_amount"],
        "without_rate": spec.side_counts["unconverted"],
    }
    unknown = "amount = 0 AND counted > 0 AND counted <= without_amount + without_rate"
    return Recipe(
        form=Form.DERIVED,
        parts={**recipe.parts, **counts},
        formula=f"CASE WHEN {unknown} THEN NULL ELSE {recipe.formula} END",
        zero=recipe.zero | counts.keys(),
    )


def _of_figure(figure: Figure) -> Recipe | None:
    """By its very class, as what is made of another one may reckon otherwise."""
    if isinstance(figure, Amount):
        return _amount(figure)
    if isinstance(figure, Ratio):
        return _ratio(figure)
    if isinstance(figure, Mean) and type(figure) is Mean:
        return _divided(*figure.aggregates)
    if isinstance(figure, Quantile) and type(figure) in (Quantile, HalfOver):
        return Recipe(form=Form.SIMPLE, parts={"value": figure.aggregates[0]}, formula="value")
    if isinstance(figure, NetPromoter):
        return _net_promoter(figure)
    return None


def _amount(figure: Amount) -> Recipe | None:
    parts = {"amount": figure.of}
    if type(figure) is Amount:
        return Recipe(form=Form.SIMPLE, parts=parts, formula="amount", zero=frozenset(parts))
    if isinstance(figure, Told | ToldCost):
        parts["told"] = count(*figure.of.where)
        formula = "CASE WHEN told > 0 THEN amount END"
    elif isinstance(figure, CompleteCost):
        sides = {a.where[0]: a for a in figure.aggregates if a.operation is Operation.COUNT and a.where}
        parts |= sides
        formula = f"CASE WHEN {' AND '.join(f'{side} > 0' for side in sides)} THEN amount END"
    elif isinstance(figure, WeightedAmount):
        parts |= {"told": count(*figure.of.where), "among": figure.among}
        formula = "CASE WHEN told > 0 OR among = 0 THEN amount END"
    else:
        return None
    return Recipe(form=Form.DERIVED, parts=parts, formula=formula, zero=frozenset(parts))


def _ratio(figure: Ratio) -> Recipe | None:
    if type(figure) is Ratio:
        return _divided(figure.numerator, figure.denominator)
    if isinstance(figure, Coverage):
        parts = {"numerator": figure.numerator, "denominator": figure.denominator, "target": figure.target}
        formula = f"CASE WHEN target > 0 AND denominator > 0 THEN {quotient('numerator', 'denominator')} END"
        return Recipe(form=Form.DERIVED, parts=parts, formula=formula, zero=frozenset(parts))
    return None


def _divided(numerator: Aggregate, denominator: Aggregate) -> Recipe:
    parts = {"numerator": numerator, "denominator": denominator}
    return Recipe(form=Form.RATIO, parts=parts, formula=quotient(*parts), zero=frozenset(parts))


def _net_promoter(figure: NetPromoter) -> Recipe:
    parts = dict(zip(("promoters", "passives", "detractors"), figure.aggregates, strict=True))
    formula = quotient("100 * (promoters - detractors)", "promoters + passives + detractors")
    return Recipe(form=Form.DERIVED, parts=parts, formula=formula, zero=frozenset(parts))


def quotient(numerator: str, denominator: str) -> str:
    """Never a division of whole numbers, and null where the denominator is 0."""
    return f"CAST({numerator} AS DOUBLE PRECISION) / NULLIF({denominator}, 0)"


def row_value(aggregate: Aggregate, *, of: str = "") -> str:
    """What one row gives to an aggregate, as SQL over the row's columns; null where it gives nothing.

    Parameters: of, what stands before each column (`closed_deals.`).
    """
    value = f"{of}{safe_name(aggregate.column)}" if aggregate.column else "1"
    if aggregate.operation is Operation.QUANTILE:
        value = f"CAST({value} AS DOUBLE PRECISION)"
    condition = " AND ".join(f"{of}{safe_name(name)}" for name in aggregate.where)
    return f"CASE WHEN {condition} THEN {value} END" if condition else value


def with_parts(formula: str, parts: Mapping[str, str]) -> str:
    """The formula with each name of a part replaced by SQL."""
    return re.sub(r"\b[a-z_][a-z0-9_]*\b", lambda found: parts.get(found[0], found[0]), formula)


def aggregate_sql(aggregate: Aggregate, *, row: str) -> str:
    """The aggregate of `row`, the SQL of what one row gives, in the words of the SQL standard."""
    if aggregate.operation is Operation.COUNT:
        return f"COUNT({row})"
    if aggregate.operation is Operation.SUM:
        return f"SUM({row})"
    if aggregate.operation is Operation.DISTINCT:
        return f"COUNT(DISTINCT {row})"
    if aggregate.share == 0:
        return f"MIN({row})"
    return f"PERCENTILE_CONT({aggregate.share}) WITHIN GROUP (ORDER BY {row})"
