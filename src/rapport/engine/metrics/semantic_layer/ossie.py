"""The catalogue in the words of Apache Ossie (once Open Semantic Interchange): datasets, relationships, metrics."""

from __future__ import annotations

import json
from typing import Any

from rapport.engine.metrics.semantic_layer.catalogue import Catalogue, Counted, LeftOut
from rapport.engine.metrics.semantic_layer.datasets import OCCURRED_AT, PERIOD_START, ROW_ID, Dataset
from rapport.engine.metrics.semantic_layer.described import description, facts
from rapport.engine.metrics.semantic_layer.formulas import part_name
from rapport.engine.metrics.semantic_layer.metricflow import CALENDAR
from rapport.engine.metrics.semantic_layer.names import safe_name
from rapport.engine.metrics.semantic_layer.recipes import aggregate_sql, row_value, with_parts

VERSIONS = {"0.1": "0.1.1", "0.2": "0.2.0.dev0"}
# readers of 0.1 (MetricFlow 0.213 among them) know five vendors and refuse a document with another
_VENDORS = {"0.1": "COMMON", "0.2": "RAPPORT"}
Entry = dict[str, Any]


def ossie_model(catalogue: Catalogue, *, version: str = "0.1") -> Entry:
    """The document. Version 0.1 lists models under `semantic_model`; the draft of 0.2 is the one model itself."""
    vendor = _VENDORS[version]
    model: Entry = {
        "name": "rapport_metrics",
        "description": "Metrics of the CRM, over rows that it has made and dated.",
        "datasets": [_CALENDAR_DATASET, *(_dataset(one, vendor) for one in catalogue.datasets)],
        "relationships": [_on_calendar(one) for one in catalogue.datasets],
        "metrics": [_metric(id_, catalogue, vendor) for id_ in catalogue.metrics if _reason(id_, catalogue) is None],
    }
    number = VERSIONS[version]
    return {"version": number, "semantic_model": [model]} if version == "0.1" else {"version": number, **model}


def left_out_of_ossie(catalogue: Catalogue) -> list[LeftOut]:
    """Metrics that MetricFlow can tell and Ossie cannot."""
    reasons = {id_: _reason(id_, catalogue) for id_ in catalogue.metrics}
    return [LeftOut(metric=id_, what="metric", reason=reason) for id_, reason in reasons.items() if reason is not None]


def _reason(metric_id: str, catalogue: Catalogue) -> str | None:
    if catalogue.looks_back(metric_id):
        return "It needs the period before, and Ossie has no windows."
    if len(catalogue.datasets_of(metric_id)) > 1:
        return "It is made of several datasets, which one expression would join and so count several times."
    return None


def _dataset(dataset: Dataset, vendor: str) -> Entry:
    days = {dataset.day, *([] if dataset.by_period else [OCCURRED_AT])}
    names = dict.fromkeys((ROW_ID, dataset.day, *([] if dataset.by_period else [OCCURRED_AT])))
    names |= dict.fromkeys((*dataset.dimensions, *(safe_name(name) for name in dataset.columns)))
    return {
        "name": dataset.name,
        "source": f"rapport.{dataset.name}",
        "description": f"One row per row counted: {dataset.relation.grain}.",
        "fields": [
            _field(name, is_time=name in days, is_dimension=name in days or name in dataset.dimensions)
            for name in names
        ],
        "custom_extensions": [_extension({"file": f"metric_rows/{dataset.name}.parquet"}, vendor)],
    }


def _field(name: str, *, is_time: bool, is_dimension: bool) -> Entry:
    found: Entry = {"name": name, "expression": _expression(name)}
    if is_dimension:
        found["dimension"] = {"is_time": is_time}
    return found


def _on_calendar(dataset: Dataset) -> Entry:
    return {
        "name": f"{dataset.name}_on_{CALENDAR}",
        "from": dataset.name,
        "to": CALENDAR,
        "from_columns": [dataset.day],
        "to_columns": ["day"],
    }


def _metric(metric_id: str, catalogue: Catalogue, vendor: str) -> Entry:
    metric = catalogue.metrics[metric_id].metric
    told = facts(metric, catalogue)
    synonyms = [metric.name]
    context: Entry = {"synonyms": synonyms}
    if catalogue.by_period(metric_id):
        context["instructions"] = (
            f"Always group by {PERIOD_START} or keep one value of it: each {catalogue.grain.value} has its own rows."
        )
    return {
        "name": metric_id,
        "expression": _expression(_sql(metric_id, catalogue)),
        "description": description(metric),
        "ai_context": context,
        "custom_extensions": [_extension(told, vendor)],
    }


def _sql(metric_id: str, catalogue: Catalogue) -> str:
    """The value as one expression over the columns of one dataset."""
    told = catalogue.metrics[metric_id]
    if not isinstance(told, Counted):
        parts = {part_name(p): f"({_sql(p.metric.id, catalogue)})" for p in told.metric.parts.values()}
        return with_parts(told.formula, parts)
    found = {}
    for part, aggregate in told.recipe.parts.items():
        sql = aggregate_sql(aggregate, row=row_value(aggregate, of=f"{told.dataset.name}."))
        found[part] = f"COALESCE({sql}, 0)" if part in told.recipe.zero else sql
    return with_parts(told.recipe.formula, found)


def _expression(sql: str) -> Entry:
    return {"dialects": [{"dialect": "ANSI_SQL", "expression": sql}]}


def _extension(told: Entry, vendor: str) -> Entry:
    return {"vendor_name": vendor, "data": json.dumps({"rapport": told}, ensure_ascii=False)}


_CALENDAR_DATASET: Entry = {
    "name": CALENDAR,
    "source": f"rapport.{CALENDAR}",
    "primary_key": ["day"],
    "description": "One row per local day.",
    "fields": [{"name": "day", "expression": _expression("day"), "dimension": {"is_time": True}}],
}
