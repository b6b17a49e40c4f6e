"""What goes with a metric into every language: words for people, and facts that the language has no place for."""

from __future__ import annotations

from rapport.engine.metrics.semantic_layer.catalogue import Catalogue, Counted
from rapport.engine.metrics.spec import Metric


def description(metric: Metric) -> str:
    """What it is, how it is reckoned and how to read it, in sentences."""
    parts = (
        metric.sentence,
        f"Formula: {_sentence(metric.formula)}",
        f"How to read it: {_sentence(metric.how_to_read)}",
        f"Not when: {_sentence(metric.not_when)}",
    )
    return " ".join(parts)


def facts(metric: Metric, catalogue: Catalogue) -> dict[str, object]:
    """Unit, basis of time, additivity, source, variants ...: what `MetricSpec` declares, as JSON."""
    found: dict[str, object] = {
        "name": metric.name,
        "room": metric.room,
        "definition_version": metric.definition_version,
        "kind": metric.kind.value,
        "unit": metric.unit.value,
        "time_basis": metric.time_basis.value,
        "time_field": metric.time_field,
        "additivity": metric.additivity.value,
        "null_policy": metric.null_policy.value,
        "higher_is_better": metric.higher_is_better,
        "source": metric.source,
        "variants": list(metric.variants),
    }
    if catalogue.by_period(metric.id):
        found["grain"] = catalogue.grain.value
        found["coarser_periods"] = "the last period's value" if not is_additive(metric) else "the sum"
    if catalogue.looks_back(metric.id):
        found["needs_period_before"] = True
    told = catalogue.metrics[metric.id]
    if isinstance(told, Counted):
        if told.metric.rolling_days is not None:
            found["window_days"] = told.metric.rolling_days
        if "matured" in told.dataset.columns and metric.is_cohort:
            found["maturity"] = "share of the rows whose column `matured` is true; younger rows may still change"
    return found


def is_additive(metric: Metric) -> bool:
    return metric.additivity.value == "additive"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
