"""What of the metric catalogue can be told to other tools, from which tables, and what cannot and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rapport.engine.crm.snapshot import Snapshot
from rapport.engine.metrics.coverage import Coverage
from rapport.engine.metrics.derived import DerivedMetric
from rapport.engine.metrics.period import Grain
from rapport.engine.metrics.relation import SEGMENT
from rapport.engine.metrics.semantic_layer.datasets import Dataset, dataset_name, datasets_of
from rapport.engine.metrics.semantic_layer.formulas import formula_of
from rapport.engine.metrics.semantic_layer.recipes import Recipe, recipe_of
from rapport.engine.metrics.spec import UNATTRIBUTED, Metric, MetricSpec


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A metric told from the rows of one dataset."""

    metric: MetricSpec
    dataset: Dataset
    recipe: Recipe


@dataclass(frozen=True, kw_only=True)
class Made:
    """A metric made of others. formula: SQL over the names of its parts."""

    metric: DerivedMetric
    formula: str


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """What is not told. what: a metric, a dimension of it, or something about its value."""

    metric: str
    what: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Attributes:
    grain: of the periods of datasets whose rows belong to periods.
    metrics: by id; parts come before what is made of them.
    """

    grain: Grain
    datasets: tuple[Dataset, ...]
    metrics: Mapping[str, Counted | Made]
    left_out: tuple[LeftOut, ...]

    def looks_back(self, metric_id: str) -> bool:
        """Whether a metric needs the period before, and so a period to be asked for."""
        told = self.metrics[metric_id]
        if isinstance(told, Counted):
            return False
        return any(p.before or self.looks_back(p.metric.id) for p in told.metric.parts.values())

    def by_period(self, metric_id: str) -> bool:
        """Whether only periods of the catalogue's grain can be asked for."""
        told = self.metrics[metric_id]
        if isinstance(told, Counted):
            return told.dataset.by_period
        return any(p.before or self.by_period(p.metric.id) for p in told.metric.parts.values())

    def datasets_of(self, metric_id: str) -> frozenset[str]:
        """The datasets that a metric reads."""
        told = self.metrics[metric_id]
        if isinstance(told, Counted):
            return frozenset({told.dataset.name})
        return frozenset().union(*(self.datasets_of(part.metric.id) for part in told.metric.parts.values()))


def catalogue_of(
    metrics: Iterable[Metric],
    snapshot: Snapshot,
    coverage: Coverage,
    *,
    grain: Grain,
    impossible: Mapping[str, str] | None = None,
) -> Catalogue:
    """What can be told of these metrics from the tables that the company has.

    Parameters: impossible, datasets whose rows could not be made, with the reason.
    """
    asked, lost = list(metrics), impossible or {}
    specs = {spec.id: spec for metric in asked for spec in metric.counted}
    reasons = {id_: lost.get(dataset_name(s)) or _reason(s, snapshot, coverage) for id_, s in specs.items()}
    counted = {spec.id: spec for metric in asked for spec in metric.counted if reasons[spec.id] is None}
    datasets = {one.name: one for one in datasets_of(counted.values(), snapshot.tables)}
    told: dict[str, Counted | Made] = {}
    for spec in counted.values():
        recipe = recipe_of(spec)
        assert recipe is not None
        told[spec.id] = Counted(metric=spec, dataset=datasets[dataset_name(spec)], recipe=recipe)
    left_out = [
        LeftOut(metric=id_, what="metric", reason=reason) for id_, reason in reasons.items() if reason is not None
    ]
    for metric in asked:
        if isinstance(metric, DerivedMetric):
            left_out += _add_made(metric, told)
    left_out += [lacking for one in told.values() for lacking in _lacking(one)]
    return Catalogue(
        grain=grain,
        datasets=tuple(sorted(datasets.values(), key=lambda one: one.name)),
        metrics=told,
        left_out=tuple(left_out),
    )


def _reason(spec: MetricSpec, snapshot: Snapshot, coverage: Coverage) -> str | None:
    """Why a metric counted from rows cannot be told; None where it can."""
    if recipe_of(spec) is None:
        return f"Its arithmetic ({type(spec.figure).__name__}) cannot be told as an expression over aggregates."
    if not spec.relation.kept:
        return f"Its rows ({spec.relation.grain}) are many times as many as the records; ask Rapport for it."
    return coverage.missing(spec, snapshot)


def _add_made(metric: DerivedMetric, told: dict[str, Counted | Made]) -> list[LeftOut]:
    """Add a metric made of others, and before it those of its parts that are made of others themselves."""
    if metric.id in told:
        return []
    lacking = []
    for part in metric.parts.values():
        if isinstance(part.metric, DerivedMetric):
            lacking += _add_made(part.metric, told)
    missing = [part.metric.id for part in metric.parts.values() if part.metric.id not in told]
    formula = formula_of(metric)
    if missing:
        return [*lacking, LeftOut(metric=metric.id, what="metric", reason=f"It is made of {', '.join(missing)}.")]
    if formula is None:
        reason = "Its formula has a condition or a function that cannot be told as an expression."
        return [*lacking, LeftOut(metric=metric.id, what="metric", reason=reason)]
    told[metric.id] = Made(metric=metric, formula=formula)
    return lacking


def _lacking(told: Counted | Made) -> list[LeftOut]:
    """Dimensions and statements beside the value that stay behind."""
    metric = told.metric
    found = []
    if isinstance(told, Counted):
        shown = set(told.dataset.dimensions.values())
        if told.dataset.relation.fold is not None and metric.dimensions:
            reason = (
                "Which of several rows counts is decided within each group, so rows made for the whole cannot be split."
            )
            found = [LeftOut(metric=metric.id, what=f"dimension {name}", reason=reason) for name in metric.dimensions]
        else:
            found = [
                LeftOut(metric=metric.id, what=f"dimension {name}", reason=_why_not(name, told))
                for name in metric.dimensions
                if name not in shown
            ]
        if told.metric.unattributed_by:
            what = f"group {UNATTRIBUTED} of {told.metric.unattributed_by}"
            reason = "Rapport shows there what nobody gets credit for; as exported that group has none."
            found.append(LeftOut(metric=metric.id, what=what, reason=reason))
        if told.metric.figure.is_share:
            reason = (
                "Intervals and warnings about small samples are Rapport's own; the counts that they rest on are told."
            )
            found.append(LeftOut(metric=metric.id, what="interval", reason=reason))
    return found


def _why_not(dimension: str, told: Counted) -> str:
    if dimension == SEGMENT:
        return "A row can be in several segments, so its groups would not add up."
    if told.metric.relation.dimensions[dimension].own_rows:
        return "Split by it, other rows count, so rows made for the whole cannot be split."
    return "The company has no such table."
