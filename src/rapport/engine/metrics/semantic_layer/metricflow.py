"""The catalogue as a dbt project for MetricFlow: semantic models over the exported rows, and metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from rapport.engine.metrics.aggregates import Aggregate, Operation
from rapport.engine.metrics.semantic_layer.catalogue import Catalogue, Counted, Made
from rapport.engine.metrics.semantic_layer.datasets import Dataset
from rapport.engine.metrics.semantic_layer.described import description, facts, is_additive
from rapport.engine.metrics.semantic_layer.formulas import part_name
from rapport.engine.metrics.semantic_layer.recipes import Form, Recipe, row_value

PREFIX = "rapport_"  # of dbt models, which share their names with those of the company
CALENDAR = "calendar"
Entry = dict[str, Any]


def metricflow_project(catalogue: Catalogue) -> dict[str, str]:
    """The files of the project by their paths: one semantic model and its metrics per dataset."""
    shared = _shared_dimensions(catalogue.datasets)
    files = {
        "dbt_project.yml": _yaml(_PROJECT),
        "models/sources.yml": _yaml(_sources(catalogue)),
        "models/calendar.yml": _yaml(_CALENDAR_MODEL),
    }
    for name in (CALENDAR, *(dataset.name for dataset in catalogue.datasets)):
        source = "{{ source('rapport', '" + name + "') }}"
        files[f"models/rows/{PREFIX}{name}.sql"] = f"select * from {source}\n"  # noqa: S608  # a name of ours
    for dataset in catalogue.datasets:
        counted = [m for m in catalogue.metrics.values() if isinstance(m, Counted) and m.dataset is dataset]
        metrics = [*_parts(counted), *(_metric(one, catalogue) for one in counted)]
        model = _semantic_model(dataset, counted, catalogue, shared)
        files[f"models/metrics/{dataset.name}.yml"] = _yaml({"semantic_models": [model], "metrics": metrics})
    made = [_metric(m, catalogue) for m in catalogue.metrics.values() if isinstance(m, Made)]
    if made:
        files["models/metrics/made_of_others.yml"] = _yaml({"metrics": made})
    return files


def _semantic_model(dataset: Dataset, metrics: Iterable[Counted], catalogue: Catalogue, shared: set[str]) -> Entry:
    """Dimensions that several datasets have are entities: only by these can metrics of several datasets be split."""
    adding = {name for one in metrics if is_additive(one.metric) for name in _measures(one)}
    adding -= {name for one in metrics if not is_additive(one.metric) for name in _measures(one)}
    grain = catalogue.grain.value if dataset.by_period else "day"
    own = [name for name in dataset.dimensions if name not in shared]
    return {
        "name": dataset.name,
        "description": _grain_sentence(dataset, catalogue),
        "model": f"ref('{PREFIX}{dataset.name}')",
        "defaults": {"agg_time_dimension": dataset.day},
        "primary_entity": f"{dataset.name}_row",
        "entities": [{"name": name, "type": "foreign", "expr": name} for name in dataset.dimensions if name in shared],
        "dimensions": [
            {"name": dataset.day, "type": "time", "type_params": {"time_granularity": grain}},
            *({"name": name, "type": "categorical"} for name in own),
        ],
        "measures": [
            _measure(name, aggregate, over=None if not dataset.by_period or name in adding else dataset.day)
            for name, aggregate in dataset.measures.items()
        ],
    }


def _measure(name: str, aggregate: Aggregate, *, over: str | None) -> Entry:
    """Parameters: over, the period of which only the last is taken where several are asked for at once."""
    found: Entry = {"name": name, "agg": _AGG[aggregate.operation], "expr": row_value(aggregate)}
    if aggregate.operation is Operation.QUANTILE:
        if aggregate.share == 0:
            found["agg"] = "min"
        else:
            found["agg_params"] = {"percentile": aggregate.share, "use_discrete_percentile": False}
    if over is not None:
        found["non_additive_dimension"] = {"name": over, "window_choice": "max"}
    return found


_AGG = {
    Operation.COUNT: "count",
    Operation.SUM: "sum",
    Operation.DISTINCT: "count_distinct",
    Operation.QUANTILE: "percentile",
}


def _parts(metrics: Iterable[Counted]) -> list[Entry]:
    """Metrics of single aggregates, which ratios and formulas are made of."""
    found: dict[str, Entry] = {}
    for one in metrics:
        if one.recipe.form is not Form.SIMPLE:
            for part, aggregate in one.recipe.parts.items():
                name = one.dataset.measure(aggregate)
                sentence = f"A part of {one.metric.id} and others of the rows {one.dataset.name}."
                found.setdefault(
                    name,
                    {
                        "name": name,
                        "label": name,
                        "description": sentence,
                        "type": "simple",
                        "type_params": {"measure": _input_measure(name, part in one.recipe.zero)},
                        "config": {"meta": {"rapport": {"part": True}}},
                    },
                )
    return list(found.values())


def _metric(told: Counted | Made, catalogue: Catalogue) -> Entry:
    metric = told.metric
    form = told.recipe.form.value if isinstance(told, Counted) else "derived"
    found: Entry = {
        "name": metric.id,
        "label": metric.name,
        "description": description(metric),
        "type": form,
        "type_params": _counted_params(told) if isinstance(told, Counted) else _made_params(told, catalogue),
        "config": {"meta": {"rapport": facts(metric, catalogue)}},
    }
    if catalogue.by_period(metric.id):
        found["time_granularity"] = catalogue.grain.value
    return found


def _counted_params(told: Counted) -> Entry:
    recipe: Recipe = told.recipe
    names = {part: told.dataset.measure(aggregate) for part, aggregate in recipe.parts.items()}
    if recipe.form is Form.SIMPLE:
        ((part, name),) = names.items()
        return {"measure": _input_measure(name, part in recipe.zero)}
    if recipe.form is Form.RATIO:
        return {"numerator": {"name": names["numerator"]}, "denominator": {"name": names["denominator"]}}
    metrics = [{"name": name, "alias": part} for part, name in names.items()]
    return {"expr": recipe.formula, "metrics": metrics}


def _made_params(told: Made, catalogue: Catalogue) -> Entry:
    parts: dict[str, Entry] = {}
    for part in told.metric.parts.values():
        entry: Entry = {"name": part.metric.id, "alias": part_name(part)}
        if part.before:
            entry["offset_window"] = f"1 {catalogue.grain.value}"
        parts[part_name(part)] = entry
    return {"expr": told.formula, "metrics": list(parts.values())}


def _input_measure(name: str, is_zero: bool) -> Entry:
    return {"name": name, "fill_nulls_with": 0} if is_zero else {"name": name}


def _measures(told: Counted) -> set[str]:
    return {told.dataset.measure(aggregate) for aggregate in told.recipe.parts.values()}


def _shared_dimensions(datasets: Iterable[Dataset]) -> set[str]:
    counted = Counter(name for dataset in datasets for name in dataset.dimensions)
    return {name for name, count in counted.items() if count > 1}


def _grain_sentence(dataset: Dataset, catalogue: Catalogue) -> str:
    rows = dataset.relation.grain
    if not dataset.by_period:
        return f"One row per row counted: {rows}. Dated by the local day."
    grain = catalogue.grain.value
    return (
        f"One row per row counted and {grain}: {rows}. Only whole {grain}s can be told; "
        "what does not add up is told of the last one where several are asked for at once."
    )


def _sources(catalogue: Catalogue) -> Entry:
    tables = [{"name": CALENDAR}, *({"name": dataset.name} for dataset in catalogue.datasets)]
    # dbt-duckdb reads files in place; elsewhere load the files as tables of this schema
    where = {"external_location": "../metric_rows/{name}.parquet"}
    return {"version": 2, "sources": [{"name": "rapport", "schema": "rapport", "meta": where, "tables": tables}]}


_PROJECT = {
    "name": "rapport_metrics",
    "version": "1.0.0",
    "config-version": 2,
    "profile": "rapport_metrics",
    "model-paths": ["models"],
    "models": {"rapport_metrics": {"+materialized": "view"}},
}
_CALENDAR_MODEL = {
    "version": 2,
    "models": [
        {
            "name": f"{PREFIX}{CALENDAR}",
            "description": "One row per local day.",
            "time_spine": {"standard_granularity_column": "day"},
            "columns": [{"name": "day", "granularity": "day"}],
        }
    ],
}


def _yaml(content: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True, width=110)
